"""The pre-trade check in front of an exchange: after every command its margins are those anew."""

from __future__ import annotations

import numpy as np
import pytest

import gridworks as gw
from domain.codes import Command, Reason
from domain.errors import InvalidField
from domain.tables import Table
from engine.exchange import Exchange
from risk.scenario import Gate, Scenario, example
from tests.properties.streams import seeded_stream


@pytest.mark.parametrize("seed", range(3))
def test_after_every_command_the_margins_are_those_worked_out_anew(seed: int) -> None:
    """Random streams of every kind of command, applied past the gate, which only follows."""
    model = Scenario(example("index_options"))
    exchange, names = Exchange(), list(model.tables.place)
    gate = Gate(model, exchange, dict(enumerate(names[:4], 1)))
    changed = 0
    commands = seeded_stream(seed, 250)
    for at in range(len(commands)):
        row = commands[at : at + 1]
        reports = exchange.apply(row)
        gate.learn(row, reports)
        nodes = exchange.table(Table.NODE)
        for account in np.flatnonzero(nodes["level"][1:] == 1) + 1:
            anew = gate.margin(account).maintenance
            assert gate.book(account).total == anew
            changed += anew > 0
    assert changed > 100


def _market(cash: int = 40_000_000) -> tuple[gw.Exchange, Gate]:
    exchange = gw.Exchange()
    for name in ("NIFTY-JUN", "NIFTY-JUL"):
        exchange.add_instrument(name, "FUTURE", multiplier=7_500, margin_model=1)
    exchange.add_account("alice", cash=cash)
    exchange.add_account("bob", cash=10**12)
    exchange.set_phase("CONTINUOUS")
    model = Scenario(example("index_futures"))
    return exchange, Gate(model, exchange, {1: "NIFTY-JUN", 2: "NIFTY-JUL"})


def _order(side: int, instrument: int, lots: int, number: int, account: int = 1) -> np.ndarray:
    row = np.zeros(1, gw.COMMAND)
    row["command"], row["account"], row["instrument"] = Command.NEW_ORDER, account, instrument
    row["side"], row["ord_type"], row["time_in_force"] = side, 2, 1
    row["order_qty"], row["price"], row["cl_ord_id"] = lots, 24_000, number
    return row


def test_a_hedge_may_enter_where_another_order_may_not() -> None:
    """One lot of June needs 204,900.00; alice has 400,000.00."""
    exchange, gate = _market()
    before = exchange.seq
    rows = np.concatenate([_order(1, 1, 1, 1), _order(1, 1, 1, 2)])
    reports = gate.apply(rows)
    assert reports["reason"].tolist() == [0, Reason.BUYING_POWER]
    refused = reports[1]
    assert (refused["limit"], refused["observed"]) == (40_000_000, 40_980_000)
    assert refused["headroom"] == 40_000_000 - 20_490_000
    gate.apply(_order(2, 1, 1, 9, account=2))  # bob sells to alice
    assert gate.book(1).parts["scan_risk"] == 16_740_000
    assert gate.apply(_order(1, 2, 1, 3))["reason"].tolist() == [Reason.BUYING_POWER]
    assert gate.apply(_order(2, 2, 1, 4))["reason"].tolist() == [0]  # a pending spread: charge only
    assert gate.book(1).total == gate.margin(1).maintenance
    gate.apply(_order(1, 2, 1, 10, account=2))
    assert gate.book(1).total < 3_000_000  # a calendar spread
    assert exchange.seq == before + 4  # what was held back is in no log


def test_replaces_and_quotes_count_what_they_add() -> None:
    exchange, gate = _market()
    gate.apply(_order(1, 1, 1, 1))
    larger = np.zeros(1, gw.COMMAND)
    larger["command"], larger["account"], larger["orig_cl_ord_id"] = Command.REPLACE_ORDER, 1, 1
    larger["order_qty"] = 2
    assert gate.apply(larger)["reason"].tolist() == [Reason.BUYING_POWER]
    by_number = larger.copy()
    by_number["orig_cl_ord_id"], by_number["order_id"] = 0, exchange.orders()["order_id"][0]
    assert not gate.ask(by_number[0]).allowed
    larger["order_qty"], larger["price"] = 0, 23_999
    assert gate.apply(larger)["reason"].tolist() == [0]
    exchange.cancel("alice", 1)
    gate = Gate(gate.model, exchange, gate.contracts)
    quote = np.zeros(1, gw.COMMAND)
    quote["command"], quote["account"], quote["instrument"] = Command.QUOTE, 1, 1
    quote["order_qty"], quote["price"], quote["offer_size"] = 1, 23_990, 1
    quote["offer_px"], quote["cl_ord_id"] = 24_010, 5
    assert gate.ask(quote[0]).added == 20_490_000
    gate.apply(quote)
    assert gate.ask(quote[0]).added == 0  # it replaces itself
    quote["offer_size"] = 2
    assert not gate.ask(quote[0]).allowed


def test_what_is_not_watched_passes() -> None:
    exchange, gate = _market()
    for row in (_order(1, 3, 10**9, 1), _order(1, 1, 10, 1, account=7), _order(1, 1, -5, 1)):
        assert gate.ask(row[0]).allowed
    assert len(gate.apply(np.zeros(0, gw.COMMAND))) == 0
    with pytest.raises(InvalidField, match="GOLD"):
        Gate(gate.model, exchange, {1: "GOLD"})
