"""Usage for people and for invoices: sums over the metered rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import F, Sum
from django.db.models.functions import TruncDay, TruncMonth

from portal.models import Usage

# What rows can be grouped by, and where it is found.
COLUMNS: dict[str, Any] = {
    "partner": F("key__partner__code"),
    "environment": F("key__environment"),
    "key": F("key_id"),
    "method": F("method"),
    "status": F("status"),
    "hour": F("hour"),
    "day": TruncDay("hour"),
    "month": TruncMonth("hour"),
}
FIGURES = ("calls", "messages")


def usage(
    by: tuple[str, ...],
    partner: str | None = None,
    key: int | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
) -> list[dict[str, Any]]:
    """Sums of calls and messages, one row for each combination of the columns `by`.

    `since` is included and `until` is not; both are compared with the beginning of an hour.
    Raises KeyError for an unknown column.
    """
    rows = Usage.objects.all()
    if partner is not None:
        rows = rows.filter(key__partner__code=partner)
    if key is not None:
        rows = rows.filter(key_id=key)
    if since is not None:
        rows = rows.filter(hour__gte=since)
    if until is not None:
        rows = rows.filter(hour__lt=until)
    # An annotation may not have the name of a column of the table.
    groups = {f"by_{name}": COLUMNS[name] for name in by}
    sums = {f"sum_{name}": Sum(name) for name in FIGURES}
    found = rows.annotate(**groups).values(*groups).annotate(**sums).order_by(*groups)
    return [
        {name.partition("_")[2]: value for name, value in row.items()}
        for row in found
        if row["sum_calls"] is not None
    ]
