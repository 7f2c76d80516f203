"""Trading days, early closes and late opens of public calendars (exchange_calendars)."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NamedTuple

from domain.errors import InvalidField


class Day(NamedTuple):
    """How a trading day differs from an ordinary one."""

    opens_later: timedelta = timedelta()
    closes_earlier: timedelta = timedelta()


ORDINARY = Day()


def names() -> list[str]:
    """The public calendars by their ISO 10383 codes and other names."""
    from exchange_calendars import get_calendar_names

    return list(get_calendar_names())


@lru_cache(maxsize=64)
def trading_days(name: str, year: int) -> dict[date, Day]:
    """The trading days of a year. Takes a second or two at the first call.

    Raises InvalidField for a name that is not known, or a year beyond what its calendar knows.
    """
    from exchange_calendars import get_calendar
    from exchange_calendars.errors import CalendarError

    try:
        found = get_calendar(name, start=f"{year}-01-01", end=f"{year}-12-31")
    except (CalendarError, ValueError) as error:
        raise InvalidField("calendar.holidays", name, f"a public calendar: {error}") from None
    days = {session.date(): ORDINARY for session in found.sessions}
    for session in found.early_closes:
        close = found.session_close(session).tz_convert(found.tz)
        days[session.date()] = Day(closes_earlier=_apart(found.close_times, session, close))
    for session in found.late_opens:
        opening, day = found.session_open(session).tz_convert(found.tz), session.date()
        later = -_apart(found.open_times, session, opening)
        days[day] = days[day]._replace(opens_later=later)
    return days


def _apart(times: Any, session: Any, actual: Any) -> timedelta:
    """How much earlier than at its ordinary time of that day something happens."""
    ordinary = [time for since, time in times if since is None or since <= session][-1]
    usual = datetime.combine(session.date(), ordinary)
    apart: timedelta = usual - actual.replace(tzinfo=None).to_pydatetime()
    return apart
