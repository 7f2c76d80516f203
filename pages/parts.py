"""What a page is made of. Parts hold what is shown; `pages.page` knows how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. `tone` "bad" marks what the reader must not overlook."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Cards:
    """Key figures in a row: (label, value as written, tone "good", "bad" or "")."""

    cards: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells under `columns`; numbers stand right, None is a dash.

    `kinds`: how a column's numbers are written, by its name: "percent", "money" (2 decimals),
    "count", or a format such as ".4f"; without one integers stand as they are and floats have 4
    significant digits, from a thousand on none behind the point. Beyond `most` rows the table says
    how many are left out.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    title: str = ""
    note: str = ""
    kinds: Mapping[str, str] = field(default_factory=dict)
    most: int = 500


@dataclass(frozen=True, slots=True)
class Figure:
    """A plotly figure as plain dictionaries: no plotly object is needed to describe one.

    Arrays may be numpy, times datetime64; what is not finite is a gap. The page gives fonts,
    grid, palette and the light and dark ground, so `layout` says only what is special.
    """

    traces: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    note: str = ""
    height: int = 320


Part = Text | Cards | Table | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with its parts; it gets a link in the page's contents."""

    title: str
    parts: Sequence[Part]
