"""The single writer: batches, time, request ids, bounds, restarts."""

import asyncio
import random
from contextlib import closing

import numpy as np
import pytest

from domain.codes import ExecInst, ExecType, OrdStatus, Reason, Side
from domain.errors import AlreadyExists, CapacityError, StorageFull, Unavailable
from domain.layout import COMMAND
from domain.messages import Cancel
from journal import verify
from server.sequencer import rows
from server.sequencer.answers import Entry
from server.sequencer.catalogue import instrument_row, node_row
from server.sequencer.state import Bounds, open_log, recover
from tests.server.sequencing import SETUP, SMALL, START, SetClock, compile_engine, order, sequencer


@pytest.fixture(autouse=True, scope="module")
def compiled():
    compile_engine()


def run(body):
    return asyncio.run(asyncio.wait_for(body, 60))


def test_what_arrives_together_becomes_one_batch_with_one_time(tmp_path):
    batches = []

    async def body():
        clock = SetClock()
        async with sequencer(tmp_path, clock, publish=batches.append) as seq:
            await seq.call(SETUP)
            clock.now += 5
            answers = await asyncio.gather(*(seq.call(order(2, n)) for n in range(1, 6)))
            assert [a.seq for a in answers] == [8, 9, 10, 11, 12]
            assert {a.time for a in answers} == {START + 5}
            assert [int(a.reports["cl_ord_id"][0]) for a in answers] == [1, 2, 3, 4, 5]

    run(body())
    assert [len(batch.rows) for batch in batches] == [7, 5]
    report = verify(tmp_path / "commands.db")
    assert (report.batches, report.head.seq, report.first_bad_seq) == (2, 12, None)


def test_the_clock_is_held_when_it_steps_back_and_after_a_restart(tmp_path):
    async def body():
        clock = SetClock()
        async with sequencer(tmp_path, clock) as seq:
            await seq.call(SETUP)
            clock.now -= 10**12
            answer = await seq.call(order(2, 1))
            assert answer.time == START
            assert seq.clock.held_ns == 10**12
        async with sequencer(tmp_path, clock) as seq:
            assert (await seq.call(order(2, 2))).time == START

    run(body())


def test_a_repeated_request_gets_the_first_answer_also_after_a_restart(tmp_path):
    async def body():
        clock = SetClock()
        async with sequencer(tmp_path, clock) as seq:
            await seq.call(SETUP)
            both = await asyncio.gather(*(seq.call(order(2, 1), 7, "r-1") for _ in range(2)))
            assert both[0].seq == both[1].seq == 8
            assert seq.state.seq == 8
            other_key = await seq.call(order(2, 2), 8, "r-1")
            assert other_key.seq == 9
            with pytest.raises(AlreadyExists):
                await seq.call(order(2, 3), 7, "r-1")
            seq.stop = crash(seq)  # the log has it all, no snapshot is written
        async with sequencer(tmp_path, clock) as seq:
            again = await seq.call(order(2, 1), 7, "r-1")
            assert (again.seq, again.time) == (8, START)
            assert seq.state.seq == 9
            assert again.reports.tobytes() == both[0].reports.tobytes()
        async with sequencer(tmp_path, clock) as seq:  # now from a snapshot
            again = await seq.call(order(2, 1), 7, "r-1")
            assert again.reports.tobytes() == both[0].reports.tobytes()
            assert seq.state.seq == 9

    run(body())


async def idle(seq):
    """Until the task waits for commands, and the next ones are the first of a turn."""
    while seq._soon or not seq._idle:
        await asyncio.sleep(0)


