"""`gridworks log`: a command log as a file: is it sound, what is in it, who did what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

LOG = typer.Argument(help="The command log: commands.db of a server's folder.")


def register(app: typer.Typer) -> None:
    """Add the group of commands."""
    group = typer.Typer(no_args_is_help=True, help="Look into a command log, also one in use.")
    for command in (verify, snapshots, inspect, acts):
        group.command()(command)
    group.command("list")(listed)
    app.add_typer(group, name="log")


@contextmanager
def _told() -> Iterator[None]:
    """Errors as one line."""
    from domain.errors import GridWorksError

    try:
        yield
    except GridWorksError as problem:
        typer.echo(f"gridworks: {problem}", err=True)
        raise typer.Exit(1) from None


def verify(
    log: Annotated[Path, LOG],
    begin: Annotated[int, typer.Option(help="First command to check.", min=1)] = 1,
    head: Annotated[
        str, typer.Option(help="SEQ:DIGEST that was noted down: the log must pass through it.")
    ] = "",
) -> None:
    """Check every hash.

    Exit code 1 and the exact place when something was changed.
    """
    from journal import Head
    from journal import verify as walk

    expected = None
    if head:
        seq, _, digest = head.partition(":")
        try:
            expected = Head(int(seq), bytes.fromhex(digest))
            if len(expected.digest) != 32:
                raise ValueError(digest)
        except ValueError:
            allowed = "a number, ':' and 64 digits 0-9a-f"
            typer.echo(f"gridworks: --head is {head!r}; allowed: {allowed}", err=True)
            raise typer.Exit(2) from None
    with _told():
        found = walk(log, expected_head=expected, begin_seq=begin)
    if not found.ok:
        place = "a snapshot" if found.first_bad_seq is None else f"sequence {found.first_bad_seq}"
        typer.echo(f"gridworks: {log} is damaged at {place}: {found.reason}", err=True)
        raise typer.Exit(1)
    last = found.head.seq if found.head else 0
    typer.echo(f"sound    commands {begin:,} to {last:,} in {found.batches:,} batches")
    typer.echo(f"         {found.snapshots} snapshots")
    if found.head:
        typer.echo(f"head     {found.head.seq}:{found.head.digest.hex()}")


def _batches(log: Path, after: int) -> Iterator[tuple[int, int, bytes]]:
    from journal import database

    with closing(database.open_reader(log)) as db:
        for batch, _ in database.walk(db, database.read_meta(db), log, after):
            yield batch[0], batch[1], bytes(batch[2])


def listed(
    log: Annotated[Path, LOG],
    begin: Annotated[int, typer.Option(help="First command.", min=1)] = 1,
    most: Annotated[int, typer.Option(help="Most batches.", min=1)] = 50,
) -> None:
    """The batches: first command, how many, when, of what kind."""
    from collections import Counter

    with _told():
        for at, (first, count, blob) in enumerate(_batches(log, begin - 1)):
            if at == most:
                break
            rows = _rows(blob, count)
            kinds = Counter(_name(int(code)) for code in rows["command"])
            words = ", ".join(f"{kind} {n}" for kind, n in kinds.most_common())
            typer.echo(f"{first:>12,} {count:>7,}  {_time(int(rows['transact_time'][0]))}  {words}")


def snapshots(log: Annotated[Path, LOG]) -> None:
    """The snapshots: last command, size, when, state hash."""
    from server.services.admin.log import snapshots as stored

    with _told():
        for made in stored(log):
            when = made.create_time.ToJsonString() if made.HasField("create_time") else "-"
            typer.echo(f"{made.seq:>12,} {made.size_bytes:>14,} bytes  {when}  {made.state_hash}")


def inspect(
    log: Annotated[Path, LOG],
    seq: Annotated[int, typer.Argument(help="First command to show.", min=1)],
    most: Annotated[int, typer.Option(help="Most commands.", min=1)] = 1,
) -> None:
    """Commands as JSON, one a line.

    Every cell that is not 0, and notes as text.
    """
    from server.records import notes

    left = most
    with _told():
        for first, count, blob in _batches(log, seq - 1):
            rows = _rows(blob, count)
            texts = {note.place: note.text for note in notes.read(rows)}
            for place in range(max(seq - first, 0), count):
                if left == 0:
                    return
                left -= 1
                typer.echo(json.dumps(_command(rows[place], texts.get(place))))
    if left == most:
        typer.echo(f"gridworks: {log} has no command {seq}", err=True)
        raise typer.Exit(1)


def acts(
    log: Annotated[Path, LOG],
    begin: Annotated[int, typer.Option(help="First command.", min=1)] = 1,
) -> None:
    """The audit log: who did what and why, as JSON, one a line."""
    from server.records import notes

    with _told():
        for first, count, blob in _batches(log, begin - 1):
            rows = _rows(blob, count)
            for note in notes.read(rows):
                when = _time(int(rows["transact_time"][note.place]))
                typer.echo(json.dumps({"seq": first + note.place, "time": when, **note.text}))


def _rows(blob: bytes, count: int) -> Any:
    import numpy as np

    from domain.layout import COMMAND

    return np.frombuffer(blob, COMMAND, count)


def _name(code: int) -> str:
    from domain.codes import Command
    from server.records.notes import NOTE

    if code == NOTE:
        return "NOTE"
    return Command(code).name if code in set(Command) else str(code)


def _command(row: Any, text: dict[str, Any] | None) -> dict[str, Any]:
    from domain.fields import label_of

    found: dict[str, Any] = {"seq": int(row["seq"]), "command": _name(int(row["command"]))}
    found["time"] = _time(int(row["transact_time"]))
    if found["command"] == "NOTE":
        return found if text is None else {**found, "note": text}
    named = found["command"] in ("INSTRUMENT_ADD", "NODE_ADD")
    if named:
        found["label"] = label_of(row.tobytes())
    for name in row.dtype.names:
        hidden = name in ("seq", "command", "transact_time", "_spare") or (
            named and 64 <= row.dtype.fields[name][1] < 120
        )
        if not hidden and row[name]:
            found[name] = int(row[name])
    return found


def _time(ns: int) -> str:
    whole, rest = divmod(ns, 10**9)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09d}Z"
