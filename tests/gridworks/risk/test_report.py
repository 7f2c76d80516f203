"""`gridworks risk report`: the example of the repository, in a terminal and as a page."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import gridworks as gw
from gridworks.cli import main
from gridworks.risk import files
from gridworks.risk.report import page, report
from tests.gridworks.risk.books import prices, rows
from tests.pages.reading import Reader

pytestmark = pytest.mark.compiled

FOLDER = Path(__file__).parents[3] / "examples" / "portfolio"
EXAMPLE = FOLDER / "positions.csv"


def run(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(main.build(), ["risk", "report", *words], env={"COLUMNS": "160"})
    return done.exit_code, done.output


def test_the_example_in_a_terminal_and_as_a_page(tmp_path: Path) -> None:
    html = tmp_path / "risk.html"
    code, text = run(str(EXAMPLE), "--rate", "0.045", "--html", str(html))
    assert code == 0, text
    for said in ("Value at risk, 99.0%", "volatility_scaled", "INDEX put", "kupiec_p",
                 "Scenario ladder", "Volatility surface", "arbitrage    none"):  # fmt: skip
        assert said in text
    written = html.read_text(encoding="utf-8")
    seen = Reader(written)
    assert seen.loads == []  # needs no network
    assert sum("plotly.js v" in script[:2000] for script in seen.scripts) == 1
    kinds = [figure.data[0].type for figure in seen.figures]
    assert kinds == ["bar", "bar", "bar", "scatter", "bar", "surface", "scatter"]
    for heading in ("Contributions", "Backtest", "Scenarios", "Volatility surface"):
        assert heading in seen.text


def test_every_kind_of_file_says_the_same(tmp_path: Path) -> None:
    named = ("positions", "prices", "factors", "quotes")
    tables = {name: pd.read_csv(FOLDER / f"{name}.csv") for name in named}
    document = {n: json.loads(t.to_json(orient="records")) for n, t in tables.items()}
    document |= {"rate": 0.045, "today": "2026-11-27"}
    (tmp_path / "all.json").write_text(json.dumps(document), encoding="utf-8")
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    csv = files.read(EXAMPLE, rate=0.045)
    for other in (tmp_path / "all.json", tmp_path / "positions.parquet"):
        read = files.read(other, rate=0.045)
        pd.testing.assert_frame_equal(read.portfolio.values(), csv.portfolio.values())
        pd.testing.assert_frame_equal(read.portfolio.stress(), csv.portfolio.stress())
        assert read.quotes is not None
        np.testing.assert_allclose(read.quotes["time"], csv.quotes["time"])  # type: ignore[index]
    assert files.read(tmp_path / "all.json").rate == 0.045


def test_what_cannot_be_computed_is_said_and_the_rest_is_there() -> None:
    short = gw.risk.Portfolio(rows(), prices().iloc[:60], rate=0.03)
    quotes = pd.DataFrame({"kind": ["call"], "strike": [1.0], "time": [1.0], "price": [0.1]})
    found = report(short, quotes)
    assert set(found.missing) >= {"backtest", "surface"}
    assert found.backtest is None
    assert len(found.tails) >= 7
    text = Reader(page(found).html()).text
    assert "Not computed: backtest. window is 250" in text
    nothing = gw.risk.Portfolio(rows(), prices().iloc[:10], rate=0.03)
    with pytest.raises(gw.InvalidField, match="enough history"):
        report(nothing)


NO_PRICE = """{"positions": [{"underlying": "A", "quantity": 1}],
    "prices": {"date": ["2026-01-01", "2026-01-02"], "A": [1, null]}}"""


def test_quotes_of_several_underlyings_give_a_surface_each() -> None:
    quotes = files.read(EXAMPLE, rate=0.045).quotes
    assert quotes is not None
    other = quotes.assign(underlying="OTHER", kind="call")  # without a put there is no forward
    both = pd.concat([quotes.assign(underlying="INDEX"), other])
    book = gw.risk.Portfolio(rows(), prices().rename_axis("Date").reset_index(), rate=0.03)
    found = report(book, both, rate=0.045)
    assert list(found.fitted) == ["INDEX"]
    assert "both a call and a put" in found.missing["surface OTHER"]
    assert "INDEX" in Reader(page(found).html()).text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("book.txt", "", "a name that ends in .csv, .parquet, .json"),
        ("missing.csv", None, "a file that exists"),
        ("book.csv", "underlying,quantity\nACME,1\n", "no prices"),
        ("book.json", "{", "a JSON document"),
        ("book.json", "[]", "a JSON object"),
        ("book.json", '{"positions": [], "prices": 3}', "a list of rows"),
        ("book.json", '{"positions": [], "prices": [], "rate": "x"}', "a fraction a year"),
        ("book.parquet", "text", "a table in parquet"),
        ("book.json", NO_PRICE, "'A 1'"),
        ("book.json", NO_PRICE.replace("null", '"x"'), "prices['A'][2026-01-02] is 'x'"),
    ],
)
def test_a_bad_file_is_one_line(
    name: str, content: str | None, message: str, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / name).write_text(content, encoding="utf-8")
    code, text = run(str(tmp_path / name))
    assert code == 1
    assert message in text
    assert text.startswith("gridworks: ")
    assert text.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--confidence", "2"), "confidence is 2.0"),
        (("--method", "luck"), "method is 'luck'"),
    ],
)
def test_a_bad_wish_is_one_line(words: tuple[str, ...], message: str) -> None:
    code, text = run(str(EXAMPLE), *words)
    assert code == 1
    assert message in text


def test_a_page_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    code, text = run(str(EXAMPLE), "--html", str(tmp_path / "no" / "such" / "folder.html"))
    assert code == 2
    assert "there is no folder" in text.replace("\n", " ")