def test_under_memory_the_first_of_a_turn_is_applied_at_once_and_the_rest_as_one_batch(tmp_path):
    batches, told = [], []

    async def body():
        async with sequencer(tmp_path, SetClock(), policy="memory", publish=batches.append) as seq:
            await seq.call(SETUP)
            await idle(seq)
            again = [Entry(order(2, 5)), Entry(order(2, 6))]
            put_again = lambda _: seq.put(again.pop(0))  # noqa: E731  # while it is applied
            seq.put(Entry(order(2, 1), then=lambda answer: told.append(answer.seq)))
            assert (seq.state.seq, seq.waiting, told) == (8, 0, [8])
            seq.put(Entry(order(2, 2), then=put_again))
            seq.put(Entry(order(2, 3), then=lambda answer: told.append(answer.seq)))
            assert (seq.state.seq, seq.waiting) == (8, 2)
            await asyncio.sleep(0)
            assert (seq.state.seq, seq.waiting, told) == (10, 1, [8, 10])
            assert (await seq.call(order(2, 4))).seq == 12
            await idle(seq)
            seq.put(Entry(order(2, 7), then=put_again))
            assert (seq.state.seq, seq.waiting) == (13, 1)
            await asyncio.sleep(0)
            assert (seq.state.seq, seq.waiting) == (14, 0)

    run(body())
    assert [len(batch.rows) for batch in batches[:3]] == [7, 1, 2]
    report = verify(tmp_path / "commands.db")
    assert (report.head.seq, report.first_bad_seq) == (14, None)


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_logons_share_a_commit_and_each_sees_the_state_right_behind_it(tmp_path, policy):
    seen, parts = [], []

    async def body():
        clock = SetClock()
        more = {"policy": policy, "publish": lambda applied: parts.append(len(applied.rows))}
        async with sequencer(tmp_path, clock, **more) as seq:
            await seq.call(SETUP)
            await idle(seq)
            for number in range(1, 21):
                seq.put(Entry(
                    rows.connect(number, 7, f"desk-{number}") + rows.dead_man(2, 0), alone=True,
                    then=lambda answer: seen.append((answer.seq, seq.state.seq)),
                ))  # fmt: skip
                seq.put(Entry(order(2, 2 * number, session=number)))
                seq.put(Entry(order(3, 2 * number, Side.SELL, session=number)))
            await seq.call(order(2, 1))
            await seq.book.drain()
            live = picture(seq.state)
            seq.stop = crash(seq)
        assert verify(tmp_path / "commands.db").batches == (2 if policy == "disk" else 1)
        async with sequencer(tmp_path, clock) as seq:
            assert picture(seq.state) == live

    run(body())
    assert parts == [7, *20 * [2, 2]][:-1] + [3]
    assert seen == [(8 + 4 * n, 9 + 4 * n) for n in range(20)]


def crash(seq):
    async def stop():
        seq._closing = "crashed"
        seq._arrived.set()
        await seq.book.close()

    return stop


def test_answers_are_forgotten_beyond_their_bound(tmp_path):
    async def body():
        bounds = Bounds(answers=2)
        async with sequencer(tmp_path, SetClock(), bounds=bounds) as seq:
            await seq.call(SETUP)
            for n in (1, 2, 3):
                await seq.call(order(2, n), 7, f"r-{n}")
            assert len(seq.state.answers) == 2
            refused = await seq.call(order(2, 1), 7, "r-1")  # taken as new: the id is in use
            assert refused.reports["reason"].tolist() == [Reason.DUPLICATE_ORDER]
            assert (await seq.call(order(2, 3), 7, "r-3")).seq == 10

    run(body())


def test_a_full_inbox_refuses_and_a_stream_can_wait_for_room(tmp_path):
    async def body():
        async with sequencer(tmp_path, SetClock(), most_waiting=8) as seq:
            await seq.call(SETUP)
            calls = [asyncio.create_task(seq.call(order(2, n))) for n in range(1, 12)]
            done = await asyncio.gather(*calls, return_exceptions=True)
            assert [isinstance(d, CapacityError) for d in done] == [False] * 8 + [True] * 3
            for n in range(20, 28):
                seq.put(Entry(order(2, n)))
            await asyncio.wait_for(seq.room(8), 10)
            assert seq.waiting == 0

    run(body())


def test_a_full_disk_applies_nothing_and_the_next_call_works(tmp_path, monkeypatch):
    async def body():
        async with sequencer(tmp_path, SetClock()) as seq:
            await seq.call(SETUP)
            real = seq.book.log.append

            def full(*_):
                raise StorageFull("here")

            monkeypatch.setattr(seq.book.log, "append", full)
            with pytest.raises(StorageFull):
                await seq.call(order(2, 1))
            assert seq.state.seq == 7
            monkeypatch.setattr(seq.book.log, "append", real)
            assert (await seq.call(order(2, 1))).seq == 8

    run(body())


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_after_a_bug_nothing_is_taken_and_the_log_is_the_truth(tmp_path, monkeypatch, policy):
    async def body():
        clock = SetClock()
        log = open_log(tmp_path / "commands.db")
        state, _ = recover(log, Bounds())
        from server.sequencer.clock import HeldClock
        from server.sequencer.logbook import Logbook
        from server.sequencer.writer import Sequencer

        seq = Sequencer(state, Logbook(log, policy), HeldClock(clock), lambda applied: None)
        task = asyncio.create_task(seq.run())
        await seq.call(SETUP)
        await idle(seq)

        def bug(_, at=0):
            raise AssertionError("crossed")

        monkeypatch.setattr(state, "apply", bug)
        with pytest.raises(Unavailable, match="recover"):
            await seq.call(order(2, 1))
        with pytest.raises(AssertionError):
            await task
        with pytest.raises(Unavailable):
            await seq.call(order(2, 2))
        await seq.stop()
        async with sequencer(tmp_path, clock) as again:
            assert again.state.seq == 8  # it was in the log

    run(body())


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_replay_leads_to_the_same_state_whatever_it_begins_with(tmp_path, policy):
    """Sessions, counts, windows, answers and the hash: from the log, and from a snapshot."""
    rng = random.Random(5)

    async def body():
        clock = SetClock()
        async with sequencer(tmp_path, clock, policy=policy) as seq:
            await seq.call(SETUP)
            await seq.call(rows.connect(1, 7, "desk-1"))
            await seq.call(rows.connect(2, 7, "desk-2"))
            for n in range(1, 60):
                clock.now += rng.randrange(10**6)
                side = rng.choice((Side.BUY, Side.SELL))
                data = order(rng.choice((2, 3)), n, side, rng.randrange(1, 9),
                             rng.randrange(98, 103), session=rng.randrange(3))  # fmt: skip
                await seq.call(data, 7, f"r-{n}" if n % 3 == 0 else "")
            await seq.book.drain()
            live = picture(seq.state)
            seq.stop = crash(seq)
        async with sequencer(tmp_path, clock) as seq:
            assert picture(seq.state) == live
        async with sequencer(tmp_path, clock) as seq:
            assert seq.state.seq == 68
            assert picture(seq.state) == live
        return live

    live = run(body())
    assert live["counts"][1] == sum(live["counts"][2:]) > 60


