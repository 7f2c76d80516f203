"""The queue of one reader, with places for what is still being made; large batches made aside."""

import asyncio
import time

import numpy as np
import pytest

from domain.layout import REPORT
from server.codec.encoder import Encoder
from server.sequencer import rows as own
from server.sequencer.state import Bounds, State
from server.streams import fanout as streams
from server.streams.fanout import Fanout, Reader
from server.streams.outbox import Outbox, SlowReader
from tests.server.sequencing import SETUP, START, order


def test_a_promise_keeps_its_place():
    box, told = Outbox(10, 100), []
    box.listen(lambda: told.append(len(box)))
    box.put(b"a")
    keep = box.promise()
    box.put(b"c")
    assert (box.pop(), box.pop(), box.ready, len(box)) == (b"a", None, False, 2)
    told.clear()
    keep(b"b")
    assert told
    assert box.ready
    assert [box.pop(), box.pop(), box.pop()] == [b"b", b"c", None]


def test_a_queue_that_ends_in_good_order_waits_for_what_was_promised():
    async def taken():
        box = Outbox(10, 100)
        keep = box.promise()
        box.end(None)
        asyncio.get_running_loop().call_later(0.01, keep, b"late")
        return await box.take(), await box.take()

    assert asyncio.run(taken()) == (b"late", None)


def test_what_was_promised_counts_against_both_bounds():
    box = Outbox(2, 10)
    keep, _ = box.promise(), box.promise()
    box.promise()
    assert isinstance(box.error, SlowReader)
    keep(b"too late")
    assert box.pop() is None
    box = Outbox(2, 10)
    box.promise()(bytes(11))
    assert isinstance(box.error, SlowReader)
    assert box.pop() is None


def batch(session, first, count):
    """Orders of a session of Alice's, in bytes."""
    rows = own.joined([order(2, first + n) for n in range(count)])
    rows["session"] = session
    return rows.tobytes()


@pytest.mark.parametrize("fails", [False, True])
def test_large_batches_are_encoded_aside_and_arrive_in_their_turn(monkeypatch, fails):
    """The window is shorter than what is told, so its rows move while a batch is encoded."""

    async def live():
        state = State(Bounds(reports=1_500, market=1_000))
        told, box = Fanout(state), Outbox(100, 1 << 24)
        state.apply(own.stamped([SETUP, own.connect(1, 7, "s")], 1, START).rows)
        told.join_session(1, Reader(7, box))
        whole = told._aside.whole

        def slow(*given, **more):
            time.sleep(0.02)
            if fails and given[0]["cl_ord_id"][0] > 4_000:
                raise MemoryError("no room")
            return whole(*given, **more)

        monkeypatch.setattr(told._aside, "whole", slow)
        wanted, first = [], 1
        for count in (streams.MANY + 7, 3, 1_900, 1, 1_600, 2_000, 2):
            rows = own.stamped([batch(1, first, count)], state.seq + 1, START).rows
            applied = state.apply(rows)
            reports = np.ndarray(count, REPORT, applied.reports.rows.tobytes())
            last = first + count - 1
            wanted.append(Encoder(REPORT, count).whole(reports, 0, first, processed=last))
            told(applied)
            first += count
        told.close()
        if fails:
            await asyncio.sleep(0)
            with pytest.raises(MemoryError):
                await box.take()
        else:
            assert [await box.take() for _ in wanted] == wanted

    asyncio.run(live())
