"""`gridworks partner create | list | show | change | suspend | resume`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridworks.cli.control import tables
from gridworks.cli.control.session import Session, acts, reads

if TYPE_CHECKING:
    from portal.models import Partner

GROUP = typer.Typer(name="partner", help="Partners: who they are, their plan, their accounts.")
COLUMNS = ("partner", "name", "plan", "accounts", "live", "state", "keys")

Code = Annotated[str, typer.Argument(help="The partner's code: a-z, 0-9 and -.")]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", "-a", help="An account or firm of theirs, or name*; repeat it."),
]


@GROUP.command()
@acts
def create(
    session: Session,
    code: Code,
    name: Annotated[str, typer.Option(help="Its full name.")] = "",
    plan: Annotated[str, typer.Option(help="See: gridworks plan list.")] = "growth",
    account: Accounts = None,
    live: Annotated[bool, typer.Option("--live", help="Approve for live keys.")] = False,
) -> None:
    """Add a partner."""
    from portal.acts import partners

    made = partners.create_partner(session.by, code, name, plan, account or (), live)
    typer.echo(f"partner {made.code} created on plan {made.plan.code}")
    typer.echo(
        f"next: gridworks key create {made.code} --env test --scope trading:write", err=True
    )


@GROUP.command("list")
@reads
def list_(session: Session) -> None:
    """Print all partners."""
    from portal.models import Partner

    found = Partner.objects.select_related("plan").prefetch_related("keys").order_by("code")
    tables.show([row(partner) for partner in found], COLUMNS, session.format)


@GROUP.command()
@reads
def show(session: Session, code: Code) -> None:
    """Print one partner."""
    from portal.acts import partners

    found = partners.partner(code)
    tables.facts(row(found) | {"created_at": found.created_at}, session.format)


@GROUP.command()
@acts
def change(
    session: Session,
    code: Code,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    plan: Annotated[str | None, typer.Option(help="Another plan.")] = None,
    account: Accounts = None,
    live: Annotated[bool | None, typer.Option(help="Approved for live keys or not.")] = None,
) -> None:
    """Change what is named; --account replaces the whole list."""
    from portal.acts import partners

    wanted = {"name": name, "plan": plan, "live": live}
    changes: dict[str, object] = {k: v for k, v in wanted.items() if v is not None}
    if account is not None:
        changes["accounts"] = tuple(account)
    _, differ = partners.change_partner(session.by, code, **changes)
    typer.echo(f"partner {code}: changed {', '.join(differ)}")


@GROUP.command()
@acts
def suspend(session: Session, code: Code) -> None:
    """Stop all keys of a partner; servers follow within a second."""
    from portal.acts import partners

    partners.suspend_partner(session.by, code, True)
    typer.echo(f"partner {code} is suspended")


@GROUP.command()
@acts
def resume(session: Session, code: Code) -> None:
    """Let a suspended partner's keys work again."""
    from portal.acts import partners

    partners.suspend_partner(session.by, code, False)
    typer.echo(f"partner {code} may work again")


def row(partner: Partner) -> tables.Row:
    """A partner as the columns show it; keys counts those that work."""
    working = [key for key in partner.keys.all() if key.state() in ("active", "rotating")]
    return {
        "partner": partner.code,
        "name": partner.name,
        "plan": partner.plan.code,
        "accounts": partner.accounts,
        "live": partner.live,
        "state": "suspended" if partner.suspended else "active",
        "keys": len(working),
    }
