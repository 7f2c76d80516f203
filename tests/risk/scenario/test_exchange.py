"""Scenario margin inside the exchange: hedges, refusals, bad parameters, what is too large."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gridworks as gw
from domain.attributes import MARGIN_ROWS, InstrumentAttr
from domain.codes import Command, MarginModel, Reason, Scope
from domain.errors import InvalidField
from domain.limits import BPS, MAX_INSTRUMENTS, MAX_VALUE
from domain.messages import Setting
from domain.state import open_lots
from domain.tables import Table
from risk.scenario import Position, Scenario, example, parameter_rows, put_in_force
from risk.span import columns as at
from risk.span import store
from tests.risk.scenario.markets import drawn

pytestmark = pytest.mark.nojit
LAKH = 100_000_00
JUNE, JULY = "NIFTY-JUN", "NIFTY-JUL"


def market(cash: int = 4 * LAKH, model: Scenario | None = None) -> gw.Exchange:
    exchange = gw.Exchange()
    for name in (JUNE, JULY):
        exchange.add_instrument(name, "FUTURE", multiplier=7_500)
    exchange.add_account("alice", cash=cash)
    exchange.add_account("bob", cash=10**12)
    exchange.set_phase("CONTINUOUS")
    put_in_force(exchange, model or Scenario(example("index_futures")), {JUNE: JUNE, JULY: JULY})
    return exchange


def margin(exchange: gw.Exchange, account: str = "alice") -> int:
    return int(exchange.table(Table.NODE)[exchange.number("node", account)]["margin"])


def held(exchange: gw.Exchange, model: Scenario, account: int = 1) -> int:
    """The account's margin as the model works it out from nothing."""
    rows = exchange.table(Table.POSITION)
    names = dict(enumerate((JUNE, JULY), 1))
    return model.margin([
        Position(names[row["instrument"]], int(row["qty"]), *map(int, open_lots(row)))
        for row in rows[rows["node"] == account]
    ]).maintenance  # fmt: skip


def set_cell(exchange: gw.Exchange, table: int, index: int, column: int, value: int) -> Any:
    return exchange.send(
        Setting(scope=Scope.MARGIN, entity=table, index=index, attribute=column, value=value)
    )[0]


def test_a_hedge_may_enter_where_another_order_may_not() -> None:
    """One lot of June needs 204,900.00; alice has 400,000.00."""
    exchange, model = market(), Scenario(example("index_futures"))
    assert not exchange.submit("alice", JUNE, "BUY", 1, 24_000, cl_ord_id=1)[0].refused
    assert margin(exchange) == 20_490_000
    exchange.submit("bob", JUNE, "SELL", 1, 24_000, cl_ord_id=1)
    again = exchange.submit("alice", JUNE, "BUY", 1, 24_000, cl_ord_id=2)[0]
    assert (again.reason, again.limit, again.observed) == (
        Reason.BUYING_POWER, 4 * LAKH, 40_980_000,
    )  # fmt: skip
    assert again.headroom == 4 * LAKH - 20_490_000
    assert exchange.submit("alice", JULY, "BUY", 1, 24_000, cl_ord_id=3)[0].refused
    before = margin(exchange)
    assert not exchange.submit("alice", JULY, "SELL", 1, 24_000, cl_ord_id=4)[0].refused
    assert margin(exchange) > before  # a pending hedge is no hedge yet
    exchange.submit("bob", JULY, "BUY", 1, 24_000, cl_ord_id=2)
    assert margin(exchange) < 3_000_000  # a filled one is
    assert margin(exchange) == held(exchange, model)
    rows = exchange.positions().query("node == 'alice'").set_index("instrument")["margin"]
    assert rows[JULY] < 0 < rows[JUNE]  # what each has added
    exchange.set_limit("alice", max_margin=20_000_000)
    report = exchange.submit("alice", JUNE, "BUY", 1, 24_000, cl_ord_id=5)[0]
    assert (report.reason, report.limit) == (Reason.MARGIN_LIMIT, 20_000_000)


