"""Each scripted outcome, as the one who sent the order sees it."""

import asyncio
from contextlib import asynccontextmanager
from decimal import Decimal

import numpy as np
import pytest

from domain.codes import ExecType, OrdStatus, OrdType, Reason, Side, TimeInForce
from domain.errors import Unavailable
from domain.messages import NewOrder
from domain.tables import Table
from server.sandbox.accounts import SCRIPT_ACCOUNT, Accounts
from server.sandbox.outcomes import LATER_NS, OUTCOMES, REFUSED_FROM, TRAPS
from server.sandbox.scripts import Scripts
from server.sequencer.answers import Entry
from server.sequencer.rows import joined, tick
from tests.conftest import ROOT
from tests.server.sequencing import SetClock, compile_engine, sequencer

PRICE = 9_900
FILLED, RESTS, GONE = OrdStatus.FILLED, OrdStatus.NEW, OrdStatus.CANCELED
PARTLY, EXPIRED = OrdStatus.PARTIALLY_FILLED, OrdStatus.EXPIRED

# quantity -> (status, lots filled) at once, and 2 seconds later; None: it is not there
SEEN = {
    1001: ((FILLED, 1001), (FILLED, 1001)),
    1002: ((PARTLY, 501), (PARTLY, 501)),
    1003: ((RESTS, 0), (RESTS, 0)),
    1004: ((FILLED, 1004), (FILLED, 1004)),
    1005: ((RESTS, 0), (FILLED, 1005)),
    1006: ((PARTLY, 503), (GONE, 503)),
    1007: ((GONE, 0), (GONE, 0)),
    1008: ((RESTS, 0), (EXPIRED, 0)),
    1009: ((PARTLY, 504), (FILLED, 1009)),
    1010: (None, (RESTS, 0)),
    1011: (None, (FILLED, 1011)),
    1020: ((FILLED, 1020), (FILLED, 1020)),
    1021: (None, None),
}


class Desk:
    """An account, "alice", that sends orders into its script instrument."""

    def __init__(self, writer, clock):
        self.writer, self.clock, self.hung_up = writer, clock, []
        self.scripts = Scripts(writer, SCRIPT_ACCOUNT, lambda *who: self.hung_up.append(who))
        writer.interpose = self.scripts
        self.accounts = Accounts(writer, Decimal(1_000_000), scripts=True)

    @property
    def state(self):
        return self.writer.state

    def number(self, name):
        return self.state.catalogue.directory.nodes[name]

    def instrument(self, name="alice"):
        return self.state.catalogue.directory.symbols[f"SCRIPT-{name}"].number

    def order(self, qty, cl_ord_id=1, side=Side.BUY, account="alice", owner="alice", **more):
        fields = {"price": PRICE, "time_in_force": TimeInForce.DAY} | more
        return NewOrder(
            account=self.number(account), instrument=self.instrument(owner), cl_ord_id=cl_ord_id,
            side=side, order_qty=qty, **fields,
        ).pack()  # fmt: skip

    def seen(self, cl_ord_id=1, account="alice"):
        """(status, lots filled) of an order by its last report; None: there is none."""
        rows = self.state.reports.window.rows
        mine = rows[(rows["account"] == self.number(account)) & (rows["cl_ord_id"] == cl_ord_id)]
        return (int(mine[-1]["ord_status"]), int(mine[-1]["cum_qty"])) if len(mine) else None

    async def pass_time(self, ns=LATER_NS):
        self.clock.now += ns
        await self.scripts.look()
        await self.writer.call(tick())


@asynccontextmanager
async def desk(folder):
    clock = SetClock()
    async with sequencer(folder, clock) as writer:
        found = Desk(writer, clock)
        await found.accounts.open(["alice", "bob"])
        yield found


@pytest.fixture(scope="module", autouse=True)
def compiled():
    compile_engine()


def run(body, tmp_path):
    async def within():
        async with desk(tmp_path) as found:
            await body(found)

    asyncio.run(within())


@pytest.mark.parametrize("side", [Side.BUY, Side.SELL])
def test_outcomes(side, tmp_path):
    """Each in an account of its own."""

    async def body(found):
        await found.accounts.open([f"a-{qty}" for qty in OUTCOMES])
        for qty in OUTCOMES:
            name = f"a-{qty}"
            found.writer.put(Entry(found.order(qty, side=side, account=name, owner=name)))
        await found.writer.call(found.order(7))  # what was put before has been applied
        assert {qty: found.seen(account=f"a-{qty}") for qty in OUTCOMES} == {
            qty: at_once for qty, (at_once, _) in SEEN.items()
        }
        await found.pass_time()
        assert {qty: found.seen(account=f"a-{qty}") for qty in OUTCOMES} == {
            qty: later for qty, (_, later) in SEEN.items()
        }
        owners = found.state.engine.table(Table.OWNER)
        assert not (owners == found.number(SCRIPT_ACCOUNT)).any()

    run(body, tmp_path)


def test_fills_are_at_the_orders_price_or_the_last(tmp_path):
    async def body(found):
        market = {"ord_type": OrdType.MARKET, "time_in_force": TimeInForce.IOC, "price": 0}
        first = await found.writer.call(found.order(1001, 1, **market))
        fills = first.reports[first.reports["last_qty"] > 0]
        assert fills["last_px"].tolist() == [10_000, 10_000]  # both sides; the reference price
        second = await found.writer.call(found.order(1004, 2))
        mine = second.reports[second.reports["account"] == found.number("alice")]
        assert mine["last_px"].tolist() == [0, PRICE, PRICE, PRICE]
        assert mine["last_qty"].tolist() == [0, 251, 251, 502]
        third = await found.writer.call(found.order(1001, 3, **market))
        assert third.reports["last_px"].max() == PRICE
        assert (third.reports["seq"] == third.seq).all()  # only about the order itself

    run(body, tmp_path)


