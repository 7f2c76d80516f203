"""The command log as operators see it: snapshots, verification with progress, who did what."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from domain.errors import GridWorksError, InvalidField, LogCorrupt
from gridworks.api.admin.v1 import admin_service_pb2 as api
from gridworks.api.admin.v1 import resources_pb2 as resources
from journal import database, verify
from journal import snapshots as stored
from server.codec.people.decimals import nanoseconds, timestamp
from server.records.register import Act
from server.records.replay import replay_from_start
from server.sequencer.writer import TAKEN
from server.services.core import Core, page


def snapshots(path: Path) -> list[Any]:
    """The snapshots in a log, newest first. Raises LogError."""
    found = []
    with closing(database.open_reader(path)) as db:
        for seq in stored.stored_seqs(db):
            parts = dict(
                db.execute(
                    "SELECT name, bytes FROM snapshot_parts WHERE seq = ? AND name IN (?, ?)",
                    (seq, "state_hash", TAKEN),
                )
            )
            [(size,)] = db.execute(
                "SELECT SUM(LENGTH(bytes)) FROM snapshot_parts WHERE seq = ?", (seq,)
            )
            made: Any = resources.Snapshot(name=f"snapshots/{seq}", seq=seq, size_bytes=size or 0)
            made.state_hash = parts.get("state_hash", b"").decode()
            if TAKEN in parts:
                made.create_time.CopyFrom(timestamp(int(parts[TAKEN])))
            found.append(made)
    return found


async def list_snapshots(core: Core, request: Any) -> Any:
    """ListSnapshots."""
    made = await asyncio.to_thread(snapshots, core.sequencer.book.log.path)
    found, token = page(((-each.seq, each) for each in made), request)
    return api.ListSnapshotsResponse(snapshots=found, next_page_token=token)


class _Left(Exception):
    """Nobody waits for the answer any more."""


async def verify_log(core: Core, request: Any) -> AsyncIterator[Any]:
    """VerifyLog: in a thread, beside the writer. Raises InvalidField, LogError."""
    book, loop = core.sequencer.book, asyncio.get_running_loop()
    begin, last = request.begin_seq or 1, book.durable_seq
    if not 1 <= begin <= max(last, 1):
        raise InvalidField("begin_seq", begin, f"1 to {last}, the last durable command")
    left, told = threading.Event(), asyncio.Queue[Any]()

    def tell(seq: int, made: Any = None) -> None:
        if left.is_set():
            raise _Left
        answer = made or api.VerifyLogResponse(seq=seq, last_seq=max(last, seq))
        loop.call_soon_threadsafe(told.put_nowait, answer)

    def work() -> None:
        try:
            found = verify(book.log.path, lambda _, seq: tell(seq), begin_seq=begin)
            seq = found.head.seq if found.head else 0
            made = api.VerifyLogResponse(
                seq=seq, last_seq=max(seq, last), done=True, sound=found.ok,
                damaged_seq=found.first_bad_seq or 0, detail=found.reason,
            )  # fmt: skip
            if found.ok and request.replay:
                _replay(book.log.path, made, tell)
            tell(0, made)
        except _Left:
            return
        except BaseException as error:
            loop.call_soon_threadsafe(told.put_nowait, error)

    working = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        while True:
            answer = await told.get()
            if isinstance(answer, BaseException):
                raise answer
            yield answer
            if answer.done:
                return
    finally:
        left.set()
        await asyncio.shield(working)


def _replay(path: Path, made: Any, tell: Any) -> None:
    """Apply every command again and compare with the hashes in the snapshots."""
    try:
        made.seq, made.state_hash, _ = replay_from_start(path, tell)
        made.last_seq = max(made.last_seq, made.seq)
    except GridWorksError as damage:
        made.sound, made.detail = False, str(damage)
        made.damaged_seq = damage.seq if isinstance(damage, LogCorrupt) else made.damaged_seq


def list_audit_entries(core: Core, request: Any) -> Any:
    """ListAuditEntries, newest first. Raises InvalidField."""
    low = nanoseconds("start_time", request.start_time)
    ends = request.HasField("end_time")
    high = nanoseconds("end_time", request.end_time) if ends else 2**63 - 1

    def chosen() -> Iterator[tuple[int, Act]]:
        for act in reversed(core.state.register.acts):
            by = request.actor in ("", act.by, act.by.partition(" ")[0])
            if by and request.method in ("", act.method) and low <= act.time < high:
                yield -act.number, act

    found, token = page(chosen(), request)
    shown = [_entry(act) for act in found]
    return api.ListAuditEntriesResponse(audit_entries=shown, next_page_token=token)


def _entry(act: Act) -> Any:
    made: Any = resources.AuditEntry(
        name=f"auditEntries/{act.number}", actor=act.by, peer=act.peer, method=act.method,
        target=act.target, reason=act.reason, request=act.request, result=act.result,
    )  # fmt: skip
    made.create_time.CopyFrom(timestamp(act.time))
    return made