def test_lots_that_come_and_go_move_the_margin() -> None:
    exchange, model = market(), Scenario(example("index_futures"))
    exchange.deposit("alice", 3, instrument=JUNE, price=24_000)
    exchange.deposit("alice", 2, instrument=JULY, price=24_000)
    assert margin(exchange) == held(exchange, model) > 0
    out = gw.messages.Withdraw(
        account="alice", value=5, scope=Scope.POSITION, instrument=JUNE, price=24_000
    )
    assert not exchange.send(out)[0].refused
    assert margin(exchange) == held(exchange, model) > 0
    exchange.send(gw.messages.Tick(instrument=JUNE, price=20_000))
    assert margin(exchange) == held(exchange, model)


def test_new_parameters_revalue_every_account() -> None:
    exchange, model = market(), Scenario(example("index_futures"))
    exchange.deposit("alice", 1, instrument=JUNE, price=24_000)
    given, before = example("index_futures"), margin(exchange)
    dearer = Scenario(replace(given, commodities=tuple(
        replace(row, price_scan=2 * row.price_scan, price_scan_percent=2 * row.price_scan_percent)
        for row in given.commodities
    )))  # fmt: skip
    put_in_force(exchange, dearer, {1: JUNE, 2: JULY})
    assert margin(exchange) == held(exchange, dearer) > before
    cash = exchange.accounts()["cash"].tolist()
    with pytest.raises(InvalidField, match="limit 2, observed 2"):
        put_in_force(exchange, model, {1: JUNE})  # July is margined by scenarios too
    exchange.set_instrument(JULY, margin_model=MarginModel.PER_LOT)
    put_in_force(exchange, model, {1: JUNE})  # another shape
    assert margin(exchange) == held(exchange, model) == before
    assert exchange.accounts()["cash"].tolist() == cash
    with pytest.raises(InvalidField, match="VALUE_NOT_ALLOWED"):
        exchange.set_instrument(JULY, margin_model=MarginModel.SCENARIO)


def test_a_closed_row_gives_its_part_to_the_others() -> None:
    exchange, model = market(100 * LAKH), Scenario(example("index_futures"))
    exchange.deposit("alice", 1, instrument=JUNE, price=24_000)
    exchange.send(gw.messages.Withdraw(
        account="alice", value=1, scope=Scope.POSITION, instrument=JULY, price=24_000
    ))  # fmt: skip
    exchange.send(gw.messages.Withdraw(
        account="alice", value=1, scope=Scope.POSITION, instrument=JUNE, price=24_000
    ))  # fmt: skip
    rows = exchange.positions().query("node == 'alice'").set_index("instrument")["margin"]
    assert rows[JUNE] != 0  # it holds no lots
    exchange.set_instrument(JUNE, margin_model=MarginModel.PER_LOT, margin_per_lot=7)
    rows = exchange.positions().query("node == 'alice'").set_index("instrument")["margin"]
    assert rows[JUNE] == 0
    assert margin(exchange) == rows[JULY] == held(exchange, model)


def test_any_number_of_accounts() -> None:
    """Tables of accounts are made as they are needed, also within a batch."""
    exchange, model = market(), Scenario(example("index_futures"))
    messages = []
    for number in range(3, 40):
        exchange.add_account(f"a{number}", cash=10**9)
        messages.append(gw.messages.Deposit(
            account=number, value=number, scope=Scope.POSITION, instrument=1, price=24_000
        ))  # fmt: skip
    exchange.send(*messages)
    assert all(margin(exchange, f"a{n}") == held(exchange, model, n) > 0 for n in range(3, 40))
    other = gw.Exchange()
    other.restore(exchange.snapshot())
    assert other.state_hash() == exchange.state_hash()
    other.deposit(39, 1, instrument=2, price=24_000)
    assert margin(other, "a39") == held(other, model, 39)


# ------------------------------------------------------------------- parameters that are refused

