"""`gridworks control migrate | show | audit`: the store itself."""

from __future__ import annotations

from typing import Annotated

import typer

from gridworks.cli.control import tables
from gridworks.cli.control.session import Control, Session, reads, stop

GROUP = typer.Typer(name="control", help="The control-plane store: make it, look into it.")


@GROUP.command()
def migrate(control: Control = "") -> None:
    """Create the tables of the store, or bring them up to date. Safe to repeat."""
    from portal.address import BadAddress
    from portal.store import StoreProblem, open_store
    from portal.store import migrate as run_migrations

    try:
        done = run_migrations(control or None)
        url = open_store(control or None)
    except (BadAddress, StoreProblem) as problem:
        raise stop(problem) from None
    typer.echo(f"{url}: {', '.join(done) if done else 'nothing to do, it is up to date'}")


@GROUP.command()
@reads
def show(session: Session) -> None:
    """Print where the store is and what is in it."""
    from portal.models import Act, Epoch, Key, Partner, Plan

    counted = {
        "plans": Plan.objects.count(),
        "partners": Partner.objects.count(),
        "keys": Key.objects.count(),
        "acts": Act.objects.count(),
    }
    epoch = Epoch.objects.get().value
    tables.facts({"store": session.url, "epoch": epoch, **counted}, session.format)


AUDIT = ("at", "operator", "action", "subject", "reason", "before", "after")


@GROUP.command()
@reads
def audit(
    session: Session,
    subject: Annotated[str, typer.Option(help='Only acts on it: "key 7", "partner acme".')] = "",
    limit: Annotated[int, typer.Option(min=1, help="The newest so many.")] = 50,
) -> None:
    """Print administrative acts, oldest first.

    Who, when, what, before and after.
    """
    from portal.models import Act

    found = Act.objects.select_related("operator").order_by("-id")
    if subject:
        found = found.filter(subject=subject)
    rows = [{name: getattr(act, name) for name in AUDIT} for act in found[:limit]]
    for row in rows:
        row["operator"] = str(row["operator"])
    tables.show(rows[::-1], AUDIT, session.format)
