"""`gridworks check`: is this command log what was written, and which state does it lead to?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(check)


def check(
    log: Annotated[Path, typer.Argument(help="The command log of an exchange")],
    replay: Annotated[bool, typer.Option(help="Replay it from the start as well")] = True,
) -> None:
    """Verify a command log, replay it and print the state hash.

    Exit code 1: the log is damaged, with the place. 2: it could not be read.
    """
    from domain.errors import GridWorksError, LogCorrupt, SnapshotMismatch
    from journal import verify

    try:
        found = verify(log, progress=_tell)
        if not found.ok:
            at = f" at sequence {found.first_bad_seq}" if found.first_bad_seq else ""
            typer.echo(f"gridworks: {log} is damaged{at}: {found.reason}", err=True)
            if found.first_bad_seq:
                typer.echo(f"sound        {found.commands:,} commands before it", err=True)
            raise typer.Exit(1)
        typer.echo(f"commands     {found.commands:,} in {found.batches:,} batches, chain sound")
        damaged = f", {len(found.damaged_snapshots)} damaged" if found.damaged_snapshots else ""
        typer.echo(f"snapshots    {found.snapshots}{damaged}")
        if found.head is not None:
            typer.echo(f"head         {found.head.seq} {found.head.digest.hex()}")
        if replay:
            _replay(log)
    except (LogCorrupt, SnapshotMismatch) as damage:
        typer.echo(f"gridworks: {log} is damaged: {damage}", err=True)
        raise typer.Exit(1) from damage
    except GridWorksError as error:
        typer.echo(f"gridworks: {error}", err=True)
        raise typer.Exit(2) from error


def _tell(batches: int, commands: int) -> None:
    typer.echo(f"checked      {batches:,} batches, {commands:,} commands", err=True)


def _replay(log: Path) -> None:
    """All commands through a new engine; the stored snapshots must agree with it on the way."""
    from server.records.replay import replay_from_start

    seq, state_hash, compared = replay_from_start(log, _tell_replay)
    typer.echo(f"seq          {seq:,}")
    typer.echo(f"state hash   {state_hash}")
    typer.echo(f"agree        {compared} snapshots")


def _tell_replay(commands: int) -> None:
    typer.echo(f"replayed     {commands:,} commands", err=True)
