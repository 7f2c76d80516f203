"""`gridworks replay`: what it prints, its exit codes, its picture; and the benchmark runs."""

import re
import sys

import numpy as np
import pytest
from typer.testing import CliRunner

from backtest.readers.facts import Instrument
from backtest.readers.itch import LOT, TICK
from backtest.readers.replay import picture
from backtest.readers.replay.samples import Samples
from benches import readers as bench
from gridworks.cli import main
from tests.readers.simulation import Market, itch_bytes, write_lobster

NS = 10**9


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return write_lobster(folder, Market(8).run(300), 1_500, 10)


@pytest.fixture(scope="module")
def itch(tmp_path_factory):
    path = tmp_path_factory.mktemp("itch") / "day.itch"
    path.write_bytes(itch_bytes({"ONE": Market(9).run(1_500, replaces=True)}))
    return path


def gridworks(*words):
    return CliRunner().invoke(main.build(), ["replay", *map(str, words)])


def test_a_pair_agrees_and_is_drawn(pair, tmp_path):
    message, book = pair
    drawn = tmp_path / "book.png"
    done = gridworks(message, "--format", "lobster", "--book", book, "--check", "--plot", drawn)
    assert done.exit_code == 0, done.output
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert re.search(r"messages +[\d,]+ at [\d,]+/s +\(1 \d", done.output)
    assert re.search(r"commands +[\d,]+ at [\d,]+/s", done.output)
    assert done.output.count("all equal") == 2
    assert f"picture      {drawn}" in done.output


def test_a_wrong_row_of_the_book_file_is_exit_code_1(pair, tmp_path):
    message, book = pair
    rows = book.read_text().splitlines()
    rows[20] = re.sub(r",(\d+)", lambda m: f",{int(m[1]) + 1}", rows[20], count=1)
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("\n".join(rows))
    done = gridworks(message, "--format", "lobster", "--book", wrong, "--check")
    assert done.exit_code == 1
    assert "1 DIFFER" in done.output
    assert "first: line 21, ask, level 1" in done.output
    unchecked = gridworks(message, "--format", "lobster", "--book", wrong)
    assert unchecked.exit_code == 0
    assert "DIFFER" not in unchecked.output


def test_trade_mode_tells_the_agreement(itch):
    done = gridworks(itch, "--format", "itch", "--mode", "trade", "--check", "--instrument", "one")
    assert done.exit_code == 0, done.output
    assert "100.00% hit the order that the file names" in done.output


