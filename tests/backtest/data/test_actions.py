"""Splits and dividends: rows and adjusted prices give a holder the same return."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backtest.data import Dataset, actions, adjusted, bars, funding, listing, merge
from backtest.data.opening import open_data
from backtest.events import EventKind
from domain.errors import InvalidField
from tests.backtest.data.rows import DAY, PRICES, bar, dataset, event, rows

SHARE = listing("X", decimals=4)  # a tick, one cent, is 100 minor units


def held(events, multiplier):
    """What a share is worth at each close for who puts dividends back in at the close."""
    shares, cash, worth = Fraction(1), Fraction(0), []
    for row in events:
        if row["kind"] == EventKind.SPLIT:
            shares *= Fraction(int(row["qty"]), int(row["qty_2"]))
        elif row["kind"] == EventKind.DIVIDEND:
            cash += shares * Fraction(int(row["price"]), multiplier)
        else:
            shares += cash / int(row["price"])
            cash = Fraction(0)
            worth.append(shares * int(row["price"]))
    return [float(each) for each in worth]


act = st.one_of(
    st.tuples(st.just("split"), st.sampled_from([(2, 1), (3, 2), (1, 5), (7, 1)])),
    st.tuples(st.just("dividend"), st.integers(1, 200)),
)


@settings(max_examples=40)
@given(
    st.lists(st.tuples(st.integers(100, 20_000), st.lists(act, max_size=2)), min_size=2, max_size=6)
)
def test_both_give_the_same_return(days):
    made = []
    for day, (close, happened) in enumerate(days, 1):
        for kind, value in happened:
            cells = (
                {"kind": EventKind.SPLIT, "qty": value[0], "qty_2": value[1]}
                if kind == "split"
                else {"kind": EventKind.DIVIDEND, "price": value * 100}
            )
            made.append(event(day * DAY - DAY // 2, **cells))
        made.append(bar(day * DAY, close, qty=1000))
    data = Dataset.of(rows(*made), SHARE)
    worth = np.array(held(data.events(), SHARE.multiplier))
    smooth = adjusted(data, 3)
    prices = smooth.events()["price"] / 10**3
    assert smooth.listings[0].tick == SHARE.tick / 10**3
    assert smooth.listings[0].multiplier == SHARE.multiplier
    assert prices[-1] == days[-1][0]
    first = prices[0] if prices[0] else 1e-3
    np.testing.assert_allclose(prices / first, worth / worth[0], rtol=2e-3 / min(prices) + 1e-9)


def test_a_split_and_a_dividend_by_hand():
    table = pd.DataFrame(
        {"Stock Splits": ["2:1", 0.0], "Dividends": [0.0, 0.82]},
        index=pd.DatetimeIndex(["2024-03-08", "2024-03-11"]),
    )
    happened = actions(table, SHARE, tz="UTC")
    split, dividend = happened.events()
    assert (split["qty"], split["qty_2"]) == (2, 1)
    assert dividend["price"] == 8200  # 0.82 in units of 0.0001
    closes = pd.DataFrame(
        {name: [100.0, 50.0, 41.0] for name in PRICES} | {"volume": [10, 20, 30]},
        index=pd.DatetimeIndex(["2024-03-07", "2024-03-08", "2024-03-11"]),
    )
    data = merge(happened, bars(closes, SHARE, tz="UTC", period="1D"))
    assert data.events()["kind"].tolist() == [32, 48, 32, 49, 32]
    smooth = adjusted(data, digits=2).events()
    factor = Fraction(4100, 4100 + 82)
    assert smooth["price"].tolist() == [round(500_000 * factor), round(500_000 * factor), 410_000]
    assert smooth["qty"].tolist() == [20, 20, 30]
    assert smooth["high"].tolist() == smooth["price"].tolist()


def test_files_and_funding(tmp_path):
    (tmp_path / "a.csv").write_text("time,dividend\n2024-03-08,0.5\n2024-03-09,0\n")
    assert actions(tmp_path / "a.csv", SHARE, tz="UTC").events()["price"].tolist() == [5000]
    rates = {"time": [2, 1], "funding_rate": [0.0001, "-0.000000005"]}
    made = funding(rates, "X", unit="s").events()
    assert made[["time", "price"]].tolist() == [(10**9, -5), (2 * 10**9, 100_000)]
    assert set(made["kind"]) == {EventKind.FUNDING}
    with pytest.raises(InvalidField, match=r"row 0, rate .*a multiple of 0.000000001"):
        funding({"time": [1], "rate": [1e-10]}, "X", unit="s")
    source = f"{tmp_path / 'a.csv'}:format=actions,symbol=X,tz=UTC,decimals=4"
    assert open_data(source).count == 1


def test_other_instruments_and_quotes():
    data = dataset(
        event(1, EventKind.QUOTE, price=100, qty=3, price_2=102, qty_2=4),
        bar(DAY, 50, instrument=2),
        event(DAY + 1, EventKind.SPLIT, qty=2, qty_2=1),
        event(DAY + 2, EventKind.DIVIDEND, price=5),
        symbols=("X", "Y"),
    )  # fmt: skip
    smooth = adjusted(data, digits=0).events()
    assert smooth[["price", "price_2", "qty"]].tolist() == [(50, 51, 3), (50, 0, 100)]


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"split": ["none"]}, "row 0, split is 'none'"),
        ({"split": ["1:0"]}, "row 0, split"),
        ({"split": [-2]}, "row 0, split"),
        ({"split": [0.3333333333]}, "write a third as 1:3"),
        ({"dividend": [-1.0]}, "row 0, dividend"),
        ({"dividend": ["x"]}, "row 0, dividend is 'x'"),
        ({"dividend": [0.00001]}, "with more decimals"),
        ({"other": [1]}, "column split"),
    ],
)
def test_bad_actions(cells, message):
    with pytest.raises(InvalidField, match=message):
        actions({"time": ["2024-03-01"]} | cells, SHARE, tz="UTC")


def test_prices_that_leave_the_bounds():
    data = dataset(bar(1, 2**39), event(2, EventKind.SPLIT, qty=1, qty_2=1000), bar(3, 2**39))
    with pytest.raises(InvalidField, match="fewer digits"):
        adjusted(data).events()
    with pytest.raises(InvalidField, match="digits is 9"):
        adjusted(data, digits=9)
