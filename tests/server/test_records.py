"""Notes in the command log: they come back as they were written, and the exchange ignores them."""

import asyncio
import json
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import TimeInForce
from domain.errors import InvalidField
from domain.messages import Deposit, Setting, Tick, Withdraw
from domain.tables import Table
from gridworks.api.admin.v1.admin_service_pb2 import SetPhaseRequest
from server.records import notes
from server.records.changes import State
from server.sequencer.rows import WIDTH, joined, meaning
from server.sequencer.state import open_log, recover
from server.services.acts import FAILURES, Acts
from server.services.admin.health import parts
from tests.server.sequencing import SETUP, SMALL, SetClock, order, sequencer
from tests.soaking import examples

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=80),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=30,
)


@examples(25)
@given(st.lists(st.tuples(st.dictionaries(st.text(), PLAIN), st.integers(0, 9)), max_size=4))
def test_a_note_is_read_as_it_was_written_between_other_rows(given_notes):
    other = Deposit(account=2, value=1).pack()
    rows = joined([other] + [notes.written(*each) + other for each in given_notes])
    found = list(notes.read(rows))
    assert [(note.text, note.covers) for note in found] == given_notes
    assert [int(rows["attribute"][note.place]) for note in found] == [notes.HEAD] * len(found)


def test_a_text_that_is_too_long_is_refused():
    import random

    noise = random.Random(1).randbytes(notes.MOST_BYTES).hex() * 2
    with pytest.raises(InvalidField, match="request is"):
        notes.written({"request": noise})


def test_the_same_request_from_another_address_means_the_same():
    def meant(**more):
        text = {"act": "Deposit", "by": "a", "peer": "10.0.0.1", "request": "x", **more}
        return meaning(joined([Deposit(account=2, value=5).pack(), notes.written(text, 1)]))

    assert meant() == meant(peer="2001:db8::77:1", by="the same key, another holder's name")
    assert meant() != meant(request="y")
    assert meant() != meant(act="Withdraw")


def text(act, **more):
    return {"act": act, "by": "key", "key": 7, "peer": "", "target": "t", "why": "because",
            "request": "{}", **more}  # fmt: skip


def setting(value):
    return Setting(scope=1, entity=2, attribute=11, value=value).pack()


def test_what_was_noted_is_there_again_from_the_log_and_from_a_snapshot(tmp_path):
    items = [["max_order_qty", 11, 2**62, 50, "0", "50", False]]
    told = {"items": items, "hold": 10**9, "node": "alice", "request_id": "r"}

    async def first():
        async with sequencer(tmp_path, SetClock()) as one:
            await one.call(SETUP)
            register = one.state.register
            refused = Withdraw(account=2, value=10**12).pack()
            await one.call(refused + notes.written(text("Withdraw"), 1))
            await one.call(notes.written(text("UpdateLimits", limits=told)))
            number = next(iter(register.changes)).number
            await one.call(notes.written(text("UpdateLimits", limits={**told, "hold": 0}), 0))
            kill = {"name": "killSwitches/market", "on": True}
            await one.call(notes.written(text("EngageKillSwitch", switch=kill)))
            await one.call(notes.written(text("UpdateInstrument", about={"calendar": "c"})))
            await one.call(notes.written(text("SetPhase", reached={"at": 5, "who": ["ACME"]})))
            await one.call(notes.written(text("X", result="NOT_FOUND", calendar={"name": "x"})))
            decided = {"change": number, "approve": True, "request_id": ""}
            await one.call(setting(50) + notes.written(text("Approve", decide=decided), 1))
            acts = [(act.method, act.result) for act in register.acts]
            assert acts[0] == ("Withdraw", "INSUFFICIENT_CASH")
            assert acts[-2] == ("X", "NOT_FOUND")
            assert not register.calendars
            assert [c.state for c in register.changes] == [State.APPLIED, State.APPLIED]
            return register.parts(), one.state.engine.state_hash()

    kept, hashed = asyncio.run(first())
    log = open_log(tmp_path / "commands.db")
    again, recovery = recover(log, SMALL)
    assert recovery.replayed == 0  # from the snapshot of the good end
    assert again.register.parts() == kept
    assert json.loads(kept["records"])["reached"] == {"ACME": 5}
    log._db.execute("DELETE FROM snapshots")
    again, recovery = recover(log, SMALL)
    assert recovery.replayed > 10
    assert again.register.parts() == kept
    assert again.engine.state_hash() == hashed
    log.close()


