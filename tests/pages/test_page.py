"""A page is well-formed, needs nothing from elsewhere, and shows what it was given."""

import json
import shutil
import subprocess

import numpy as np
import pytest

from pages import Cards, Figure, Page, Section, Table, Text
from tests.pages.reading import Reader

HOSTILE = '<script>alert("x")</script> & </title>'


def page(*parts, title="A title"):
    return Page(title, "below", [Section("First part", parts)], "the end")


def test_a_page_holds_plotly_once_and_loads_nothing():
    line = {"type": "scatter", "x": np.arange(3), "y": np.array([1.0, np.nan, np.inf])}
    time = np.array(["2024-01-02T03:04:05"], "M8[ns]")
    marks = {"type": "scatter", "x": time, "y": [np.float64(2)], "name": HOSTILE}
    html = page(Figure([line], title="one"), Figure([marks], {"showlegend": True})).html()
    read = Reader(html)
    assert html.count("plotly.js v") == 1
    assert read.loads == []
    assert {"first-part", "figure-0", "figure-1", "theme"} <= set(read.ids)
    assert read.figures[0].data[0].y == (1.0, None, None)
    assert read.figures[1].data[0].x == ("2024-01-02T03:04:05.000",)
    assert read.figures[1].data[0].name == HOSTILE


def test_texts_from_outside_stay_texts():
    table = Table([HOSTILE], [[HOSTILE]], title=HOSTILE, note=HOSTILE)
    cards = Cards([(HOSTILE, HOSTILE, "bad")])
    read = Reader(page(Text(HOSTILE), cards, table, title=HOSTILE).html())
    assert read.text.count(HOSTILE) == 9  # title and head, text, card twice, table four times
    assert not any("alert" in script for script in read.scripts)


def test_cells_are_written_by_their_kind():
    rows = [
        [0.1234, -1234.5, 1234567, 0.000123456, None, "x"],
        [float("nan"), float("inf"), 1, 2, 3, ""],
    ]
    kinds = {"a": "percent", "b": "money", "c": "count"}
    read = Reader(page(Table(list("abcdef"), rows, kinds=kinds)).html())
    for text in ("12.34%", "-1,234.50", "1,234,567", "0.0001235", "–", "∞"):
        assert text in read.words
    cut = Reader(page(Table(["n"], [[n] for n in range(30)], most=10)).html())
    assert "20 more rows are left out." in cut.text
    assert "10" not in cut.words


def test_a_page_without_figures_needs_no_plotly(tmp_path):
    path = page(Text("words")).write(tmp_path / "page.html")
    assert path.stat().st_size < 20_000


# The little of a browser that the script of a page touches; it prints what is drawn.
BROWSER = """
const listeners = {}, drawn = [];
const on = (name, what) => { (listeners[name] ||= []).push(what); };
const cell = (value) => ({ classList: { contains: () => true, add() {} },
  textContent: String(value), dataset: { value: String(value) }, addEventListener: on });
const rows = [10, 9, 2].map((value) => ({ cells: [cell(value)] }));
const body = { rows, append(...sorted) { drawn.push(sorted.map((r) => r.cells[0].textContent)); } };
const table = { tBodies: [body], tHead: { rows: [{ cells: [cell("head")] }] } };
const document = { documentElement: { dataset: {} },
  getElementById: (id) => id === "figures" ? { textContent: FIGURES } : { addEventListener: on },
  querySelectorAll: () => [table] };
const window = { addEventListener: on,
  matchMedia: () => ({ matches: true, addEventListener: on }) };
const Plotly = { react: (id, data, layout) => drawn.push([id, layout.template.layout.font.color]) };
"""
ACTS = """
for (const name of ["beforeprint", "afterprint", "click"]) listeners[name][0]();
console.log(JSON.stringify(drawn));
"""


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the script with")
def test_the_script_draws_in_the_readers_colours_prints_in_light_ones_and_sorts():
    line = {"type": "scatter", "y": [1, 2]}
    scripts = Reader(page(Figure([line])).html()).scripts
    data = next(s for s in scripts if s.startswith("["))
    program = f"const FIGURES = {json.dumps(data)};{BROWSER}{scripts[-1]}{ACTS}"
    done = subprocess.run(["node", "-"], input=program, text=True, check=True, capture_output=True)
    dark, light, again, sorted_rows = json.loads(done.stdout)
    assert dark[0] == "figure-0"
    assert dark == again != light
    assert sorted_rows == ["2", "9", "10"]  # as numbers, not as texts
