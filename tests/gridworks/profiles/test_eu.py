"""Each control of the profile of the European Union, seen to refuse; docs/compliance.md."""

from __future__ import annotations

import gridworks as gw
from tests.gridworks.profiles.venue import Venue


def test_eu_price_collar() -> None:
    venue = Venue("eu", keep=("price_collar",))
    assert venue.reason("BUY", 1, 10_501) == "FAT_FINGER_BPS"
    assert venue.reason("SELL", 1, 9_499, who="maker") == "FAT_FINGER_BPS"
    assert venue.reason("BUY", 1, 10_500) == "NONE"


def test_eu_order_value() -> None:
    venue = Venue("eu", keep=("order_value",))
    assert venue.reason("BUY", 50_001) == "ORDER_VALUE_LIMIT"
    assert venue.reason("BUY", 50_000) == "NONE"


def test_eu_order_volume() -> None:
    venue = Venue("eu", keep=("order_volume",))
    assert venue.reason("BUY", 100_001) == "ORDER_QTY_LIMIT"
    assert venue.reason("BUY", 100_000) == "NONE"


def test_eu_message_limit() -> None:
    venue = Venue("eu", keep=("message_limit",))
    assert [venue.reason("BUY", 1, 9_000) for _ in range(51)][-2:] == ["NONE", "ORDER_RATE"]
    replaces = [
        venue.exchange.replace("alice", 1, cl_ord_id=1, order_qty=2 + n, price=9_000)[0]
        for n in range(51)
    ]
    assert [r.reason.name for r in replaces[-2:]] == ["NONE", "REPLACE_RATE"]
    venue = Venue("eu", keep=("message_limit",))
    for second in (1, 2):
        at = second * 10**9
        assert {venue.reason("BUY", 1, 9_000, transact_time=at) for _ in range(50)} == {"NONE"}
    for number in range(1, 61):  # cancels are never refused, but counted
        assert not venue.exchange.cancel("alice", number, transact_time=3 * 10**9)[0].refused
    assert venue.reason("BUY", 1, 9_000, transact_time=3 * 10**9) == "CANCEL_RATE"


def test_eu_execution_throttle() -> None:
    venue = Venue("eu", keep=("execution_throttle",))
    venue.order("SELL", 1_000, who="maker")
    reasons = [venue.reason("BUY", 1) for _ in range(402)]
    assert reasons[0] == "NONE"
    assert reasons[-1] == "EXECUTION_THROTTLED"
    venue.exchange.send(gw.messages.Rearm(scope=gw.Scope.NODE, entity="alice"))
    assert venue.reason("BUY", 1) == "NONE"


def test_eu_credit_limit() -> None:
    venue = Venue("eu", keep=("credit_limit",))
    assert venue.reason("BUY", 50_001) == "OPEN_VALUE"
    for _ in range(2):
        venue.trade(50_000)
    assert venue.reason("BUY", 1) == "GROSS_EXPOSURE"


def test_eu_kill_functionality() -> None:
    venue = Venue("eu", keep=("kill_functionality",))
    assert venue.reason("BUY", 1, 9_000) == "NONE"
    reports = venue.exchange.send(gw.messages.KillOn(scope=gw.Scope.NODE, entity="pan"))
    assert reports[-1].reason.name == "CANCELED_BY_KILL"
    assert venue.reason("BUY", 1, 9_000) == "NODE_KILLED"
    venue.exchange.send(gw.messages.KillOff(scope=gw.Scope.NODE, entity="pan"))
    assert venue.reason("BUY", 1, 9_000) == "NONE"


def test_eu_algo_id() -> None:
    venue = Venue("eu", keep=("algo_id",))
    assert venue.reason("BUY", 1) == "ALGO_ID_REQUIRED"
    assert venue.reason("BUY", 1, algo_id=1) == "NONE"


def test_eu_trading_halt() -> None:
    venue = Venue("eu", keep=("trading_halt",))
    venue.trade(1)
    assert venue.reason("SELL", 5, 10_600, who="maker") == "NONE"
    assert venue.reason("BUY", 5, 10_600) == "NONE"  # would trade 6 % away
    phases = venue.exchange.instruments().set_index("instrument")["phase"]
    assert phases["ACME"] == "VOLATILITY_AUCTION"
    assert venue.reason("BUY", 1, time_in_force="IOC") == "PHASE_FORBIDS"
    assert phases["NIFTY-FUT"] == "CONTINUOUS"


def test_eu_venue_order_limits() -> None:
    venue = Venue("eu", keep=("venue_order_limits",))
    assert venue.reason("BUY", 1_000_001, 1) == "MAX_QTY"
    assert venue.reason("BUY", 100_001) == "MAX_VALUE"
    assert venue.reason("BUY", 100_000) == "NONE"


def test_eu_order_to_trade() -> None:
    venue = Venue("eu", keep=("order_to_trade",))
    reasons = [venue.reason("BUY", 1, 9_000) for _ in range(1_001)]
    assert reasons[-2:] == ["NONE", "ORDER_TO_TRADE"]
