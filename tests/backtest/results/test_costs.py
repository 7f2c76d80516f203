"""Orders and what they cost, by hand."""

import numpy as np
import pytest

from backtest.events import EVENT, EventKind
from backtest.results import Result
from domain.codes import ExecType, OrdStatus, OrdType, Reason, Side
from tests.backtest.results.build import DAY, START, order, record_of, report

MARKS = [[100], [104], [110], [108]]


def a_record():
    """A purchase of 10 lots decided at 100, of which 6 were executed at 103; and a refused sale."""
    bought = order(START + 5, 1, 10, [(START + 9, 4, 102, 3), (START + 10, 2, 105, 2)], 1)
    ended = report(
        instrument=1, order_id=1, cl_ord_id=1, side=Side.BUY, order_qty=10, cum_qty=6,
        cum_value=4 * 102 + 2 * 105, exec_type=ExecType.CANCELED, ord_type=OrdType.MARKET,
        ord_status=OrdStatus.CANCELED, reason=Reason.UNFILLED_REMAINDER, seq=1,
        transact_time=START + 2 * DAY,
    )  # fmt: skip
    refused = report(
        instrument=1, cl_ord_id=2, side=Side.SELL_SHORT, order_qty=5, seq=2, price=120,
        ord_type=OrdType.LIMIT, exec_type=ExecType.REJECTED, ord_status=OrdStatus.REJECTED,
        reason=Reason.SHORT_SALE_FORBIDDEN, transact_time=START + DAY,
    )  # fmt: skip
    fills = [(1, 1, 4, 102, 3), (1, 1, 2, 105, 2)]
    reports = [*bought, refused, ended]
    arrivals = np.array([[100, 102], [0, 0], [0, 0], [0, 0], [0, 0]])
    return record_of(fills, MARKS, multiplier=100, reports=reports, arrivals=arrivals)


def test_implementation_shortfall_by_hand():
    """Arrival mid 101, average 103, mark at the end 110, and the paper portfolio agrees."""
    record = a_record()
    (row,) = Result(record).costs.to_dict("records")
    assert (row["decision"], row["arrival"], row["average"]) == (1.00, 1.01, 1.03)
    assert (row["qty"], row["filled"]) == (10, 6)
    assert row["delay"] == pytest.approx(6.0)
    assert row["execution"] == pytest.approx(12.0)
    assert row["opportunity"] == pytest.approx(40.0)
    assert row["fees"] == pytest.approx(0.05)
    paper = 10 * (110 - 100) * 100
    real = 6 * 110 * 100 - (4 * 102 + 2 * 105) * 100 - 5
    assert row["shortfall"] == pytest.approx((paper - real) / 100)
    assert row["bps"] == pytest.approx(58.05 / 1000.0 * 1e4)
    assert Result(record).measures["shortfall_bps"] == pytest.approx(row["bps"])
    assert np.isnan(row["vwap"])


def test_a_sale_costs_when_the_price_falls():
    record = record_of([], MARKS, reports=order(START + 1, 1, -5, [(START + 2, 5, 97, 0)], 1))
    (row,) = Result(record).costs.to_dict("records")
    assert row["shortfall"] == row["execution"] == pytest.approx(0.15)  # no quote: arrival 100


def test_the_market_is_its_trades_or_its_bars():
    market = np.zeros(4, EVENT)
    market["instrument"], market["kind"] = 1, EventKind.TRADE
    market["time"] = START + np.array([4, 5, 10, 2 * DAY + 1])
    market["price"], market["qty"] = [50, 100, 106, 500], [9, 1, 2, 9]
    (row,) = Result(a_record(), market=market).costs.to_dict("records")
    assert row["vwap"] == pytest.approx(1.04)
    assert row["against_vwap"] == pytest.approx(-6.0)
    market["kind"], market["start"] = EventKind.BAR, market["time"] - 1
    market["high"] = market["low"] = market["price"]
    market["high"][1] = 103
    (row,) = Result(a_record(), market=market).costs.to_dict("records")
    assert row["vwap"] == pytest.approx(1.06)  # the one before closed when the order came
    market["time"][1] += 1
    (row,) = Result(a_record(), market=market).costs.to_dict("records")
    assert row["vwap"] == pytest.approx((101 + 2 * 106) / 300)


def test_orders_have_their_whole_life_in_one_row():
    bought, refused = Result(a_record()).orders.to_dict("records")
    assert bought["time"] < bought["end"]
    assert (bought["side"], bought["type"], bought["status"]) == ("BUY", "MARKET", "CANCELED")
    assert (bought["filled"], bought["avg_px"], bought["fees"]) == (6, 1.03, 0.05)
    assert bought["reason"] == "UNFILLED_REMAINDER"
    assert (refused["status"], refused["reason"]) == ("REJECTED", "SHORT_SALE_FORBIDDEN")
    assert (refused["price"], refused["filled"]) == (1.20, 0)
    found = Result(a_record()).measures
    assert (found["orders"], found["executions"], found["rejects"]) == (2, 2, 1)


def test_a_stop_costs_from_its_trigger_on():
    common = {"instrument": 1, "side": Side.BUY, "order_qty": 2, "ord_type": OrdType.STOP}
    went_off = [
        report(transact_time=START, order_id=1, ord_status=OrdStatus.SUSPENDED, **common),
        report(transact_time=START + DAY, order_id=1, exec_type=ExecType.TRIGGERED, **common),
        report(
            transact_time=START + DAY, order_id=1, exec_type=ExecType.TRADE, last_qty=2,
            last_px=105, cum_qty=2, cum_value=210, **common,
        ),
    ]  # fmt: skip
    waited = report(transact_time=START, order_id=2, ord_status=OrdStatus.SUSPENDED, **common)
    arrivals = np.array([[10, 11], [10, 11], [103, 105], [0, 0]])
    reports = [went_off[0], waited, *went_off[1:]]
    record = record_of([(1, 1, 2, 105, 0)], MARKS, reports=reports, arrivals=arrivals)
    (row,) = Result(record).costs.to_dict("records")
    assert (row["decision"], row["arrival"], row["execution"]) == (1.04, 1.04, pytest.approx(0.02))
    assert len(Result(record).orders) == 2


def test_a_leg_that_its_sibling_has_ended_missed_nothing():
    leg = order(START + 1, 1, -5, [], 1)
    ended = report(
        instrument=1, order_id=1, side=Side.SELL, order_qty=5, exec_type=ExecType.CANCELED,
        reason=Reason.CANCELED_BY_LINK, transact_time=START + DAY,
    )  # fmt: skip
    assert Result(record_of([], MARKS, reports=[*leg, ended])).costs.empty
    by_user = ended.copy()
    by_user["reason"] = Reason.CANCELED_BY_USER
    assert len(Result(record_of([], MARKS, reports=[*leg, by_user])).costs) == 1


def test_executions_carry_the_price_the_fee_and_the_value():
    first, second = Result(a_record()).executions.to_dict("records")
    assert (first["qty"], first["price"], first["value"], first["fee"]) == (4, 1.02, 408.0, 0.03)
    assert (second["order_id"], second["side"]) == (1, "BUY")
