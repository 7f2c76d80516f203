"""`gridworks key create | list | show | find | change | rotate | revoke`.

`create` and `rotate` print the secret, alone, on standard output and the rest on standard error,
so that `export GRIDWORKS_API_KEY=$(gridworks key create ...)` works.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gridworks.cli.control import spans, tables
from gridworks.cli.control.session import Session, acts, reads

if TYPE_CHECKING:
    from portal.acts.keys import Issued
    from portal.models import Key

GROUP = typer.Typer(name="key", help="API keys: shown once, then known by number and last four.")
COLUMNS = (
    "key", "label", "partner", "environment", "name", "scopes", "accounts", "networks", "state",
    "expires_at",
)  # fmt: skip

Number = Annotated[int, typer.Argument(help="The key's number; see: gridworks key list.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", "-s", help="What it may do, such as trading:write; repeat it."),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", "-a", help="Only this account (or name*) of the partner; repeat."),
]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", "-n", help="Only from this address or CIDR network; repeat it."),
]
Expires = Annotated[
    str | None, typer.Option(metavar="WHEN", help="90d, 2026-12-31 or never.", show_default=False)
]


@GROUP.command()
@acts
def create(
    session: Session,
    partner: Annotated[str, typer.Argument(help="The partner's code.")],
    env: Annotated[str, typer.Option(help="test or live.")] = "test",
    name: Annotated[str, typer.Option(help="What it is for.")] = "default",
    scope: Scopes = None,
    account: Accounts = None,
    network: Networks = None,
    expires: Expires = None,
) -> None:
    """Make a key and print its secret, once."""
    from portal.acts import keys

    rights = keys.Rights(tuple(scope or ()), tuple(account or ()), tuple(network or ()))
    ends = spans.moment(expires) if expires else None
    _hand_over(keys.create_key(session.by, partner, env, name, rights, ends))


@GROUP.command()
@acts
def rotate(
    session: Session,
    key: Number,
    grace: Annotated[str, typer.Option(help="How long the old one still works: 24h.")] = "24h",
    expires: Expires = None,
) -> None:
    """Make a successor with the same rights.

    The old key ends after the grace.
    """
    from portal.acts import keys

    ends = spans.moment(expires) if expires else None
    issued = keys.rotate_key(session.by, key, spans.span(grace), ends)
    old = keys.key(key)
    typer.echo(f"key {key} ({old.label}) works until {tables.text(old.expires_at)}", err=True)
    _hand_over(issued)


@GROUP.command()
@acts
def revoke(session: Session, key: Number) -> None:
    """End a key now.

    Servers follow within a second, open streams included.
    """
    from portal.acts import keys

    found = keys.revoke_key(session.by, key)
    typer.echo(f"key {key} ({found.label}) is revoked")


@GROUP.command()
@acts
def change(
    session: Session,
    key: Number,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    scope: Scopes = None,
    account: Accounts = None,
    network: Networks = None,
    expires: Expires = None,
) -> None:
    """Change what is named.

    A list replaces the whole list, --account '' empties it.
    """
    from portal.acts import keys

    changes: dict[str, object] = {} if name is None else {"name": name}
    lists = {"scopes": scope, "accounts": account, "networks": network}
    changes |= {k: tuple(filter(None, v)) for k, v in lists.items() if v is not None}
    if expires:
        changes["expires_at"] = spans.moment(expires)
    _, differ = keys.change_key(session.by, key, changes)
    typer.echo(f"key {key}: changed {', '.join(differ)}")


@GROUP.command("list")
@reads
def list_(
    session: Session,
    partner: Annotated[str, typer.Argument(help="Only this partner's.")] = "",
    everything: Annotated[
        bool, typer.Option("--all", help="Revoked and expired ones as well.")
    ] = False,
) -> None:
    """Print keys, without their secrets.

    Those are known to nobody but their owners.
    """
    from portal.acts import partners
    from portal.models import Key

    found = Key.objects.select_related("partner").order_by("id")
    if partner:
        found = found.filter(partner=partners.partner(partner))
    rows = [row(key) for key in found]
    shown = [r for r in rows if everything or r["state"] in ("active", "rotating")]
    tables.show(shown, COLUMNS, session.format)


@GROUP.command()
@reads
def show(session: Session, key: Number) -> None:
    """Print one key."""
    from portal.acts import keys

    found = keys.key(key)
    more = {
        "created_at": found.created_at,
        "revoked_at": found.revoked_at,
        "replaced_by": found.replaced_by_id,
    }
    tables.facts(row(found) | more, session.format)


@GROUP.command()
@reads
def find(session: Session) -> None:
    """Ask for a secret, without showing it, and print which key it is."""
    from portal.acts import keys

    secret = typer.prompt("secret", hide_input=True, err=True)
    tables.facts(row(keys.find_key(secret)), session.format)


def row(key: Key) -> tables.Row:
    """A key as the columns show it."""
    return {
        "key": key.pk,
        "label": key.label,
        "partner": key.partner.code,
        "environment": key.environment,
        "name": key.name,
        "scopes": key.scopes,
        "accounts": key.accounts,
        "networks": key.networks,
        "state": key.state(),
        "expires_at": key.expires_at,
    }


def _hand_over(issued: Issued) -> None:
    key = issued.key
    typer.echo(f"key {key.pk} of partner {key.partner.code}, for {key.environment}:", err=True)
    typer.echo(issued.reveal())
    typer.echo("This is the only time it is shown. Keep it as you keep a password.", err=True)
