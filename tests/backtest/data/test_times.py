"""Clock readings: zones, summer time, and what is refused rather than guessed."""

from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data.sources.times import instant, later, nanoseconds, span_of
from domain.errors import InvalidField
from tests.backtest.data.rows import DAY, S

NEW_YORK = "America/New_York"
NOON = 1_709_290_800 * S  # 2024-03-01 11:00 UTC


@pytest.mark.parametrize(
    "values",
    [
        pd.to_datetime(["2024-03-01 06:00"]).tz_localize(NEW_YORK),
        pd.Series(pd.to_datetime(["2024-03-01 11:00"], utc=True)),
        ["2024-03-01T11:00:00Z"],
        ["2024-03-01 12:00:00+01:00"],
        [datetime(2024, 3, 1, 11, tzinfo=UTC)],
        [datetime(2024, 3, 1, 16, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))],
    ],
)
def test_times_with_a_zone_are_instants(values):
    assert nanoseconds(values).tolist() == [NOON]
    assert nanoseconds(values, tz="Asia/Tokyo").tolist() == [NOON]


@pytest.mark.parametrize(
    "values",
    [
        np.array(["2024-03-01T06:00"], "M8[s]"),
        ["2024-03-01 06:00"],
        [datetime(2024, 3, 1, 6)],
        pd.DatetimeIndex(["2024-03-01 06:00"]),
    ],
)
def test_times_without_one_need_it(values):
    assert nanoseconds(values, NEW_YORK).tolist() == [NOON]
    with pytest.raises(InvalidField, match=r"tz is None; allowed: .*2024-03-01 06:00"):
        nanoseconds(values)


def test_dates_and_numbers():
    midnight = NOON - 11 * 3600 * S
    assert nanoseconds([date(2024, 3, 1)], "UTC").tolist() == [midnight]
    assert nanoseconds([NOON // S], unit="s").tolist() == [NOON]
    assert nanoseconds(np.array([NOON // 10**6]), unit="ms").tolist() == [NOON]
    parts = nanoseconds(np.array([NOON / S, NOON / S + 0.250001]), unit="s")
    assert parts.tolist() == [NOON, NOON + 250_001_000]
    with pytest.raises(InvalidField, match="row 1, time is nan"):
        nanoseconds([1.0, np.nan], unit="s")
    with pytest.raises(InvalidField, match="unit is None"):
        nanoseconds([NOON])
    with pytest.raises(InvalidField, match=r"row 1, time is -5"):
        nanoseconds([1, -5], unit="s")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (["2024-03-01 06:00", "2024-03-01T11:00:00Z"], r"row 1, time .* without a time zone"),
        ([datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 1)], r"row 1, time .* with a time"),
        (["2024-03-01", "yesterday"], "yesterday"),
        ([pd.Timestamp("2024-03-01"), pd.NaT], "row 1, time"),
        ([1.5, 2.5], "row 0, time is '1.5'"),
        (["1969-12-31"], "row 0, time"),
    ],
)
def test_what_is_no_column_of_times(values, message):
    with pytest.raises(InvalidField, match=message):
        nanoseconds(values, "UTC")


def test_the_hour_that_a_clock_shows_twice():
    twice = pd.DatetimeIndex(["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 02:30"])
    with pytest.raises(InvalidField, match=r"row 1, time is '2024-11-03 01:30:00'.*twice="):
        nanoseconds(twice, NEW_YORK)
    early = nanoseconds(twice, NEW_YORK, twice="earlier")
    late = nanoseconds(twice, NEW_YORK, twice="later")
    assert (late - early).tolist() == [0, 3600 * S, 0]
    with pytest.raises(InvalidField, match=r"row 0, time is '2024-03-10 02:30:00'.*skips"):
        nanoseconds(["2024-03-10 02:30"], NEW_YORK, twice="later")
    with pytest.raises(InvalidField, match="IANA"):
        nanoseconds(twice, "America/Atlantis")


def test_a_day_has_23_or_25_hours():
    days = nanoseconds(["2024-03-09", "2024-03-10", "2024-11-03"], NEW_YORK)
    hours = (later(days, DAY, NEW_YORK) - days) // (3600 * S)
    assert hours.tolist() == [24, 23, 25]
    assert (later(days, DAY, None) - days == DAY).all()
    assert (later(days, 3600 * S, NEW_YORK) - days == 3600 * S).all()


@given(st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1)))
def test_an_instant_survives_every_zone(when):
    stamp = pd.Timestamp(when, tz="UTC")
    wanted = [int(stamp.as_unit("ns").value)]
    for zone in (NEW_YORK, "Asia/Kolkata", "Australia/Lord_Howe"):
        assert nanoseconds(pd.DatetimeIndex([stamp.tz_convert(zone)])).tolist() == wanted


def test_lengths_and_moments():
    assert (span_of("1min"), span_of(90), span_of(timedelta(days=1))) == (60 * S, 90 * S, DAY)
    for bad in ("soon", 0, -1, "-1h"):
        with pytest.raises(InvalidField, match="period"):
            span_of(bad)
    assert instant("2024-03-01T11:00", "from") == instant(NOON, "from") == NOON
    with pytest.raises(InvalidField, match="from is 'noon'"):
        instant("noon", "from")
