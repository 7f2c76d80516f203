"""`gridworks profile`: the rules of a jurisdiction, shown, and set on a running server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from gridworks.cli.risk.faults import one_line

if TYPE_CHECKING:
    from gridworks.profiles import Applied

GROUP = typer.Typer(
    name="profile", help="Regulatory profiles: limits as data.", no_args_is_help=True
)
Name = Annotated[str, typer.Argument(help="india, us, eu, or a JSON file of your own.")]


@GROUP.command("list")
def listed() -> None:
    """The profiles that come with GridWorks."""
    from gridworks.profiles import NAMES, load

    for name in NAMES:
        profile = load(name)
        typer.echo(f"{name:8} {len(profile.controls):3} controls  {profile.title}, as of "
                   f"{profile.as_of}; {profile.currency}")  # fmt: skip


@GROUP.command()
def show(profile: Name) -> None:
    """The controls of a profile, with what enforces each.

    Settings, the check that enforces each, source and date.
    """
    from rich.console import Console
    from rich.table import Table

    from gridworks.profiles import load

    with one_line():
        found = load(profile)
    table = Table(title=f"{found.title}, as of {found.as_of}", show_lines=True)
    for head in ("control", "sets", "settings", "checks", "source"):
        table.add_column(head)
    for control in found.controls.values():
        told = "\n".join(f"{name} {value}" for name, value in control.settings.items())
        table.add_row(
            control.id, control.scope, told, "\n".join(control.checks),
            f"{control.source}, {control.date}",
        )  # fmt: skip
    Console().print(table)
    for title, why in found.not_enforced:
        typer.echo(f"not enforced: {title}: {why}")


@GROUP.command("apply")
def applied(
    profile: Name,
    target: Annotated[str, typer.Argument(help="host:port of the server")] = "127.0.0.1:7400",
    reason: Annotated[str, typer.Option(help="Why, for the audit log.")] = "regulatory profile",
    ca: Annotated[
        Path | None, typer.Option(help="PEM of the authority that signed the server's certificate.")
    ] = None,
    insecure: Annotated[bool, typer.Option("--insecure", help="No TLS.")] = False,
    only: Annotated[
        list[str] | None, typer.Option(help="A symbol or an account; again for another.")
    ] = None,
    change: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="CONTROL.SETTING=VALUE", help="Another value; may be given "
                     "again. --set CONTROL=off leaves a control out."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check only, change nothing.")] = False,
) -> None:  # fmt: skip
    """Set a running server to the limits of a profile.

    Instruments and accounts that are there now. GRIDWORKS_API_KEY has the key: an operator's,
    which sees all nodes. Before trading: a margin model cannot change while an instrument has
    orders or positions.
    """
    from gridworks.client import Client
    from gridworks.profiles import apply_to_server

    with one_line(), Client(target, ca=ca, insecure=insecure) as client:
        changes = _changes(change or ())
        for each in apply_to_server(
            client, profile, reason, only=only or None, changes=changes, validate_only=dry_run
        ):
            _tell(each)


def _tell(each: Applied) -> None:
    values = ", ".join(f"{name} {value}" for name, value in each.settings.items())
    typer.echo(f"{each.state:10} {each.target}: {values}")
    if each.state == "PENDING":
        typer.echo(f"           {each.change} waits for a second key with the scope risk:approve")


def _changes(given: list[str] | tuple[()]) -> dict[str, Any]:
    """What --set says: control -> settings, or None. Raises InvalidField."""
    from domain.errors import InvalidField

    found: dict[str, Any] = {}
    for text in given:
        name, _, value = text.partition("=")
        control, _, setting = name.partition(".")
        if value == "off" and not setting:
            found[control] = None
            continue
        if not setting or not value.lstrip("-").isdecimal():
            allowed = "CONTROL.SETTING=whole number, or CONTROL=off"
            raise InvalidField("--set", text, allowed)
        found[control] = {**(found.get(control) or {}), setting: int(value)}
    return found
