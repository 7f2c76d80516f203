"""`gridworks plan list | show | create | change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridworks.cli.control import tables
from gridworks.cli.control.session import Session, acts, reads, stop

if TYPE_CHECKING:
    from portal.models import Plan

GROUP = typer.Typer(name="plan", help="Plans: rate limits and quotas; 0 means no limit.")

Code = Annotated[str, typer.Argument(help="The plan's code: growth, enterprise, quantum, ...")]
Limits = Annotated[
    list[str] | None,
    typer.Option(
        "--limit",
        "-l",
        help="NAME=NUMBER, repeated: key_rate, key_burst, partner_rate, partner_burst (messages "
        "a second), monthly_quota (messages), max_sessions, max_keys.",
    ),
]


@GROUP.command("list")
@reads
def list_(session: Session) -> None:
    """Print all plans."""
    from portal.acts.partners import LIMITS
    from portal.models import Plan

    rows = [row(plan) for plan in Plan.objects.order_by("id")]
    tables.show(rows, ("plan", "title", *LIMITS), session.format)


@GROUP.command()
@reads
def show(session: Session, code: Code) -> None:
    """Print one plan."""
    from portal.acts import partners

    found = partners.plan(code)
    tables.facts(row(found) | {"partners": found.partner_set.count()}, session.format)


@GROUP.command()
@acts
def create(
    session: Session,
    code: Code,
    title: Annotated[str, typer.Option(help="Its name for people.")] = "",
    limit: Limits = None,
) -> None:
    """Add a plan; a limit that is not named is 0: none."""
    from portal.acts import partners

    made = partners.create_plan(session.by, code, title, _limits(limit))
    typer.echo(f"plan {made.code} created")


@GROUP.command()
@acts
def change(
    session: Session,
    code: Code,
    title: Annotated[str | None, typer.Option(help="A new name for people.")] = None,
    limit: Limits = None,
) -> None:
    """Change a plan for all partners that have it.

    Servers follow within a second.
    """
    from portal.acts import partners

    changes: dict[str, object] = dict(_limits(limit))
    if title is not None:
        changes["title"] = title
    _, differ = partners.change_plan(session.by, code, changes)
    typer.echo(f"plan {code}: changed {', '.join(differ)}")


def row(plan: Plan) -> tables.Row:
    """A plan as the columns show it."""
    from portal.acts.partners import LIMITS

    return {"plan": plan.code, "title": plan.title} | {n: getattr(plan, n) for n in LIMITS}


def _limits(given: list[str] | None) -> dict[str, int]:
    from portal.acts.partners import LIMITS

    found = {}
    for text in given or ():
        name, _, number = text.partition("=")
        if name not in LIMITS:
            raise stop(f"no limit {name!r}; known: {', '.join(LIMITS)}")
        if not number.replace("_", "").isdecimal():
            raise stop(f"--limit {text!r}: write {name}=NUMBER, 0 for none")
        found[name] = int(number)
    return found