def test_a_change_that_nobody_decides_on_expires_and_stays_so(tmp_path):
    async def go():
        clock = SetClock()
        async with sequencer(tmp_path, clock) as one:
            await one.call(SETUP)
            told = {"items": [["f", 11, 1, 9, "1", "9", True]], "hold": 100, "node": "alice",
                    "request_id": ""}  # fmt: skip
            await one.call(notes.written(text("UpdateLimits", limits=told)))
            [change] = one.state.register.changes
            assert change.state_at(clock.now + 99) is State.PENDING
            assert change.state_at(clock.now + 100) is State.EXPIRED
            assert one.state.register.changes.pending(clock.now + 100) == 0

    asyncio.run(go())


def test_failures_of_a_key_cannot_fill_the_log(monkeypatch):
    now, put = [100.0], []
    monkeypatch.setattr("server.services.acts.time.monotonic", lambda: now[0])
    acts = Acts(SimpleNamespace(sequencer=SimpleNamespace(put=put.append)))
    who = SimpleNamespace(key_id=7, label="key", partner="p")
    other = SimpleNamespace(key_id=8, label="key", partner="p")
    request = SetPhaseRequest(target="market", reason="again and again")
    for _ in range(FAILURES + 50):
        acts.failed("/x/SetPhase", request, who, "PERMISSION_DENIED")
    assert len(put) == FAILURES
    acts.failed("/x/SetPhase", request, other, "PERMISSION_DENIED")
    now[0] += 3
    for _ in range(9):
        acts.failed("/x/SetPhase", request, who, "PERMISSION_DENIED")
    assert len(put) == FAILURES + 1 + 3
    acts.failed("/x/SetPhase", request, None, "UNAUTHENTICATED")
    [note] = notes.read(joined([put[-1].data]))
    assert (note.text["act"], note.text["result"]) == ("SetPhase", "PERMISSION_DENIED")
    assert len(put) == FAILURES + 4


def test_a_clock_that_jumps_ahead_and_back_stops_time_and_nothing_else(tmp_path):
    year = 365 * 86_400 * 10**9

    async def go():
        clock = SetClock()
        async with sequencer(tmp_path, clock) as one:
            await one.call(SETUP)
            dated = {"time_in_force": TimeInForce.GTD, "expire_time": clock.now + year // 2}
            await one.call(order(2, 1, **dated))
            clock.now += year
            await one.call(order(2, 2) + Tick().pack())
            orders = one.state.engine.table(Table.CORE)[0]
            assert orders["live_orders"] == 1  # the dated one has expired
            reached = one.state.time
            clock.now -= 2 * year
            for number in range(3, 6):
                answer = await one.call(order(2, number))
                assert answer.reports[0]["reason"] == 0
                assert one.state.time == reached == answer.time
            assert one.clock.held_ns == 2 * year
            core = SimpleNamespace(
                sequencer=one, state=one.state, fanout=SimpleNamespace(readers=0), parts={},
                settings=SimpleNamespace(folder=tmp_path),
            )
            part = parts(core)["sequencer"]
            assert part.state == "DEGRADED"
            assert "behind" in part.detail
            clock.now += 2 * year + 5
            await one.call(order(2, 7))
            assert one.state.time == reached + 5
            assert parts(core)["sequencer"].state == "SERVING"

    asyncio.run(go())


def test_notes_are_whole_rows_and_the_exchange_only_counts_them(tmp_path):
    async def go():
        async with sequencer(tmp_path, SetClock()) as one:
            await one.call(SETUP)
            note = notes.written(text("X", request="y" * 500))
            assert len(note) % WIDTH == 0
            before = one.state.engine.snapshot()
            answer = await one.call(note)
            assert set(answer.reports["reason"].tolist()) == {100}  # UNKNOWN_COMMAND
            after = one.state.engine.snapshot()
            assert {k for k in before if before[k] != after[k]} == {"core"}

    asyncio.run(go())
