"""Laws of the ledger under random orders, fills, cancels, marks and limits."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Reason
from domain.state import open_lots
from domain.tables import Table
from tests.risk import kernels
from tests.risk.desk import BUY, SELL, Desk
from tests.soaking import examples

pytestmark = pytest.mark.nojit

ACCOUNTS = (Desk.ACCOUNT, Desk.OTHER, Desk.LONE)
SUMS = ("margin", "hold_fee", "unrealised", "open_orders", "open_value", "exposure", "cash")
SUMS += ("long_exposure", "short_exposure", "realised", "fees")
ROW_SUMS = ("qty", "long_qty", "short_qty", "buy_value", "sell_value", "value", "exposure")
ROW_SUMS += ("margin", "gross", "cost", "unrealised", "realised", "bought", "sold", "fees")
ROW_SUMS += ("fifo_realised",)

steps = st.lists(
    st.tuples(
        st.sampled_from(("order", "order", "trade", "trade", "cancel", "release", "mark")),
        st.sampled_from(ACCOUNTS),
        st.sampled_from(ACCOUNTS),
        st.sampled_from((BUY, SELL)),
        st.integers(1, 20),
        st.integers(90, 110),
    ),
    max_size=40,
)
rates = st.fixed_dictionaries(
    {"MAKER_PPB": st.integers(-(10**7), 10**8), "TAKER_PPB": st.integers(0, 10**8)},
    optional={"MARGIN_MODEL": st.integers(0, 3), "ELM_BPS": st.integers(0, 10**4)}
    | {"MARGIN_PER_LOT": st.integers(0, 100), "MULTIPLIER": st.integers(1, 50)}
    | {"CHARGE_SELL_PPB_2": st.integers(0, 10**7), "FEE_MIN": st.integers(0, 3)},
)
node_limits = st.fixed_dictionaries(
    {},
    optional={
        "MAX_ORDER_QTY": st.integers(0, 30),
        "MAX_OPEN_ORDERS": st.integers(0, 6),
        "MAX_OPEN_VALUE": st.integers(0, 10**4),
        "MAX_POSITION": st.integers(0, 40),
        "MAX_GROSS_POSITION": st.integers(0, 60),
        "MAX_INSTRUMENT_EXPOSURE": st.integers(0, 10**4),
        "MAX_GROSS_EXPOSURE": st.integers(0, 10**4),
        "MAX_NET_EXPOSURE": st.integers(0, 10**4),
        "MAX_MARGIN": st.integers(0, 10**4),
        "MAX_REALISED_LOSS": st.integers(0, 100),
        "MAX_DAILY_LOSS": st.integers(0, 100),
        "MAX_DRAWDOWN": st.integers(0, 100),
        "MAX_CONCENTRATION_BPS": st.integers(0, 2000),
        "FAT_FINGER_BPS": st.integers(0, 1000),
        "FAT_FINGER_TICKS": st.integers(0, 10),
        "SHORT_SALE": st.integers(0, 2),
        "STATUS": st.sampled_from((0, 0, 0, 2)),
        "ORDER_RATE": st.sampled_from((0, 10**6)),
        "ORDER_BURST": st.integers(1, 5),
        "ORDER_TO_TRADE": st.integers(0, 3),
        "ORDER_TO_TRADE_FLOOR": st.integers(0, 10),
        "DUPLICATE_WINDOW_NS": st.sampled_from((0, 1000)),
        "RRM_ENTER_BPS": st.integers(0, 10**4),
        "RRM_LEAVE_BPS": st.integers(0, 10**4),
        "CHECK_BUYING_POWER": st.integers(0, 1),
        "COST_METHOD": st.integers(0, 1),
    },
)


def tree(desk: Desk) -> dict[int, list[int]]:
    """Account -> itself and all nodes above."""
    chains = {}
    for account in ACCOUNTS:
        chain = [account]
        while parent := int(desk.node(chain[-1])["parent"]):
            chain.append(parent)
        chains[account] = chain
    return chains


def check_sums(desk: Desk) -> None:
    """Each node and row above an account holds the sum over the accounts below."""
    sums: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for account, chain in tree(desk).items():
        for number in chain[1:]:
            for name in SUMS:
                sums[number][name] += int(desk.node(account)[name])
            for name in ROW_SUMS:
                rows[number][name] += int(desk.position(account)[name])
    for number, wanted in sums.items():
        assert {name: int(desk.node(number)[name]) for name in SUMS} == wanted
    for number, wanted in rows.items():
        assert {name: int(desk.position(number)[name]) for name in ROW_SUMS} == wanted
    for n in map(desk.node, (*sums, *ACCOUNTS)):
        assert n["used"] == n["margin"] + n["hold_fee"]
        assert n["profit"] == n["realised"] + n["unrealised"] - n["base_unrealised"]
        assert n["below_peak"] == n["profit"] - n["peak"] <= 0


def check_reservations(desk: Desk) -> None:
    """The open quantities, values and fees of a row are those of its live orders."""
    multiplier = int(desk.store[Table.INSTRUMENT][1, 4])
    for account in ACCOUNTS:
        r, n = desk.position(account), desk.node(account)
        live = [
            (desk.order(k), desk.store[Table.DETAIL][k])
            for k in range(1, desk.slots + 1)
            if desk.order(k)["account"] == account and desk.order(k)["leaves_qty"] > 0
        ]
        qty, value = [0, 0], [0, 0]
        for order, detail in live:
            qty[order["side"]] += int(order["leaves_qty"])
            value[order["side"]] += int(order["leaves_qty"] * detail["worst_px"]) * multiplier
        assert list(open_lots(r)) == qty
        assert [r["buy_value"], r["sell_value"]] == value
        assert n["open_value"] == sum(value)
        assert n["open_orders"] == len(live)
        assert n["hold_fee"] == sum(int(detail["hold_fee"]) for _, detail in live)


def check_conservation(desk: Desk, deposits: int) -> None:
    """Lots sum to zero; money is only moved; profit is what cash, cost and mark say."""
    rows = [desk.position(account) for account in ACCOUNTS]
    nodes = [desk.node(account) for account in ACCOUNTS]
    assert sum(int(r["qty"]) for r in rows) == 0
    assert sum(int(r["bought"]) - int(r["sold"]) for r in rows) == 0
    fees = sum(int(n["fees"]) for n in nodes)
    cash = sum(int(n["cash"]) for n in nodes)
    if desk.store[Table.INSTRUMENT][1, 16] == 0:
        assert cash + fees == deposits
    else:
        profit = sum(int(r["fifo_realised"]) for r in rows)
        assert cash + fees - profit == deposits
    assert sum(int(r["realised"]) - int(r["cost"]) for r in rows) == 0
    for r in rows:
        total = int(r["value"]) - int(r["cost"]) + int(r["realised"])
        assert int(r["unrealised"]) + int(r["fifo_realised"]) == total
        if r["qty"] == 0:
            assert r["cost"] == 0
            assert r["realised"] == r["fifo_realised"]


class Run:
    """Applies random steps to a desk."""

    def __init__(self, kind: int, rates: dict[str, int], limits: list[dict[str, int]]) -> None:
        self.desk = Desk(kind=kind, cash=20_000)
        self.desk.instrument(1, **rates)
        for number, values in enumerate(limits, 1):
            self.desk.limit(number, **values)

    def admit(self, side, qty, price, account) -> Reason:
        reason = self.desk.admit(side, qty, price, account=account)
        precise = kernels.explain(self.desk.s)
        assert reason == precise
        assert not (kernels.clear(self.desk.s) and precise)
        return reason

    def step(self, kind, one, two, side, qty, price) -> None:
        desk = self.desk
        live = [k for k in range(1, desk.slots + 1) if desk.order(k)["leaves_qty"] > 0]
        desk.wait(qty)
        if kind == "order" and self.admit(side, qty, price, one) == 0:
            desk.rest()
        elif kind == "cancel" and live:
            desk.cancel(live[qty % len(live)])
        elif kind == "release" and live:
            slot = live[qty % len(live)]
            part = int(desk.order(slot)["leaves_qty"]) // 2
            if part:
                desk.order(slot)["leaves_qty"] -= part
                kernels.release(desk.s, slot, part)
        elif kind == "mark":
            desk.book["last_px"] = price
            kernels.mark_all(desk.s)
        elif kind == "trade":
            self.trade(one, two, side, qty, price)

    def trade(self, one, two, side, qty, price) -> None:
        if self.admit(side, qty, price, one) != 0:
            return
        maker = self.desk.rest()
        if self.admit(1 - side, qty, price, two) != 0:
            return
        taker = self.desk.rest()
        part = max(1, qty // 2)
        for slot, role in ((maker, 1), (taker, 2)):
            self.desk.fill(slot, price, part, role)


runs = st.builds(Run, st.sampled_from((1, 2)), rates, st.lists(node_limits, max_size=6))


@given(runs, steps)
@examples(60)
def test_the_ledger_adds_up(run, steps):
    for step in steps:
        run.step(*step)
        check_reservations(run.desk)
    check_sums(run.desk)
    check_conservation(run.desk, 3 * 20_000)


@given(runs, steps)
@examples(30)
def test_taking_all_orders_out_leaves_no_trace(run, steps):
    for step in steps:
        run.step(*step)
    desk = run.desk
    for slot in range(1, desk.slots + 1):
        if desk.order(slot)["leaves_qty"]:
            desk.cancel(slot)
    for account in ACCOUNTS:
        r, n = desk.position(account), desk.node(account)
        assert [*open_lots(r), r["buy_value"], r["sell_value"]] == [0] * 4
        assert [n[f] for f in ("open_orders", "open_value", "hold_fee")] == [0] * 3
        assert r["gross"] == abs(int(r["qty"]))
    check_sums(desk)
