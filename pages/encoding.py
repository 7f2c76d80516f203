"""Values as they stand in a page: cells of tables, and JSON that is safe inside a script."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np

from pages.parts import Cell

DASH = "–"
NUMBERS = {"percent": ".2%", "money": ",.2f", "count": ",.0f"}


def written(value: Cell, kind: str = "") -> str:
    """A value as a person reads it; what is missing or not a number is a dash.

    >>> written(0.1234, "percent"), written(1234567, "count"), written(float("nan"))
    ('12.34%', '1,234,567', '–')
    """
    if value is None:
        return DASH
    if isinstance(value, str):
        return value
    number = float(value)
    if math.isnan(number):
        return DASH
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if kind:
        return format(number, NUMBERS.get(kind, kind))
    if isinstance(value, int):
        return str(value)
    return f"{number:,.0f}" if abs(number) >= 1000 else f"{number:.4g}"


def cell(value: Cell, kind: str = "") -> str:
    """One <td>; a number carries its exact value, by which the script sorts."""
    text = escape(written(value, kind))
    if value is None or isinstance(value, str):
        return f"<td>{text}</td>"
    tone = " bad" if kind in ("percent", "money") and value < 0 else ""
    return f'<td class="number{tone}" data-value="{float(value)!r}">{text}</td>'


def plain(value: Any) -> Any:
    """What JSON has: lists, dictionaries, numbers, texts; what is not finite is None."""
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, np.ndarray):
        if value.dtype.kind == "M":
            return np.datetime_as_string(value, unit="ms").tolist()
        return plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, np.datetime64):
        return str(np.datetime_as_string(value, unit="ms"))
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def script_json(value: Any) -> str:
    """JSON that cannot end the script element that it stands in."""
    text = json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")
