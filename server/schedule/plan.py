"""The phase changes that a calendar plans for a day.

An ordinary day has the calendar's sessions, at local times. A special day has its own. A day on
which the public calendar does not trade has none. On an early close the closing part of the day
(from the first closing auction, or without one from the first change behind continuous trading)
moves earlier by as much as the close does, and what would begin behind its new start is left out;
on a late open what leads to continuous trading moves later.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.codes import Phase
from domain.errors import InvalidField
from server.codec.people.names import code
from server.schedule.holidays import ORDINARY, Day, trading_days

NS = 10**9
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NOT_PLANNED = (Phase.HALT, Phase.VOLATILITY_AUCTION)
MOST_SESSIONS, MOST_SPECIAL_DAYS = 50, 2_000
MOST_RANDOM = 3_600 * NS


class Planned(NamedTuple):
    """A change at `at` (ns since 1970), up to `spread` ns later; phase None: the day ends."""

    at: int
    phase: Phase | None
    spread: int = 0


def zone(path: str, name: str) -> ZoneInfo:
    """A time zone. Raises InvalidField."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        allowed = "a name of the IANA time zone database, such as America/New_York"
        raise InvalidField(path, name, allowed) from None


def check(calendar: Any) -> None:
    """Raises InvalidField unless everything in a Calendar is understood."""
    zone("calendar.time_zone", calendar.time_zone)
    if calendar.holidays:
        trading_days(calendar.holidays, datetime.now(UTC).year)
    _check_sessions("calendar.sessions", calendar.sessions)
    if len(calendar.special_days) > MOST_SPECIAL_DAYS:
        allowed = f"at most {MOST_SPECIAL_DAYS}"
        raise InvalidField("calendar.special_days", len(calendar.special_days), allowed)
    seen = set()
    for at, day in enumerate(calendar.special_days):
        path = f"calendar.special_days[{at}]"
        when = day_of(f"{path}.date", day.date)
        if when in seen:
            raise InvalidField(f"{path}.date", str(when), "each day once")
        seen.add(when)
        _check_sessions(f"{path}.sessions", day.sessions)
    if calendar.HasField("end_of_day"):
        _time("calendar.end_of_day", calendar.end_of_day)


def day_of(path: str, value: Any) -> date:
    """A google.type.Date as a date. Raises InvalidField."""
    try:
        return date(value.year, value.month, value.day)
    except ValueError:
        shown = f"{value.year}-{value.month}-{value.day}"
        raise InvalidField(path, shown, "a day with year, month and day") from None


def changes(calendar: Any, day: date) -> list[Planned]:
    """The changes of one day, in the order of their time. Raises InvalidField."""
    sessions, how = _sessions(calendar, day)
    if sessions is None:
        return []
    here = zone("calendar.time_zone", calendar.time_zone)
    found = [
        Planned(_ns(day, session.start, here), code("phase", Phase, session.phase),
                session.random_end.ToNanoseconds())
        for session in sessions
    ]  # fmt: skip
    found = _moved(found, how)
    if calendar.HasField("end_of_day"):
        found.append(Planned(_ns(day, calendar.end_of_day, here), None))
    return sorted(found, key=lambda change: change.at)


def _sessions(calendar: Any, day: date) -> tuple[Any, Day]:
    """The sessions of a day, None without trading, and how the day differs."""
    for special in calendar.special_days:
        if (special.date.year, special.date.month, special.date.day) == (
            day.year, day.month, day.day
        ):  # fmt: skip
            return (special.sessions or None), ORDINARY
    if not calendar.holidays:
        return calendar.sessions, ORDINARY
    found = trading_days(calendar.holidays, day.year).get(day)
    return (None, ORDINARY) if found is None else (calendar.sessions, found)


def _moved(found: list[Planned], how: Day) -> list[Planned]:
    if how == ORDINARY:
        return found
    later, earlier = _span(how.opens_later), _span(how.closes_earlier)
    trading = [n for n, change in enumerate(found) if change.phase is Phase.CONTINUOUS]
    if later and trading:
        found = [c._replace(at=c.at + later) if n <= trading[0] else c for n, c in enumerate(found)]
    if earlier:
        begin = _closing(found, trading)
        tail = [change._replace(at=change.at - earlier) for change in found[begin:]]
        found = [c for c in found[:begin] if not tail or c.at < tail[0].at] + tail
    return found


def _closing(found: list[Planned], trading: list[int]) -> int:
    """Place of the first change of the closing part."""
    for place, change in enumerate(found):
        if change.phase is Phase.CLOSING_AUCTION:
            return place
    return trading[-1] + 1 if trading else 0


def _span(delta: timedelta) -> int:
    return delta // timedelta(microseconds=1) * 1_000


def _ns(day: date, value: Any, here: ZoneInfo) -> int:
    """A local time as ns since 1970; one that a change of the clocks skips is an hour later."""
    local = datetime.combine(day, _time("time", value), tzinfo=here)
    return (local.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1_000


def _time(path: str, value: Any) -> time:
    try:
        return time(value.hours, value.minutes, value.seconds, value.nanos // 1_000)
    except ValueError:
        shown = f"{value.hours}:{value.minutes}:{value.seconds}"
        raise InvalidField(path, shown, "a time of day, 00:00:00 to 23:59:59") from None


def _check_sessions(path: str, sessions: Any) -> None:
    if len(sessions) > MOST_SESSIONS:
        raise InvalidField(path, len(sessions), f"at most {MOST_SESSIONS}")
    before = None
    for at, session in enumerate(sessions):
        start = _time(f"{path}[{at}].start", session.start)
        if before is not None and start <= before:
            raise InvalidField(f"{path}[{at}].start", str(start), f"later than {before}")
        before = start
        phase = code(f"{path}[{at}].phase", Phase, session.phase)
        if phase in _NOT_PLANNED:
            allowed = "a phase that can be planned: not HALT and not VOLATILITY_AUCTION"
            raise InvalidField(f"{path}[{at}].phase", phase.name, allowed)
        spread = session.random_end.ToNanoseconds()
        if not 0 <= spread <= MOST_RANDOM:
            raise InvalidField(f"{path}[{at}].random_end", f"{spread} ns", "0 to an hour")