def test_order_files_take_their_options_with_the_format(tmp_path):
    path = tmp_path / "o.csv"
    path.write_text("time,action,order_id,side,price,qty\n5,new,1,buy,1.5,0.25\n6,cancel,2,,,\n")
    done = gridworks(path, "--format", "csv:tick=0.5,lot=0.25,time_unit=ms", "--check")
    assert done.exit_code == 0, done.output
    assert "refused      UNKNOWN_ORDER 1; first: order 2: UNKNOWN_ORDER" in done.output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--format", "pdf"], "format is 'pdf'; allowed: lobster, itch, csv, bitstamp, binance"),
        (["--format", "itch:tick=1"], "option of itch is 'tick'; allowed: instruments"),
        (["--format", "csv:lot=0"], "lot is '0'; allowed: a decimal number above 0"),
        (["--format", "itch", "--mode", "guess"], "mode is 'guess'; allowed: book or trade"),
        (["--format", "csv"], "line 1: column name"),
        (["--format", "lobster"], "line 1: time is"),
        (["--format", "itch", "--limit", "1", "--plot", "x.png"], "at least two moments"),
        (["--format", "itch", "--plot", "nowhere/x.png"], "there is no folder nowhere"),
        (["--format", "itch", "--plot", "x.xyz"], "a name that ends in .png, .svg, .pdf"),
        (["--format", "itch", "--instrument", "NONE,ONE"], "instrument is 'NONE'; allowed: a"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(itch, words, said):
    done = gridworks(itch, *words)
    assert done.exit_code == 2
    assert said in done.output
    assert "Traceback" not in done.output


def test_a_missing_file_is_one_line_and_exit_code_2(tmp_path):
    done = gridworks(tmp_path / "none.itch", "--format", "itch")
    assert done.exit_code == 2
    assert "No such file" in done.output


@pytest.mark.parametrize("kind", ["itch", "lobster", "bitstamp", "csv"])
@pytest.mark.parametrize("head", [True, False])
def test_a_file_without_messages_does_not_agree(tmp_path, kind, head):
    heads = {"bitstamp": "id,timestamp,price,volume,action,direction",
             "csv": "time,action,order_id,side,price,qty"}  # fmt: skip
    path = tmp_path / "empty"
    path.write_text(heads.get(kind, "") if head else "")
    done = gridworks(path, "--format", kind, "--check")
    assert done.exit_code == 2
    assert "number of messages is 0" in done.output or "line 1: header is" in done.output


def test_times_that_go_back_are_noted(tmp_path):
    path = tmp_path / "o.csv"
    rows = [f"{time},new,{number},buy,1.50,1" for number, time in enumerate((5, 4, 6, 5), 1)]
    path.write_text("time,action,order_id,side,price,qty\n" + "\n".join(rows))
    done = gridworks(path, "--format", "csv", "--check")
    assert done.exit_code == 0
    assert "note         2 x time before the one before" in done.output


# ---------------------------------------------------------------------------- the picture


def samples_of(*books):
    samples = Samples(10, step=1)
    for now, (bids, asks) in enumerate(books):
        samples.take(now * NS, bids, asks, 1)
    return samples.kept


BOOK = ([(99, 5, 1), (98, 7, 2)], [(101, 3, 1), (103, 9, 1)])


@pytest.mark.parametrize(
    "books",
    [
        [BOOK] * 5,
        [BOOK, ([], BOOK[1]), (BOOK[0], []), ([], [])],  # a side is empty, then all
        [(BOOK[0], [])] * 3,
        [([], BOOK[1])] * 3,
        [([(105, 1, 1)], [(101, 1, 1)])] * 3,  # crossed
        [([(1, 1, 1)], [(2, 1, 1)])] * 2,  # at the lower end of prices
    ],
)
@pytest.mark.parametrize("trades", [[], [(NS, 100, 5, 1), (2 * NS, 101, 500, 2)]])
def test_books_of_all_shapes_are_drawn(tmp_path, books, trades):
    drawn = tmp_path / "x.png"
    picture.draw(samples_of(*books), trades, Instrument("X", TICK, LOT), "X", drawn)
    assert drawn.stat().st_size > 10_000


def test_the_heat_adds_up_to_the_book():
    kept = samples_of(BOOK, BOOK, BOOK)
    low, high = picture.price_range(kept)
    bids, asks = picture.heat(kept, low, high)
    assert bids.shape == asks.shape == (high - low, 3)
    assert bids.sum(axis=0).tolist() == [12, 12, 12]
    assert asks[101 - low].tolist() == [3, 3, 3]


@pytest.mark.parametrize("span", [1, 1e9, 5e9, 61e9, 3_600e9, 23_400e9, 86_400e9, 1e15])
def test_the_time_axis_has_few_round_marks(span):
    assert span / picture.time_step(span) <= 9


# ---------------------------------------------------------------------------- the benchmark


def test_the_benchmark_runs(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["readers", "8000"])
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 8
    assert all("rows/s" in line for line in lines[1:])


def test_the_benchmark_s_files_are_whole_books():
    parts = bench.flow(3_000)
    total = sum(len(rows) for _, rows in parts)
    assert total == 12_000
    seen = np.zeros(3_001, np.int64)
    for what, rows in parts:  # each order is added, executed, reduced and deleted in this order
        stage = ("add", "execute", "reduce", "delete").index(what)
        assert (seen[rows[:, 0]] == stage).all()
        seen[rows[:, 0]] += 1