_BAD = [
    (store.CONTRACT, at.OF, 99), (store.CONTRACT, at.OF, -2), (store.CONTRACT, at.AT, -1),
    (store.CONTRACT, at.VALUE, -1), (store.CONTRACT, at.OPTION, 3), (store.CONTRACT, at.MINIMUM, 5),
    (store.COMMODITY, at.FIRST_PERIOD, 1), (store.COMMODITY, at.LAST_PERIOD, -1),
    (store.COMMODITY, at.LAST_PERIOD, 50), (store.COMMODITY, at.FIRST_SPREAD, 1),
    (store.COMMODITY, at.LAST_SPREAD, 50), (store.COMMODITY, at.LAST_SPREAD, -1),
    (store.COMMODITY, at.SHARE, -1), (store.COMMODITY, at.SHARE, 101 * BPS),
    (store.COMMODITY, at.CAPPED, 2), (store.COMMODITY, at.TIERED, 2), (store.PERIOD, 0, -1),
    (store.LEG, at.LEG_OF, -1), (store.LEG, at.LEG_SIDE, 2), (store.LEG, at.RATIO, 0),
    (store.LEG, at.LEG_FIRST, -1), (store.LEG, at.LEG_LAST, 50), (store.SPREAD, at.RATE, -1),
    (store.SPREAD, at.FIRST_LEG, -1), (store.SPREAD, at.LAST_LEG, 0),
    (store.SPREAD, at.LAST_LEG, 99), (store.CREDITS, at.RATE, -1),
    (store.CREDITS, at.RATE, BPS + 1), (store.CREDITS, at.FIRST_LEG, 98),
]  # fmt: skip


def test_a_bad_row_is_refused_and_the_set_in_force_stays() -> None:
    model = Scenario(drawn(1))
    names = list(model.tables.place)
    exchange = gw.Exchange()
    for number in range(1, 13):
        exchange.add_instrument(f"I{number}", "FUTURE")
    exchange.add_account("alice", cash=10**12)
    put_in_force(exchange, model, {n: names[2 * n - 2] for n in range(1, 13)})
    exchange.deposit("alice", 4, instrument=1, price=100)
    before = margin(exchange)
    for table, column, value in _BAD:
        row = 1 if table == store.CONTRACT else 0
        good = int(exchange.table(Table(Table.NEXT_RISK + table))[row, column])
        assert not set_cell(exchange, table + 1, row, column, value).refused
        report = set_cell(exchange, 0, 0, 0, 1)
        assert report.reason == Reason.VALUE_NOT_ALLOWED, (table, column, value)
        assert report.limit in (table + 1, store.SPREAD + 1, store.CONTRACT + 1, store.LEG + 1)
        assert margin(exchange) == before > 0
        set_cell(exchange, table + 1, row, column, good)
    assert not set_cell(exchange, 0, 0, 0, 1).refused
    exchange.deposit("alice", 1, instrument=1, price=100)
    assert margin(exchange) > before


def test_other_rows_that_are_refused() -> None:
    exchange, most = market(), MAX_INSTRUMENTS + 1
    refused = [
        (8, 0, 0, 1, Reason.UNKNOWN_ENTITY, 0),
        (0, 0, 0, 2, Reason.VALUE_NOT_ALLOWED, 1),
        (1, 0, 16, 1, Reason.UNKNOWN_ATTRIBUTE, 0), (2, 0, at.SIZE, 1, Reason.UNKNOWN_ATTRIBUTE, 0),
        (1, 3, 0, 1, Reason.VALUE_NOT_ALLOWED, 2),
        (1, 0, 0, MAX_VALUE + 1, Reason.VALUE_NOT_ALLOWED, MAX_VALUE),
        (1, 0, 0, 1 - 2**63, Reason.VALUE_NOT_ALLOWED, -MAX_VALUE),
        (1, 0, MARGIN_ROWS, -1, Reason.VALUE_NOT_ALLOWED, most),
        (1, 0, MARGIN_ROWS, most + 1, Reason.VALUE_NOT_ALLOWED, most),
    ]  # fmt: skip
    for table, index, column, value, reason, limit in refused:
        report = set_cell(exchange, table, index, column, value)
        assert (report.reason, report.limit) == (reason, limit), (table, index, column, value)
    for table, fault in ((1, 1), (3, 3), (2, 1)):
        rows = parameter_rows(Scenario(example("index_futures")), {1: JUNE, 2: JULY})
        exchange.apply(rows[:-1])
        set_cell(exchange, table, 0, MARGIN_ROWS, 0)
        report = set_cell(exchange, 0, 0, 0, 1)
        assert (report.reason, report.limit) == (Reason.VALUE_NOT_ALLOWED, fault)
    model = Scenario(example("index_futures"))
    for contracts, message in (({}, "contracts"), ({0: JUNE}, "contracts"), ({1: "GOLD"}, "GOLD")):
        with pytest.raises(InvalidField, match=message):
            put_in_force(exchange, model, contracts)
    with pytest.raises(InvalidField, match="number of an instrument"):
        put_in_force(gw.Exchange()._engine, model, {"X": JUNE})


