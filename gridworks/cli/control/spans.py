"""Times as people write them: `90d`, `24h`, `2026-12-31`, `2026-12-31T18:00+01:00`."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import typer

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SPAN = re.compile(r"(\d{1,6})([smhdw])")


def span(text: str) -> timedelta:
    """A length of time. Raises typer.BadParameter."""
    found = _SPAN.fullmatch(text)
    if text == "0":
        return timedelta(0)
    if not found:
        raise typer.BadParameter(f"{text!r} is no length of time: write 30m, 24h, 90d or 0")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def moment(text: str) -> datetime | None:
    """A point in time: an ISO date or time (UTC unless it says otherwise), or a span from now.

    "never" is None. Raises typer.BadParameter.
    """
    if text == "never":
        return None
    if _SPAN.fullmatch(text):
        return datetime.now(UTC) + span(text)
    return past(text)


def past(text: str) -> datetime:
    """An ISO date or time (UTC unless it says otherwise), or how long ago: `7d`.

    Raises typer.BadParameter.
    """
    if _SPAN.fullmatch(text):
        return datetime.now(UTC) - span(text)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(
            f"{text!r} is no time: write 2026-12-31, 2026-12-31T18:00+01:00 or a span like 90d"
        ) from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
