"""Each control of the profile of the United States, seen to refuse; docs/compliance.md."""

from __future__ import annotations

import pytest

import gridworks as gw
from domain.attributes import PositionAttr
from tests.gridworks.profiles.venue import Venue

DAY = 86_400 * 10**9


def test_us_credit_threshold() -> None:
    venue = Venue("us", keep=("credit_threshold",))
    assert venue.reason("BUY", 50_001) == "OPEN_VALUE"
    for _ in range(2):
        venue.trade(50_000)
    assert venue.reason("BUY", 1) == "GROSS_EXPOSURE"


def test_us_erroneous_order() -> None:
    venue = Venue("us", keep=("erroneous_order",))
    assert venue.reason("BUY", 100_001, 1_000) == "ORDER_QTY_LIMIT"
    assert venue.reason("BUY", 20_001) == "ORDER_VALUE_LIMIT"
    assert venue.reason("BUY", 1, 10_501) == "FAT_FINGER_BPS"
    assert venue.reason("BUY", 20_000) == "NONE"


def test_us_duplicative_order() -> None:
    venue = Venue("us", keep=("duplicative_order",))
    assert venue.reason("BUY", 7, 9_000) == "NONE"
    assert venue.reason("BUY", 7, 9_000) == "DUPLICATE_WINDOW"
    found = [venue.reason("BUY", 100 + n, 9_000) for n in range(100)]
    assert found == ["NONE"] * 99 + ["ORDER_RATE"]


def test_us_restricted_security() -> None:
    venue = Venue("us", keep=("restricted_security",))
    venue.exchange.send(
        gw.messages.Setting(
            scope=gw.Scope.POSITION, entity="alice", instrument="ACME",
            attribute=PositionAttr.RESTRICTED, value=1,
        )
    )  # fmt: skip
    assert venue.reason("BUY", 1) == "INSTRUMENT_RESTRICTED"
    assert venue.reason("BUY", 1, who="alice-2") == "NONE"


def test_us_regulation_t() -> None:
    venue = Venue("us", keep=("regulation_t",), cash=50_000_000)
    assert venue.reason("BUY", 10_001) == "BUYING_POWER"
    assert venue.reason("SELL", 10_001) == "BUYING_POWER"
    assert venue.reason("BUY", 10_000) == "NONE"


@pytest.mark.parametrize("cash", [2_000_000, 3_000_000])
def test_us_pattern_day_trader(cash: int) -> None:
    venue = Venue("us", keep=("pattern_day_trader", "regulation_t"), cash=cash)
    settings = venue.profile.controls["pattern_day_trader"].settings
    monitor = gw.profiles.PatternDayTrader(**settings)
    monday = 20_000 * DAY + 4 * DAY  # 2024-10-07
    for day in range(4):
        for side, other in (("BUY", "SELL"), ("SELL", "BUY")):
            for who, way in (("maker", other), ("alice", side)):
                sent = gw.NewOrder(
                    account=who, instrument="ACME", side=gw.Side[way], order_qty=10, price=10_000,
                    cl_ord_id=day * 10 + (way == "BUY") + 1, transact_time=monday + day * DAY,
                )  # fmt: skip
                reports = venue.exchange.send(sent)
        monitor.observe(venue.new_rows())
        assert reports[-1].last_qty == 10
        venue.exchange.send(*monitor.review(venue.exchange))
        alice = venue.exchange.number("node", "alice")
        assert (alice in monitor.flagged) == (day == 3)
    expected = "CLOSE_ONLY" if cash < 2_500_000 else "NONE"
    assert venue.reason("BUY", 1) == expected
    if expected == "CLOSE_ONLY":
        venue.exchange.deposit("alice", 1_000_000)
        venue.exchange.send(*monitor.review(venue.exchange))
        assert venue.reason("BUY", 1) == "NONE"


def test_us_locate() -> None:
    venue = Venue("us", keep=("locate",))
    assert venue.reason("SELL", 1) == "LOCATE_REQUIRED"
    assert venue.reason("SELL_SHORT", 1) == "LOCATE_REQUIRED"
    assert venue.reason("SELL_SHORT_EXEMPT", 1) == "NONE"
    assert venue.reason("SELL", 1, who="maker") == "NONE"  # holds shares


def test_us_limit_up_limit_down() -> None:
    venue = Venue("us", keep=("limit_up_limit_down",))
    assert venue.reason("BUY", 1, 10_501) == "DYNAMIC_BAND"
    assert venue.reason("BUY", 1, 10_500) == "NONE"


def day_trades(*fills: tuple[int, int]) -> int:
    """Day trades of one account among (day, signed quantity)."""
    from gridworks.profiles.monitors import _Today

    book = _Today()
    return sum(book.fill(day, signed) for day, signed in fills)


@pytest.mark.parametrize(
    ("fills", "count"),
    [
        (((1, 10), (1, -10)), 1),
        (((1, -10), (1, 10)), 1),  # short, covered
        (((1, 10), (1, -4), (1, -6)), 1),  # closed in two fills
        (((1, 10), (1, -4), (1, 4), (1, -10)), 2),
        (((1, 10), (2, -10)), 0),  # held over night
        (((1, 10), (2, -10), (2, 10)), 0),  # what was held is sold, then bought again
        (((1, 10), (2, 5), (2, -5)), 1),
        (((1, 10), (1, -20), (1, 10)), 2),  # through 0 to a short, which is covered
    ],
)
def test_day_trades_are_counted_by_what_was_opened_on_the_day(
    fills: tuple[tuple[int, int], ...], count: int
) -> None:
    assert day_trades(*fills) == count
