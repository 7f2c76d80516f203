"""`Page`: parts become one HTML file that needs nothing else."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

from pages.encoding import cell, script_json
from pages.parts import Cards, Figure, Part, Section, Table, Text


@dataclass(frozen=True, slots=True)
class Page:
    """A title, a line below it, sections, and a line at the end."""

    title: str
    subtitle: str
    sections: Sequence[Section]
    footer: str = ""

    def html(self) -> str:
        """The whole file as text, with plotly.js in it once if a section has a figure."""
        figures: list[Figure] = []
        body = "\n".join(_section(section, figures) for section in self.sections)
        links = "".join(
            f'<a href="#{_anchor(s.title)}">{escape(s.title)}</a>' for s in self.sections
        )
        return _FRAME.format(
            title=escape(self.title),
            subtitle=escape(self.subtitle),
            footer=escape(self.footer),
            links=links,
            body=body,
            style=_asset("page.css"),
            scripts=_scripts(figures),
        )

    def write(self, path: str | Path) -> Path:
        """Write the file (UTF-8) and return its path."""
        path = Path(path)
        path.write_text(self.html(), encoding="utf-8")
        return path


_FRAME = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header>
<div><h1>{title}</h1><p class="subtitle">{subtitle}</p></div>
<button id="theme" type="button" aria-label="Switch between light and dark">Light / dark</button>
</header>
<nav aria-label="Contents">{links}</nav>
<main>
{body}
</main>
<footer>{footer}</footer>
{scripts}
</body>
</html>
"""


def _asset(name: str) -> str:
    return files("pages").joinpath(name).read_text(encoding="utf-8")


def _scripts(figures: list[Figure]) -> str:
    """plotly.js, the figures as JSON, and the page's own script (which also sorts tables)."""
    tags = []
    if figures:
        from plotly.offline import get_plotlyjs

        tags.append(f"<script>{get_plotlyjs()}</script>")
    data = script_json([{"data": f.traces, "layout": dict(f.layout)} for f in figures])
    tags.append(f'<script type="application/json" id="figures">{data}</script>')
    tags.append(f"<script>{_asset('page.js')}</script>")
    return "\n".join(tags)


def _anchor(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def _section(section: Section, figures: list[Figure]) -> str:
    parts = "\n".join(_part(part, figures) for part in section.parts)
    title = escape(section.title)
    return f'<section id="{_anchor(section.title)}"><h2>{title}</h2>\n{parts}</section>'


def _part(part: Part, figures: list[Figure]) -> str:
    match part:
        case Text():
            return f'<p class="text {escape(part.tone)}">{escape(part.text)}</p>'
        case Cards():
            return _cards(part)
        case Table():
            return _table(part)
        case Figure():
            figures.append(part)
            drawn = (
                f'<div class="plot" id="figure-{len(figures) - 1}" role="img" '
                f'aria-label="{escape(part.title)}" style="height:{part.height}px"></div>'
            )
            return _captioned(part.title, drawn, part.note)


def _captioned(title: str, inner: str, note: str) -> str:
    head = f"<h3>{escape(title)}</h3>" if title else ""
    tail = f'<figcaption class="note">{escape(note)}</figcaption>' if note else ""
    return f"<figure>{head}{inner}{tail}</figure>"


def _cards(part: Cards) -> str:
    inner = "".join(
        f'<div class="card {escape(tone)}"><dt>{escape(label)}</dt><dd>{escape(value)}</dd></div>'
        for label, value, tone in part.cards
    )
    return f'<dl class="cards">{inner}</dl>'


def _table(part: Table) -> str:
    shown = part.rows[: part.most]
    kinds = [part.kinds.get(name, "") for name in part.columns]
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in part.columns)
    rows = "".join(
        "<tr>" + "".join(cell(value, kind) for value, kind in zip(row, kinds)) + "</tr>"
        for row in shown
    )
    left = len(part.rows) - len(shown)
    note = " ".join(filter(None, (part.note, f"{left:,} more rows are left out." if left else "")))
    inner = (
        '<div class="scroll" tabindex="0"><table>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
    return _captioned(part.title, inner, note)
