"""Each control of the profile of India, seen to refuse; docs/compliance.md names these tests."""

from __future__ import annotations

import gridworks as gw
from tests.gridworks.profiles.venue import Venue


def test_india_price_band() -> None:
    venue = Venue("india", keep=("price_band",))
    assert venue.reason("BUY", 1, 11_001) == "DYNAMIC_BAND"
    assert venue.reason("SELL", 1, 8_999) == "DYNAMIC_BAND"
    assert venue.reason("BUY", 1, 11_001, symbol="NIFTY-FUT") == "DYNAMIC_BAND"
    for _ in range(50):  # trades in the outer hundredth widen the band by 5 %
        venue.trade(1, 10_990)
    assert venue.reason("BUY", 1, 11_500) == "NONE"
    assert venue.reason("BUY", 1, 11_501) == "DYNAMIC_BAND"


def test_india_order_value() -> None:
    venue = Venue("india", keep=("order_value",))
    assert venue.reason("BUY", 1_000_001) == "ORDER_VALUE_LIMIT"
    assert venue.reason("BUY", 1_000_000) == "NONE"


def test_india_order_quantity() -> None:
    venue = Venue("india", keep=("order_quantity",))
    assert venue.reason("BUY", 500_001) == "ORDER_QTY_LIMIT"
    assert venue.reason("BUY", 500_000) == "NONE"


def test_india_freeze_quantity() -> None:
    venue = Venue("india", keep=("freeze_quantity",))
    assert venue.reason("BUY", 1_801, symbol="NIFTY-FUT") == "FREEZE_QTY"
    assert venue.reason("BUY", 1_800, symbol="NIFTY-FUT") == "NONE"
    assert venue.reason("BUY", 5_000, symbol="BETA-FUT") == "NONE"


def test_india_order_rate() -> None:
    venue = Venue("india", keep=("order_rate",))
    assert [venue.reason("BUY", 1, 9_000) for _ in range(11)] == ["NONE"] * 10 + ["ORDER_RATE"]
    assert venue.reason("BUY", 1, 9_000, who="maker") == "NONE"


def test_india_algo_id() -> None:
    venue = Venue("india", keep=("algo_id",))
    assert venue.reason("BUY", 1) == "ALGO_ID_REQUIRED"
    assert venue.reason("BUY", 1, algo_id=7) == "ALGO_ID_UNKNOWN"
    assert venue.reason("BUY", 1, algo_id=1) == "NONE"


def test_india_risk_reduction_mode() -> None:
    venue = Venue("india", keep=("risk_reduction_mode", "var_elm"), cash=10_000_000)
    venue.trade(7_300)  # 12.5 % of 73 million is 91 % of the collateral
    assert venue.reason("SELL", 1) == "RISK_REDUCTION_MODE"
    assert venue.reason("SELL", 1_000, time_in_force="IOC") == "NONE"  # nothing to trade with
    venue.order("BUY", 1_000, who="maker")
    assert venue.order("SELL", 1_000, time_in_force="IOC")[-1].last_qty == 1_000
    assert venue.reason("SELL", 1) == "NONE"  # 79 %: left


def test_india_market_wide_position_limit() -> None:
    venue = Venue("india", keep=("market_wide_position_limit",))
    monitor = gw.profiles.MarketWideLimit(
        {"NIFTY": 100}, {"NIFTY": ["NIFTY-FUT"]},
        **venue.profile.controls["market_wide_position_limit"].settings,
    )  # fmt: skip

    def review() -> None:
        venue.exchange.send(*monitor.review(venue.exchange))

    venue.trade(94, symbol="NIFTY-FUT")
    assert monitor.review(venue.exchange) == []
    venue.trade(1, symbol="NIFTY-FUT")
    review()
    assert monitor.open_interest(venue.exchange) == {"NIFTY": 95}
    assert venue.reason("BUY", 1, symbol="NIFTY-FUT") == "POSITION_LIMIT"
    assert venue.reason("SELL", 2, symbol="NIFTY-FUT", who="maker") == "POSITION_LIMIT"
    assert venue.reason("BUY", 1, symbol="NIFTY-FUT", who="alice-2") == "INSTRUMENT_RESTRICTED"
    assert venue.reason("BUY", 1, symbol="BETA-FUT") == "NONE"
    venue.trade(10, symbol="NIFTY-FUT", buyer="maker", seller="alice")  # both come nearer to 0
    review()
    assert monitor.banned == {"NIFTY"}  # 85 %
    venue.trade(5, symbol="NIFTY-FUT", buyer="maker", seller="alice")
    review()
    assert monitor.banned == set()
    for who in ("alice", "alice-2"):
        assert venue.reason("BUY", 3, 9_000, symbol="NIFTY-FUT", who=who) == "NONE"


def test_india_self_trade_prevention() -> None:
    venue = Venue("india", keep=("self_trade_prevention",))
    assert venue.reason("SELL", 5, who="alice-2", symbol="NIFTY-FUT") == "NONE"
    reports = venue.order("BUY", 5, symbol="NIFTY-FUT")
    canceled = [r for r in reports if r.exec_type.name == "CANCELED"]
    assert [(r.reason.name, r.side.name) for r in canceled] == [("SELF_TRADE", "SELL")]
    assert not any(r.last_qty for r in reports)
    assert venue.order("SELL", 5, who="maker", symbol="NIFTY-FUT")[-1].last_qty == 5


def test_india_var_elm() -> None:
    venue = Venue("india", keep=("var_elm",), cash=12_500_000)
    assert venue.reason("BUY", 10_001) == "BUYING_POWER"  # 12.5 % of 100 million
    assert venue.reason("BUY", 10_000) == "NONE"


def test_india_span_exposure() -> None:
    venue = Venue("india", keep=("span_exposure",), cash=11_300_000)
    assert venue.reason("BUY", 10_001, symbol="NIFTY-FUT") == "BUYING_POWER"  # 9.3 % and 2 %
    assert venue.reason("BUY", 6_385, symbol="BETA-FUT") == "BUYING_POWER"  # 14.2 % and 3.5 %
    assert venue.reason("BUY", 6_384, symbol="BETA-FUT") == "NONE"
