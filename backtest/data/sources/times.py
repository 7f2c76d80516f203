"""Clock readings to int64 nanoseconds since 1970 UTC, with no time zone ever assumed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField
from domain.limits import MAX_TIME

Times = NDArray[np.int64]
UNITS: Final = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}
Twice = Literal["error", "earlier", "later"]
WRITTEN = "dates and times as ISO 8601 has them: 2024-03-01, 2024-03-01T09:30:00Z"
NAIVE = "times with a zone, or name one: tz='UTC', tz='America/New_York'"


def nanoseconds(
    values: Any, tz: str | None = None, unit: str | None = None, twice: Twice = "error"
) -> Times:
    """A column of times as int64 ns since 1970 UTC.

    Times with a zone are converted. Times without one (datetime64, datetime, date, text) are on
    the clock of `tz`; an hour that its clock shows twice is an error, or the `earlier` or `later`
    one, and one that it skips is an error. Numbers are `unit`s (s, ms, us, ns) since 1970 UTC,
    those with a fraction rounded to the microsecond. Raises InvalidField with the row's number.
    """
    if twice not in ("error", "earlier", "later"):
        raise InvalidField("twice", twice, "error, earlier or later")
    series = pd.Series(pd.Index(values) if isinstance(values, pd.Index) else _plain(values))
    if pd.api.types.is_integer_dtype(series.dtype):
        return _counted(series, unit)
    if series.dtype.kind == "f" and unit in UNITS:
        return _counted_in_parts(np.asarray(series, np.float64), unit)
    if not isinstance(series.dtype, pd.DatetimeTZDtype) and series.dtype.kind != "M":
        series = _parsed(series)
    if series.isna().any():
        at = int(np.argmax(series.isna().to_numpy()))
        raise InvalidField(f"row {at}, time", None, "a time: the cell is empty")
    index = pd.DatetimeIndex(series)
    if index.tz is None:
        index = _placed(index, tz, twice)
    elif tz is not None and str(index.tz) != tz:
        index = index.tz_convert(tz)  # only checks the name: an instant is an instant
    found: Times = index.as_unit("ns").asi8
    outside = (found < 0) | (found > MAX_TIME)
    if outside.any():
        at = int(np.argmax(outside))
        raise InvalidField(f"row {at}, time", str(index[at]), "1970 to 2116")
    return found


def _plain(values: Any) -> Any:
    if type(values).__module__.startswith(("polars", "pyarrow")):
        return values.to_pandas() if hasattr(values, "to_pandas") else values.to_numpy()
    return values


def _counted(series: Any, unit: str | None) -> Times:
    if unit not in UNITS:
        raise InvalidField("unit", unit, "s, ms, us or ns for times that are whole numbers")
    most = MAX_TIME // UNITS[unit]
    outside = ((series < 0) | (series > most)).to_numpy()
    if outside.any():
        at = int(np.argmax(outside))
        raise InvalidField(f"row {at}, time", int(series.iloc[at]), f"0 to {most} {unit}")
    found: Times = series.to_numpy(np.int64) * UNITS[unit]
    return found


def _counted_in_parts(values: NDArray[np.float64], unit: str) -> Times:
    """Seconds and parts of them as doubles, which hold a microsecond of today and no more."""
    micro = values * (UNITS[unit] / 1000)
    good = (micro >= 0) & (micro <= MAX_TIME / 1000)  # not for NaN
    if not good.all():
        at = int(np.argmin(good))
        raise InvalidField(f"row {at}, time", float(values[at]), f"{unit} since 1970 UTC")
    found: Times = np.rint(micro).astype(np.int64) * 1000
    return found


def _parsed(series: Any) -> Any:
    """Texts, dates and datetimes: all with a zone, or all without."""
    first = series.iloc[0] if len(series) else ""
    if not isinstance(first, (str, datetime)) and not hasattr(first, "year"):
        raise InvalidField("row 0, time", str(first), "dates, ISO 8601 texts or whole numbers")
    try:
        if isinstance(first, str):
            aware = series.astype(str).str.contains(r"(?:Z|[+-]\d\d:?\d\d)$", regex=True)
        else:
            aware = series.map(lambda t: getattr(t, "tzinfo", None) is not None)
        mixed = aware.to_numpy(bool)
        if len(mixed) and mixed.any() != mixed.all():
            at = int(np.argmax(mixed != mixed[0]))
            allowed = f"{'with' if mixed[0] else 'without'} a time zone, like the rows before it"
            raise InvalidField(f"row {at}, time", str(series.iloc[at]), allowed)
        exact = "ISO8601" if isinstance(first, str) else None
        return pd.to_datetime(series, utc=bool(len(mixed) and mixed[0]), format=exact)
    except (ValueError, TypeError) as problem:
        if isinstance(problem, InvalidField):
            raise
        raise InvalidField("time", _first_bad(series), WRITTEN) from None


def _first_bad(series: Any) -> str:
    for value in series:
        try:
            pd.Timestamp(value)
        except (ValueError, TypeError):
            return str(value)
    return str(series.iloc[0])


def _placed(index: Any, tz: str | None, twice: Twice) -> Any:
    """Readings of a clock in a zone as instants."""
    if tz is None:
        shown = str(index[0]) if len(index) else "none"
        raise InvalidField("tz", None, f"{NAIVE} (the first time is {shown})")
    try:
        choice: Any = "raise" if twice == "error" else np.full(len(index), twice == "earlier")
        return index.tz_localize(tz, ambiguous=choice, nonexistent="raise")
    except (KeyError, OSError) as problem:
        raise InvalidField("tz", tz, "a name of the IANA time zone database") from problem
    except ValueError:
        low = index.tz_localize(tz, ambiguous=np.ones(len(index), bool), nonexistent="NaT")
        gone = low.isna() & ~index.isna()
        if gone.any():
            at = int(np.argmax(gone))
            allowed = f"a time that the clock of {tz} shows: it skips this one"
            raise InvalidField(f"row {at}, time", str(index[at]), allowed) from None
        late = index.tz_localize(tz, ambiguous=np.zeros(len(index), bool))
        at = int(np.argmax(low != late))
        allowed = f"a time that {tz} has once, or say twice='earlier' or 'later'"
        raise InvalidField(f"row {at}, time", str(index[at]), allowed) from None


def later(times: Times, period: int, tz: str | None) -> Times:
    """Each time plus a period in ns; whole days are days of the calendar of `tz`, 23 to 25 h."""
    day = 86_400 * 10**9
    if tz is None or period % day:
        return times + period
    local = pd.DatetimeIndex(times, tz="UTC").tz_convert(tz)
    moved = local + pd.DateOffset(days=period // day)
    found: Times = pd.DatetimeIndex(moved).as_unit("ns").asi8
    return found


def span_of(text: Any, field: str = "period") -> int:
    """A length of time in ns: 60 (seconds), "1min", "1D", a timedelta. Raises InvalidField."""
    try:
        plain = isinstance(text, (int, float)) and not isinstance(text, bool)
        found = int(pd.Timedelta(text, unit="s").value if plain else pd.Timedelta(text).value)
    except (ValueError, TypeError, OverflowError):
        found = 0
    if found <= 0:
        raise InvalidField(field, text, "a length of time above 0: 60 (seconds), '1min', '1D'")
    return found


def instant(value: Any, field: str, tz: str | None = "UTC") -> int:
    """One moment in ns: int ns, or a date, time or text, without a zone on the clock of `tz`."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return int(value)
    try:
        return int(nanoseconds([value], tz)[0])
    except InvalidField as problem:
        raise InvalidField(field, value, problem.allowed) from None
