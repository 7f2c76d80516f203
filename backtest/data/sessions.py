"""Exchange calendars (exchange_calendars, extra `research`): when a market is open."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from backtest.data.dataset import Dataset, Held, Rows
from backtest.events import EVENT, EventKind
from domain.codes import Phase
from domain.errors import InvalidField
from indicators.bars import DAY

Times = NDArray[np.int64]


class Hours:
    """The hours of a public calendar (ISO 10383 code, such as XNYS) that cover a span of time.

    Raises InvalidField for a name that is not known, or years beyond what its calendar knows.
    """

    def __init__(self, name: str, span: tuple[int, int]) -> None:
        from exchange_calendars import get_calendar
        from exchange_calendars.errors import CalendarError

        first, last = (pd.Timestamp(t).normalize() for t in span)
        try:
            found = get_calendar(
                name, start=first - timedelta(days=7), end=last + timedelta(days=7)
            )
        except (CalendarError, ValueError) as error:
            allowed = f"a public calendar that covers {first:%Y} to {last:%Y}: {error}"
            raise InvalidField("calendar", name, allowed) from None
        table = found.schedule
        self.name, self.tz = name, found.tz
        self.days: Times = _ns(table.index)
        self.opens, self.closes = _ns(table["open"]), _ns(table["close"])
        rests = table["break_start"].notna().to_numpy()
        ends = np.sort(np.concatenate((self.closes, _ns(table["break_start"][rests]))))
        begins = np.sort(np.concatenate((self.opens, _ns(table["break_end"][rests]))))
        self.begins, self.ends = begins, ends  # of each stretch without a break

    def contain(self, first: Times, last: Times) -> NDArray[np.bool_]:
        """Whether the market is open all the time from first to last."""
        at = np.searchsorted(self.begins, first, "right") - 1
        inside: NDArray[np.bool_] = (at >= 0) & (last <= self.ends[np.maximum(at, 0)])
        return inside

    def open_between(self, first: Times, last: Times) -> Times:
        """For how many ns the market is open between two times."""
        return self._until(last) - self._until(first)

    def _until(self, times: Times) -> Times:
        lengths = self.ends - self.begins
        before = np.concatenate(([0], np.cumsum(lengths)))
        at = np.searchsorted(self.begins, times, "right") - 1
        place = np.maximum(at, 0)
        part = np.minimum(times - self.begins[place], lengths[place])
        return np.where(at < 0, 0, before[place] + part)

    def sessions_between(self, first: Times, last: Times) -> Times:
        """How many sessions begin and end between two times."""
        ended = np.searchsorted(self.closes, last, "right")
        found: Times = np.maximum(ended - np.searchsorted(self.opens, first), 0)
        return found


def _ns(values: Any) -> Times:
    index = pd.DatetimeIndex(values)
    found: Times = index.as_unit("ns").asi8
    return found


def _prices(rows: Rows) -> NDArray[np.bool_]:
    return np.asarray(rows["kind"] < EventKind.SPLIT)


def within_sessions(data: Dataset, calendar: str) -> Dataset:
    """Only what happened while the market was open: a bar from its beginning to its end.

    Corporate actions, rolls, funding and phases stay. Raises InvalidField.
    """
    hours = Hours(calendar, data.span)

    def through(chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            first = np.where(chunk["kind"] == EventKind.BAR, chunk["start"], chunk["time"])
            yield chunk[~_prices(chunk) | hours.contain(first, chunk["time"])]

    return data.derived(through)


def on_sessions(data: Dataset, calendar: str) -> Dataset:
    """Daily bars from the opening to the close of the session of their day.

    A day is that of the bar's start: in UTC if it starts at midnight UTC, else on the calendar's
    clock. Raises InvalidField, when read for a bar of a day on which the market was closed.
    """
    hours = Hours(calendar, data.span)

    def through(chunks: Iterator[Rows]) -> Iterator[Rows]:
        for chunk in chunks:
            rows = chunk.copy()
            bars = np.flatnonzero(rows["kind"] == EventKind.BAR)
            days = _days(rows["start"][bars], hours)
            at = np.minimum(np.searchsorted(hours.days, days), len(hours.days) - 1)
            closed = hours.days[at] != days
            if closed.any():
                day = pd.Timestamp(int(days[int(np.argmax(closed))]))
                raise InvalidField("day of a bar", f"{day:%Y-%m-%d}", f"a session of {calendar}")
            rows["start"][bars], rows["time"][bars] = hours.opens[at], hours.closes[at]
            yield rows

    return data.derived(through)


def _days(starts: Times, hours: Hours) -> Times:
    local = pd.DatetimeIndex(starts, tz="UTC").tz_convert(hours.tz)
    midnight = _ns(local.tz_localize(None).normalize())
    found: Times = np.where(starts % DAY == 0, starts, midnight)
    return found


def phases(data: Dataset, calendar: str) -> Dataset:
    """PHASE rows for all instruments of `data`: continuous from each opening, closed after.

    They cover the sessions that touch the span of `data`, with lunch breaks; merge them with it.
    Raises InvalidField.
    """
    first, last = data.span
    hours = Hours(calendar, (first, last))
    touch = (hours.ends >= first) & (hours.begins <= last)
    count, many = int(touch.sum()), len(data.listings)
    rows = np.zeros((count, 2, many), EVENT)
    rows["kind"] = EventKind.PHASE
    rows["time"][:, 0], rows["time"][:, 1] = hours.begins[touch, None], hours.ends[touch, None]
    rows["qty"][:, 0], rows["qty"][:, 1] = Phase.CONTINUOUS, Phase.CLOSED
    rows["instrument"] = np.arange(1, many + 1)
    return Dataset(data.listings, Held(rows.reshape(-1)))
