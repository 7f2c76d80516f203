"""Longer bars: against the obvious way, whatever the chunks; calendars and their phases."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data import bars as bars_of
from backtest.data import merge, on_sessions, phases, resample, within_sessions
from backtest.data.resample import _Resampler
from backtest.events import EventKind
from domain.codes import Phase
from domain.errors import InvalidField
from tests.backtest.data.rows import DAY, PRICES, S, bar, dataset, event

MINUTE = 60 * S
prints = st.lists(
    st.tuples(st.integers(0, 30), st.integers(1, 50), st.integers(1, 9), st.integers(1, 2)),
    min_size=1, max_size=40,
).map(sorted)  # fmt: skip


def obvious(drawn):
    found = {}
    for minute, price, qty, number in drawn:
        found.setdefault((minute // 5, number), []).append((price, qty))
    return [
        (
            (five + 1) * 5 * MINUTE + DAY, number, part[0][0], max(p for p, _ in part),
            min(p for p, _ in part), part[-1][0], sum(q for _, q in part),
        )
        for (five, number), part in sorted(found.items())
    ]  # fmt: skip


def shown(events):
    names = ("time", "instrument", "open", "high", "low", "price", "qty")
    return [tuple(int(row[name]) for name in names) for row in events]


@given(prints, st.integers(1, 50))
def test_bars_of_trades_and_of_bars(drawn, size):
    trades = dataset(
        *(event(DAY + m * MINUTE + 1, price=p, qty=q, instrument=n) for m, p, q, n in drawn),
        symbols=("A", "B"),
    )
    wanted = obvious(drawn)
    made = resample(trades, "5min")
    assert shown(made.events()) == wanted
    pieces = iter(np.split(trades.events(), range(size, len(drawn), size)))
    again = np.concatenate(list(_Resampler(5 * MINUTE, "trades").through(pieces)))
    assert shown(again) == wanted
    minutes = resample(trades, "1min")
    assert shown(resample(minutes, "5min", "bars").events()) == wanted


def test_what_stays_and_what_is_refused():
    data = dataset(
        event(1, EventKind.SPLIT, qty=2, qty_2=1), event(2, EventKind.QUOTE, price=1, qty=1),
        bar(MINUTE, 5, length=MINUTE, qty_2=7), bar(2 * MINUTE, 6, length=MINUTE, qty_2=8),
    )  # fmt: skip
    made = resample(data, 120, "bars").events()
    assert made["kind"].tolist() == [EventKind.SPLIT, EventKind.BAR]
    assert (made["qty"][1], made["qty_2"][1]) == (200, 8)
    with pytest.raises(InvalidField, match="there are no trades"):
        resample(data, 120).events()
    with pytest.raises(InvalidField, match=r"bar is '60 s.*inside the 90 s"):
        resample(data, 90, "bars").events()
    with pytest.raises(InvalidField, match="of is"):
        resample(data, 90, "quotes")


def days(*dates, tz="UTC"):
    frame = pd.DataFrame(dict.fromkeys(PRICES, 10.0), pd.DatetimeIndex(dates))
    return bars_of(frame, "X", tz=tz, period="1D")


@pytest.mark.parametrize("tz", ["UTC", "America/New_York"])
def test_daily_bars_on_sessions(tz):
    made = on_sessions(days("2024-03-08", "2024-03-11", "2024-11-29", tz=tz), "XNYS").events()
    stamps = [str(pd.Timestamp(int(t))) for row in made for t in (row["start"], row["time"])]
    assert stamps == [
        "2024-03-08 14:30:00", "2024-03-08 21:00:00",  # winter time
        "2024-03-11 13:30:00", "2024-03-11 20:00:00",  # summer time
        "2024-11-29 14:30:00", "2024-11-29 18:00:00",  # early close
    ]  # fmt: skip
    with pytest.raises(InvalidField, match="day of a bar is '2024-03-09'"):
        on_sessions(days("2024-03-08", "2024-03-09", tz=tz), "XNYS").events()


def test_only_while_the_market_is_open():
    index = pd.date_range("2024-03-08 09:00", periods=16, freq="30min", tz="America/New_York")
    frame = pd.DataFrame(dict.fromkeys(PRICES, 10.0), index)
    data = bars_of(frame, "X")
    kept = within_sessions(data, "XNYS").events()
    assert len(kept) == 13
    assert str(pd.Timestamp(int(kept["start"][0]))) == "2024-03-08 14:30:00"
    split = dataset(event(int(kept["start"][0]) - 10 * 3600 * S, EventKind.SPLIT, qty=2, qty_2=1))
    assert within_sessions(merge(data, split), "XNYS").count == 14
    tokyo = dataset(*(event(pd.Timestamp(f"2024-03-08 {t}", tz="Asia/Tokyo").value, price=1, qty=1)
                      for t in ("08:59", "09:00", "11:30", "12:00", "12:30", "15:01")))  # fmt: skip
    assert within_sessions(tokyo, "XTKS").count == 3  # not in the lunch break
    with pytest.raises(InvalidField, match="calendar is 'XMOON'"):
        within_sessions(data, "XMOON")


def test_phases_come_before_what_they_allow():
    data = on_sessions(days("2024-03-08", "2024-03-11"), "XNYS")
    both = merge(data, phases(data, "XNYS")).events()
    assert both["kind"].tolist() == [52, 52, 32, 52, 52, 32]
    assert both["qty"].tolist()[:2] == [Phase.CONTINUOUS, Phase.CLOSED]
    tokyo = dataset(event(pd.Timestamp("2024-03-08 12:00", tz="Asia/Tokyo").value, price=1, qty=1))
    noon = pd.Timestamp("2024-03-08", tz="Asia/Tokyo")
    whole = merge(tokyo, dataset(event(noon.value, price=1, qty=1)))
    assert phases(whole, "XTKS").count == 2