def picture(state):
    return {
        "hash": state.engine.state_hash(),
        "sessions": [(s.number, s.commands, s.reports, s.connected) for s in state.sessions],
        "places": [state.reports.of_session(n).tolist() for n in (1, 2)],
        "window": state.reports.window.rows.tobytes(),
        "counts": state.reports.counts.tolist(),
        "market": state.channels.window.rows.tobytes(),
        "channels": state.channels.counts[:16].tolist(),
        "answers": sorted(state.answers._found),
        "names": state.catalogue.directory,
    }


def test_a_report_belongs_to_who_entered_the_order_and_to_who_asked(tmp_path):
    async def body():
        seen = []
        async with sequencer(tmp_path, SetClock(), publish=seen.append) as seq:
            await seq.call(SETUP)
            await seq.call(rows.connect(1, 7, "maker") + rows.connect(2, 7, "taker"))
            await seq.call(order(2, 1, session=1))
            await seq.call(order(3, 1, Side.SELL, session=2))
            trade = seen[-1]
            kinds = trade.reports.rows["exec_type"].tolist()
            assert kinds == [ExecType.NEW, ExecType.TRADE, ExecType.TRADE]
            assert trade.reports.column("entered").tolist() == [2, 1, 2]
            assert trade.reports.column("asked").tolist() == [0, 0, 0]
            await seq.call(order(2, 2, session=1))
            cancel = np.frombuffer(bytearray(Cancel(account=2, orig_cl_ord_id=2).pack()), COMMAND)
            cancel["session"] = 2
            await seq.call(cancel.tobytes())
            assert seen[-1].reports.column("entered").tolist() == [1]
            assert seen[-1].reports.column("asked").tolist() == [2]
            assert [s.reports for s in seq.state.sessions] == [4, 3]
            assert [s.commands for s in seq.state.sessions] == [2, 2]
            assert len(seq.state.reports.of_session(1)) == 4

    run(body())


def test_rows_of_the_order_table_are_used_again_within_a_batch(tmp_path):
    """Orders that end and orders that begin in one batch, in the same row, of two sessions."""

    async def body():
        seen = []
        async with sequencer(tmp_path, SetClock(), publish=seen.append) as seq:
            await seq.call(SETUP)
            await seq.call(rows.connect(1, 7, "a") + rows.connect(2, 7, "b"))
            await seq.call(order(2, 1, session=1))
            cancel = np.frombuffer(bytearray(Cancel(account=2, orig_cl_ord_id=1).pack()), COMMAND)
            cancel["session"] = 1
            await seq.call(cancel.tobytes() + order(3, 9, session=2) + order(2, 2, session=1))
            ids = seen[-1].reports.rows["order_id"] & (2**26 - 1)
            assert ids[0] == ids[1]  # the row was used again
            assert seen[-1].reports.column("entered").tolist() == [1, 2, 1]

    run(body())


def test_a_session_is_disconnected_and_its_marked_orders_end(tmp_path):
    async def body():
        seen = []
        async with sequencer(tmp_path, SetClock(), publish=seen.append) as seq:
            await seq.call(SETUP)
            await seq.call(rows.connect(1, 7, "a"))
            mark = ExecInst.CANCEL_ON_DISCONNECT
            await seq.call(order(2, 1, session=1, exec_inst=mark) + order(2, 2, session=1))
            await seq.call(rows.disconnect(1))
            assert seq.state.sessions[1].connected is False
            ended = seen[-1].reports.rows
            ended = ended[ended["ord_status"] == OrdStatus.CANCELED]
            assert ended["cl_ord_id"].tolist() == [1]
            assert ended["reason"].tolist() == [Reason.CANCELED_BY_DISCONNECT]

    run(body())


