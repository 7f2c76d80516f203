"""The catalogue of indicators as a table."""

from __future__ import annotations

from typing import Any

from indicators.registry import Param, Row, rows

COLUMNS = (
    "name", "title", "group", "inputs", "parameters", "outputs", "warmup", "seeding", "source",
    "talib", "ta", "formula",
)  # fmt: skip


def record(row: Row) -> dict[str, Any]:
    """One indicator as a dictionary of plain values; `warmup` is that of the defaults."""
    return {
        "name": row.name,
        "title": row.title,
        "group": row.group,
        "inputs": ", ".join(row.columns),
        "parameters": "; ".join(shown(p) for p in row.params),
        "outputs": ", ".join(row.results),
        "warmup": row.lookback(),
        "seeding": row.seeding,
        "source": row.source,
        "talib": row.talib_name,
        "ta": row.ta,
        "formula": row.formula,
    }


def shown(param: Param) -> str:
    """A parameter with its default and range."""
    if param.choices:
        return f"{param.name}={param.default} ({'|'.join(param.choices)})"
    return f"{param.name}={param.default} ({param.low:g}..{param.high:g})"


def catalog(group: str = "") -> Any:
    """All indicators (or those of one group) as a pandas DataFrame, one row each."""
    import pandas

    records = [record(row) for row in rows().values() if group in ("", row.group)]
    if not records:
        raise ValueError(f"no group {group!r}; known: {', '.join(groups())}")
    return pandas.DataFrame(records, columns=list(COLUMNS))


def groups() -> tuple[str, ...]:
    """The groups there are."""
    return tuple(sorted({row.group for row in rows().values()}))
