"""`gridworks usage report | quota`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from gridworks.cli.control import spans, tables
from gridworks.cli.control.session import Session, reads, stop

GROUP = typer.Typer(name="usage", help="What was used: by key, method, hour and outcome.")

Partner = Annotated[str, typer.Option(help="Only this partner's.")]


@GROUP.command()
@reads
def report(
    session: Session,
    partner: Partner = "",
    key: Annotated[int | None, typer.Option(help="Only this key's.")] = None,
    since: Annotated[str, typer.Option(help="From here: 2026-11-01, or 7d ago.")] = "30d",
    until: Annotated[str, typer.Option(help="Up to here, not included.")] = "",
    by: Annotated[
        str,
        typer.Option(
            help="Group by these, with commas: partner, environment, key, method, status, "
            "hour, day, month."
        ),
    ] = "partner,key,method,status",
) -> None:
    """Print sums of calls and messages. Servers write their figures every few seconds."""
    from portal import reports
    from portal.acts import keys, partners

    columns = tuple(name.strip() for name in by.split(",") if name.strip())
    unknown = [name for name in columns if name not in reports.COLUMNS]
    if unknown or not columns:
        wrong = f"cannot group by {', '.join(unknown) or 'nothing'}"
        raise stop(f"{wrong}; known: {', '.join(reports.COLUMNS)}")
    if partner:
        partners.partner(partner)  # a misspelt name is an error, not an empty report
    if key is not None:
        keys.key(key)
    bounds = (spans.past(since), spans.past(until) if until else None)
    rows = reports.usage(columns, partner or None, key, *bounds)
    tables.show(rows, (*columns, *reports.FIGURES), session.format)


@GROUP.command()
@reads
def quota(session: Session, partner: Partner = "") -> None:
    """Print what each partner used of its monthly quota.

    Months are those of UTC.
    """
    from portal.models import MonthUsage
    from portal.models import Partner as Row

    month = datetime.now(UTC).strftime("%Y-%m")
    used = dict(
        MonthUsage.objects.filter(month=month).values_list("partner__code", "messages")
    )
    found = Row.objects.select_related("plan").order_by("code")
    rows = [
        {
            "partner": p.code,
            "month": month,
            "plan": p.plan.code,
            "messages": used.get(p.code, 0),
            "monthly_quota": p.plan.monthly_quota,
        }
        for p in found
        if partner in ("", p.code)
    ]
    columns = ("partner", "month", "plan", "messages", "monthly_quota")
    tables.show(rows, columns, session.format)
