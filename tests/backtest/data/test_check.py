"""The report of what is wrong with data: each rule finds what was planted, and nothing else."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data import bars, listing, validate, without
from backtest.data.spikes import Spikes
from backtest.events import EventKind
from domain.codes import Side
from domain.errors import InvalidField
from tests.backtest.data.rows import DAY, PRICES, bar, dataset, event, rows

QUOTE = {"price": 100, "qty": 1, "price_2": 101, "qty_2": 1}


def quiet(days=60, number=1):
    """Bars that wander by a few ticks."""
    shape = {"high": 10_010, "low": 9_990}
    return [bar(d * DAY, 10_000 + d * 7 % 5, number, **shape) for d in range(1, days + 1)]


def found(report):
    return {(each.rule, each.symbol, each.row, each.column, each.count) for each in report.findings}


def spoiled(at, **cells):
    made = quiet()
    for name, value in cells.items():
        made[at][name] = value
    return made


PLANTED = [
    (spoiled(9, price=0, low=0), {(rule, "X", 9, column, 1)
                                  for rule in ("price of zero or less", "bad tick")
                                  for column in ("close", "low")}),
    (spoiled(30, high=9_985), {("high below low", "X", 30, "high", 1)}),
    (spoiled(3, open=15_000), {("open outside high and low", "X", 3, "open", 1)}),
    (spoiled(3, price=10_011), {("close outside high and low", "X", 3, "close", 1)}),
    (spoiled(3, qty=-1), {("negative quantity", "X", 3, "volume", 1)}),
    (spoiled(3, start=4 * DAY), {("bar without a length", "X", 3, "start", 1)}),
    (spoiled(59, price=99_999, high=99_999), {("bad tick", "X", 59, "close", 1),
                                          ("bad tick", "X", 59, "high", 1)}),
    (spoiled(0, low=1), {("bad tick", "X", 0, "low", 1)}),
    ([*quiet(10), bar(10 * DAY, 10_000)], {("duplicate", "X", 10, "time", 1)}),
    ([*quiet(10), bar(30 * DAY, 10_000)], {("gap", "X", 10, "time", 1)}),
    ([event(5, EventKind.QUOTE, **QUOTE), event(5, EventKind.QUOTE, **QUOTE)],
     {("duplicate", "X", 1, "time", 1)}),
    ([event(5, EventKind.QUOTE, **QUOTE | {"price": 102})], {("crossed quote", "X", 0, "bid", 1)}),
    ([event(5, EventKind.QUOTE, **QUOTE | {"qty_2": -1})],
     {("negative quantity", "X", 0, "ask_qty", 1)}),
    ([event(5, price=10, qty=1, ref=7), event(5, price=10, qty=1, ref=7)],
     {("duplicate", "X", 1, "time", 1)}),
    ([event(5, price=10, qty=0)], {("empty trade", "X", 0, "qty", 1)}),
    ([event(5, EventKind.ADD, price=10, qty=1)], {("side missing", "X", 0, "side", 1)}),
]  # fmt: skip


@pytest.mark.parametrize(("made", "wanted"), PLANTED)
def test_what_is_planted_is_found(made, wanted):
    data = dataset(*made)
    report = validate(data)
    assert found(report) == wanted
    assert not report.ok
    first = min(wanted, key=lambda each: each[2])
    with pytest.raises(InvalidField, match=f"X, row {first[2]}, "):
        validate(data, strict=True)
    cleaned = without(data, report)
    assert cleaned.count == len(made) - len(report.bad_rows())
    kinds = {each.rule for each in validate(cleaned).findings}
    assert kinds <= {"gap"}


def test_good_data():
    fine = [
        *quiet(), event(61 * DAY, EventKind.QUOTE, **QUOTE), event(61 * DAY, price=10, qty=1),
        event(61 * DAY, price=10, qty=1),
        event(61 * DAY, EventKind.ADD, price=1, qty=1, side=Side.BUY),
        event(61 * DAY, EventKind.QUOTE, price_2=3, qty_2=1),
    ]  # fmt: skip
    report = validate(dataset(*fine))
    assert report.ok, str(report)
    assert str(report) == "65 rows, 1970-01-02 00:00:00 to 1970-03-03 00:00:00: nothing wrong"
    assert validate(rows(), [listing("X")]).rows == 0


def test_plain_rows_may_be_out_of_order():
    report = validate(rows(bar(2 * DAY, 5), bar(DAY, 5), bar(3 * DAY, 5, 2)), [listing("X")])
    assert ("out of order", "X", 1, "time", 1) in found(report)
    text = str(report).splitlines()
    assert text[1].split()[:3] == ["rule", "instrument", "rows"]
    assert "1970-01-02 00:00:00" in text[2]
    with pytest.raises(InvalidField, match="rule is 'gaps'; allowed: out of order"):
        report.bad_rows("gaps")


def test_gaps_know_the_calendar():
    def made(*dates):
        frame = pd.DataFrame(dict.fromkeys(PRICES, 10.0), list(dates))
        return bars(frame, "X", tz="America/New_York", period="1D")

    easter = ("2024-03-27", "2024-03-28", "2024-04-01")
    assert validate(made(*easter), calendar="XNYS").ok
    report = validate(made("2024-03-27", "2024-04-01"), calendar="XNYS")
    assert found(report) == {("gap", "X", 1, "time", 1)}
    index = pd.DatetimeIndex(
        ["2024-03-28 15:58", "2024-03-28 15:59", "2024-04-01 09:30", "2024-04-01 09:33"]
    )
    frame = pd.DataFrame(dict.fromkeys(PRICES, 10.0), index)
    minutes = bars(frame, "X", tz="America/New_York", period="1min")
    assert found(validate(minutes, calendar="XNYS")) == {("gap", "X", 3, "time", 1)}
    assert found(validate(minutes)) == {("gap", "X", 2, "time", 1)}
    assert found(validate(minutes, gap="1min")) == {("gap", "X", 2, "time", 2)}
    with pytest.raises(InvalidField, match="calendar"):
        validate(rows(), calendar="XNYS")
    with pytest.raises(InvalidField, match="width"):
        validate(minutes, width=0)


@given(
    st.lists(st.integers(900, 1100), min_size=1, max_size=120), st.lists(st.integers(0, 119)),
    st.lists(st.integers(0, 120), max_size=5),
)  # fmt: skip
def test_spikes_do_not_depend_on_the_pieces(prices, wild, cuts):
    prices = np.array(prices)
    for at in {place % len(prices) for place in wild}:
        prices[at] *= 20
    numbers = np.arange(len(prices))
    held = np.zeros(len(prices), rows().dtype)

    def judged(edges):
        spikes = Spikes(10.0)
        parts = [
            spikes.add(p.astype(float), r, n)[1]
            for p, r, n in zip(*(np.split(each, sorted(edges)) for each in (prices, held, numbers)))
        ]
        return np.concatenate([*parts, spikes.end()[1]]).tolist()

    whole = judged([])
    assert judged([cut % (len(prices) + 1) for cut in cuts]) == whole
    obvious = []
    for at in range(len(prices)):
        first = min(max(at - 10, 0), max(len(prices) - 21, 0))
        around = prices[first : first + 21]
        middle = np.median(around)
        apart = np.median(abs(around - middle))
        if abs(prices[at] - middle) > 10 * max(1.4826 * apart, 0.001 * middle, 1):
            obvious.append(at)
    assert whole == obvious


def test_a_level_that_stays_is_no_spike():
    made = [bar(d * DAY, 1000 + d % 3) for d in range(1, 40)]
    made += [bar(d * DAY, 300 + d % 3) for d in range(40, 80)]
    assert validate(dataset(*made)).ok


def test_somebody_elses_data(vectors):
    """23 years of a fund without a missing session; a low of 67.50 in a stock at 340."""
    file = vectors("market/lean/equity/usa/daily/goog.zip")

    def read(name):
        names = ["time", *PRICES, "volume"]
        frame = pd.read_csv(file.with_name(f"{name}.zip"), names=names)
        frame["time"] = pd.to_datetime(frame["time"], format="%Y%m%d %H:%M")
        frame[list(PRICES)] /= 10_000
        return bars(frame, name, tz="America/New_York", tick="0.0001", period="1D")

    spy = validate(read("spy"), calendar="XNYS")
    assert spy.rows == 5849
    assert {each.rule for each in spy.findings} == {"bad tick"}
    (wrong,) = validate(read("goog"), calendar="XNYS").findings
    assert (wrong.column, float(wrong.value), wrong.count) == ("low", 67.5, 1)