def test_a_tick_comes_when_something_is_due_and_once_a_second_while_anything_moves(tmp_path):
    async def body():
        clock, seen = SetClock(), []
        async with sequencer(tmp_path, clock, publish=seen.append) as seq:
            await seq.call(SETUP)
            time = asyncio.create_task(seq.keep_time(0.001))
            await seq.call(rows.connect(1, 7, "a") + rows.dead_man(2, 10**8))
            await seq.call(order(2, 1, session=1))
            await until(lambda: seq.state.seq == 11)  # something has moved: a tick
            await asyncio.sleep(0.05)
            assert seq.state.seq == 11  # and no other
            clock.now += 2 * 10**8
            await until(lambda: seq.state.seq == 12)
            assert seen[-1].reports.rows["reason"].tolist()[-1] == Reason.CANCELED_BY_DEAD_MAN
            time.cancel()

    run(body())


async def until(holds):
    while not holds():
        await asyncio.sleep(0.001)


def test_names_of_sessions_and_decimals_of_instruments_ride_in_their_rows():
    from decimal import Decimal

    from domain.messages import Account, Instrument
    from server.sequencer.catalogue import Catalogue

    name = "z" * 63 + "-"
    [row] = np.frombuffer(rows.connect(9, 77, name, reset=True), COMMAND)
    assert rows.connected(row) == (9, 77, name, True)
    data = instrument_row(Instrument(label="BTC", entity=1), Decimal("0.05"), Decimal("0.001"), 4)
    data += node_row(Account(label="alice", entity=1), 0)
    commands = rows.joined([data])
    commands["seq"] = [1, 2]
    from engine.exchange import Exchange

    known = Catalogue()
    known.learn(commands, Exchange().apply(commands))
    again = Catalogue()
    again.load(known.parts())
    for each in (known, again):
        scale = each.directory.symbols["BTC"]
        assert (scale.tick_size, scale.lot_size, scale.digits) == (
            Decimal("0.05"), Decimal("0.001"), 4,
        )  # fmt: skip
        assert each.directory.nodes == {"alice": 1}
        assert each.node_digits(1) == 0


def test_what_nobody_waits_for_is_cut_where_it_fits(tmp_path):
    """A message of a stream is more than is applied at once; answers beside it are still right."""

    async def live():
        seen = []
        async with sequencer(tmp_path, SetClock(), publish=seen.append) as seq:
            await seq.call(SETUP)
            seq.put(Entry(b"".join(order(2, 1 + n) for n in range(100))))
            asked = asyncio.create_task(seq.call(order(2, 101)))
            await asyncio.sleep(0)
            seq.put(Entry(b"".join(order(2, 102 + n) for n in range(4500))))
            last = await seq.call(order(2, 4602) + order(2, 4603))
            return [len(a.rows) for a in seen[1:]], await asked, last, seq.state.engine.state_hash()

    parts, asked, last, state_hash = asyncio.run(live())
    assert sum(parts) == 4603
    assert max(parts) <= 2048 + 2
    begin = len(SETUP) // 192
    for answer, number, count in ((asked, 101, 1), (last, 4602, 2)):
        assert answer.seq == begin + number
        assert answer.reports["seq"].tolist() == [begin + number + n for n in range(count)]
        assert answer.reports["cl_ord_id"].tolist() == [number + n for n in range(count)]
    with closing(open_log(tmp_path / "commands.db")) as log:
        assert recover(log, SMALL)[0].engine.state_hash() == state_hash


def test_a_large_commit_is_applied_in_parts_and_everybody_gets_their_own_answer(tmp_path):
    """One batch in the log, many in the engine; a restart that applies it whole ends the same."""

    async def live():
        seen = []
        async with sequencer(tmp_path, SetClock(), publish=seen.append) as seq:
            await seq.call(SETUP)
            sizes = (1, 1500, 700, 1, 2500, 3)
            first, waiting = 1, []
            for size in sizes:
                data = b"".join(order(2, first + n) for n in range(size))
                waiting.append(asyncio.create_task(seq.call(data)))
                first += size
            answers = await asyncio.gather(*waiting)
            parts = [len(applied.rows) for applied in seen[1:]]
            return parts, sizes, answers, seq.state.engine.state_hash()

    parts, sizes, answers, state_hash = asyncio.run(live())
    assert parts == [2201, 2501, 3]  # whole entries, until there are 2,048
    begin = 1 + len(SETUP) // 192
    for size, answer in zip(sizes, answers):
        assert answer.seq == begin
        assert answer.reports["seq"].tolist() == list(range(begin, begin + size))
        begin += size
    log = open_log(tmp_path / "commands.db")
    try:
        again, _ = recover(log, SMALL)
    finally:
        log.close()
    assert again.engine.state_hash() == state_hash