def test_nothing_gets_too_large_for_64_bits() -> None:
    """What no sum can hold is refused with what is left; lots that are taken away pass."""
    exchange = market(2**59)
    exchange.set_limit("alice", check_buying_power=0)
    rows = exchange.table(Table.CONTRACT)
    size = int(rows[1, at.SIZE])
    most = MAX_VALUE // size
    assert not exchange.submit("alice", JUNE, "BUY", most, 1, cl_ord_id=1)[0].refused
    report = exchange.submit("alice", JUNE, "BUY", most, 1, cl_ord_id=2)[0]
    left = MAX_VALUE - most * size
    assert (report.reason, report.limit, report.observed, report.headroom) == (
        Reason.VALUE_OUT_OF_RANGE, MAX_VALUE, 2 * most * size, left,
    )  # fmt: skip
    lots = gw.messages.Deposit(
        account="alice", value=most, scope=Scope.POSITION, instrument=JUNE, price=1
    )
    report = exchange.send(lots)[0]
    assert (report.reason, report.headroom) == (Reason.VALUE_OUT_OF_RANGE, left)
    assert not set_cell(exchange, 1, 1, 3, 3 * size).refused
    report = set_cell(exchange, 0, 0, 0, 1)
    assert (report.reason, report.observed) == (Reason.VALUE_OUT_OF_RANGE, 3 * most * size)
    assert not exchange.replace("alice", 1, cl_ord_id=3, order_qty=most - 1)[0].refused
    exchange.cancel("alice", 3)
    assert margin(exchange) == 0


def test_an_instrument_needs_a_contract() -> None:
    exchange = gw.Exchange()
    exchange.add_instrument("X", "FUTURE")
    row = np.zeros(1, gw.COMMAND)
    row["command"], row["scope"], row["entity"] = Command.SET, Scope.INSTRUMENT, 1
    row["attribute"], row["value"] = InstrumentAttr.MARGIN_MODEL, MarginModel.SCENARIO
    report = exchange.apply(row)[0]
    assert (report["reason"], report["limit"]) == (Reason.VALUE_NOT_ALLOWED, 3)


def test_an_option_that_was_not_paid_for_pays_for_no_risk() -> None:
    """Nobody pays a premium for what is margined, so a long option needs its whole risk."""
    given = example("index_options")
    model = Scenario(given)
    plain = replace(given, contracts=tuple(replace(c, style="futures") for c in given.contracts))
    calls = [c for c in given.contracts if c.kind == "OPTION" and c.style == "premium"]
    exchange = gw.Exchange()
    exchange.add_instrument("C", "OPTION")
    exchange.add_account("alice", cash=10**12)
    put_in_force(exchange, model, {"C": calls[0].name})
    exchange.deposit("alice", 10, instrument="C", price=100)
    needed = Scenario(plain).margin({calls[0].name: 10}).maintenance
    assert margin(exchange) == needed > model.margin({calls[0].name: 10}).maintenance