def test_refusals_for_a_chosen_reason(tmp_path):
    async def body(found):
        await found.writer.call(found.order(5, 50))  # rests, and goes on resting
        before = found.state.engine.table(Table.INSTRUMENT)[found.instrument()].copy()
        seen = {}
        for reason in TRAPS:
            [report] = (await found.writer.call(found.order(REFUSED_FROM + reason))).reports
            assert report["exec_type"] == ExecType.REJECTED
            seen[reason] = report["reason"]
        assert seen == {reason: reason for reason in TRAPS}
        after = found.state.engine.table(Table.INSTRUMENT)[found.instrument()]
        assert (before == after).all()
        assert found.seen(50) == (RESTS, 0)
        again = await found.writer.call(found.order(1001, 2))
        assert again.reports["reason"].max() == 0

    run(body, tmp_path)


def test_a_batch_of_a_stream_keeps_its_order(tmp_path):
    async def body(found):
        data = b"".join(
            found.order(qty, at, price=PRICE + at)
            for at, qty in enumerate((1001, 8, 1002, 2129), 1)
        )
        found.writer.put(Entry(data))
        await found.writer.call(found.order(9, 9))
        assert [found.seen(at) for at in range(1, 5)] == [
            (FILLED, 1001), (RESTS, 0), (PARTLY, 501), (OrdStatus.REJECTED, 0),
        ]  # fmt: skip

    run(body, tmp_path)


def test_a_lost_answer_is_there_for_who_asks_again(tmp_path):
    async def body(found):
        for qty, done in ((1020, 1020), (1021, None)):
            order = found.order(qty, qty)
            with pytest.raises(Unavailable):
                await found.writer.call(order, 7, f"request {qty}")
            assert found.seen(qty) == (done and (FILLED, done))
        again = await found.writer.call(found.order(1020, 1020), 7, "request 1020")
        assert again.reports["cum_qty"].max() == 1020
        assert found.seen(1020) == (FILLED, 1020)  # once

    run(body, tmp_path)


def test_sessions_are_hung_up_on(tmp_path):
    async def body(found):
        found.writer.put(Entry(found.order(1020, 1, session=4)))
        found.writer.put(Entry(found.order(1021, 2, session=5)))
        await found.writer.call(found.order(9, 9))
        assert [number for number, _ in found.hung_up] == [5, 4]
        assert (found.seen(1), found.seen(2)) == ((FILLED, 1020), None)

    run(body, tmp_path)


def test_a_repeated_order_that_expires_is_the_same_order(tmp_path):
    async def body(found):
        first = await found.writer.call(found.order(1008), 7, "same")
        found.clock.now += LATER_NS // 2
        again = await found.writer.call(found.order(1008), 7, "same")
        assert again.seq == first.seq
        found.writer.interpose = Scripts(found.writer, SCRIPT_ACCOUNT, print)  # a restart
        assert (await found.writer.call(found.order(1008), 7, "same")).seq == first.seq

    run(body, tmp_path)


def test_what_was_to_come_still_comes_after_a_restart(tmp_path):
    async def body(found):
        orders = ((1005, "alice"), (1006, "bob"), (1009, "carol"))
        await found.accounts.open(["carol"])
        for qty, name in orders:
            await found.writer.call(found.order(qty, account=name, owner=name))
        found.scripts = Scripts(found.writer, SCRIPT_ACCOUNT, print)
        found.writer.interpose = found.scripts
        found.scripts.plan_again()
        await found.pass_time()
        assert [found.seen(account=name) for _, name in orders] == [
            (FILLED, 1005), (GONE, 503), (FILLED, 1009),
        ]  # fmt: skip

    run(body, tmp_path)


def test_only_ones_own_script_instrument_is_scripted(tmp_path):
    async def body(found):
        await found.writer.call(found.order(1001, 1, owner="bob"))
        assert found.seen(1) == (RESTS, 0)
        rows = joined((found.order(1001, 2),))
        rows["command"] = 5  # a quote
        assert found.scripts(Entry(rows.tobytes())).count == 1
        stop = found.order(1001, 3, ord_type=OrdType.STOP, stop_px=20_000, price=0)
        assert found.scripts(Entry(stop)).count == 1

    run(body, tmp_path)


def test_a_reset_clears_the_script_instrument(tmp_path):
    async def body(found):
        for at, qty in enumerate((1001, 1002, 1003), 1):
            await found.writer.call(found.order(qty, at))
        await found.accounts.reset([found.number("alice")], b"", 7, "")
        node = found.state.engine.table(Table.NODE)[found.number("alice")]
        assert (int(node["cash"]), int(node["orders"])) == (100_000_000, 0)
        rows = found.state.engine.table(Table.POSITION)
        assert not np.any(rows["qty"][rows["node"] == found.number("alice")])
        assert await found.accounts.open(["alice", "bob"]) is False

    run(body, tmp_path)


def test_the_guide_has_the_table():
    page = (ROOT / "docs" / "sandbox.md").read_text()
    for qty, outcome in OUTCOMES.items():
        assert f"| {qty} | {outcome.words} |" in page
    for reason in TRAPS:
        assert f"| {REFUSED_FROM + reason} | refused: {reason.name} |" in page
    assert set(SEEN) == set(OUTCOMES)
    assert all(isinstance(reason, Reason) for reason in TRAPS)
