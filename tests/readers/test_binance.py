"""Depth feeds: the rebuilt book is the quoted one after every update."""

import json

import numpy as np
import pytest

from backtest.readers.facts import BadRecord
from backtest.readers.formats import open_feed
from backtest.readers.replay.compare import Match, apply_checked
from backtest.readers.replay.rebuild import Rebuilt

pytestmark = pytest.mark.nojit


def line(time, **data):
    return f"{time} {json.dumps({'stream': 'x', 'data': {'s': 'BTC', **data}})}\n"


def depth(number, bids, asks, before):
    return line(number, e="depthUpdate", u=number, pu=before, b=bids, a=asks)


def quote(number, bid, ask):
    return line(number, e="bookTicker", u=number, b=bid[0], B=bid[1], a=ask[0], A=ask[1])


SNAPSHOT = '5 {"lastUpdateId": 5, "bids": [["10.00", "1.000"]], "asks": [["11.00", "2.000"]]}\n'
LINES = [
    depth(3, [["9.00", "7.000"]], [["12.00", "1.000"]], 2),
    SNAPSHOT,
    depth(4, [["10.00", "9.000"]], [], 3),  # older than the snapshot
    depth(7, [["10.00", "3.000"]], [["10.50", "1.500"]], 5),
    quote(7, ("10.00", "3.000"), ("10.50", "1.500")),
    line(8, e="trade", p="10.50", q="0.5", m=False),
    depth(9, [], [["10.50", "0.000"]], 7),
    quote(9, ("10.00", "3.000"), ("11.00", "2.000")),
    quote(11, ("10.00", "3.000"), ("11.00", "2.000")),
]


def checked(path, **options):
    feed = open_feed(path, "binance", **options)
    book, match = Rebuilt(), Match("quotes")
    for chunk in feed.chunks:
        apply_checked(book, chunk, feed.expected, match)
    return feed, book, match


def write(tmp_path, lines):
    path = tmp_path / "feed.jsonl"
    path.write_text("".join(lines))
    return path


def test_a_snapshot_and_its_updates_make_the_quoted_book(tmp_path):
    feed, book, match = checked(write(tmp_path, LINES))
    assert (match.points, match.mismatches) == (2, 0), match.first
    assert book.depth(1) == ([(1000, 3000, 1)], [(1100, 2000, 1)])
    assert feed.notes["updates before the snapshot"] == 1
    assert feed.instruments[0].symbol == "BTC"


def test_a_wrong_quote_is_found(tmp_path):
    lines = [*LINES]
    lines[4] = quote(7, ("10.00", "3.001"), ("10.50", "1.500"))
    _, _, match = checked(write(tmp_path, lines))
    assert match.mismatches == 1
    assert match.first.startswith("line 4, bid")


def test_a_gap_is_noted(tmp_path):
    lines = [*LINES[:4], depth(20, [], [["10.50", "0.000"]], 19)]
    assert checked(write(tmp_path, lines))[0].notes["gaps in the update ids"] == 1


def test_another_symbol_is_left_out(tmp_path):
    feed, _, _ = checked(write(tmp_path, LINES), symbol="eth")
    assert feed.counts["another symbol"] == 8
    assert "BTC" not in {i.symbol for i in feed.instruments}


@pytest.mark.compiled
def test_the_recorded_feed_quotes_what_is_rebuilt(vectors):
    _, book, match = checked(vectors("order_flow/binance_usdm_btcusdt_20240808.jsonl.gz"))
    assert match.mismatches == 0, match.first
    assert match.points > 6_500
    assert not book.notes


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ("x {}\n", "line"),
        ("1 [1, 2]\n", "line"),
        ("1 {\n", "line"),
        (line(1, e="depthUpdate", u=8, b=[]), "depthUpdate"),
        (depth(8, [["nan", "1"]], [], 5), "price"),
        (depth(8, [["-1", "1"]], [], 5), "price"),
        (depth(8, [["10.001", "1"]], [], 5), "price"),
        (depth(8, [["10", "0.0001"]], [], 5), "quantity"),
        (depth(8, [["0", "1"]], [], 5), "price"),
        (depth(8, [["9" * 30, "1"]], [], 5), "price"),
    ],
)
def test_bad_lines_are_placed_and_explained(tmp_path, content, field):
    with pytest.raises(BadRecord) as caught:
        checked(write(tmp_path, [SNAPSHOT, content]))
    assert (caught.value.place, caught.value.field) == ("line 2", field)


def test_an_empty_feed_has_no_facts(tmp_path):
    feed = open_feed(write(tmp_path, []), "binance")
    assert sum(len(c) for c in feed.chunks) == 0
    assert isinstance(feed.expected[0], np.ndarray)
