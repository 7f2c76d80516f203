"""LOBSTER pairs: the rebuilt book is the file's own at every message."""

import lzma
from datetime import UTC, datetime

import numpy as np
import pytest

from backtest.readers.facts import FIRST_SYNTHETIC_REF, BadRecord, FactKind
from backtest.readers.formats import open_feed
from backtest.readers.replay.compare import Match, apply_checked
from backtest.readers.replay.rebuild import Rebuilt
from domain.errors import InvalidField
from domain.jit import DISABLED
from tests.readers.simulation import Market, write_lobster

pytestmark = pytest.mark.nojit

MESSAGES = 500 if DISABLED else 2_500

ROW = "1000100,5,999900,6\n"


def pair(tmp_path, messages, rows):
    paths = tmp_path / "message.csv", tmp_path / "book.csv"
    for path, content in zip(paths, (messages, rows)):
        path.write_text(content, newline="")
    return paths


def checked(message, book):
    """(feed, plain book, how it matched the rows)."""
    feed = open_feed(message, "lobster", book=book)
    found, match = Rebuilt(), Match("rows")
    for chunk in feed.chunks:
        apply_checked(found, chunk, feed.expected, match)
    return feed, found, match


@pytest.mark.parametrize("levels", [1, 2, 5, 10])
@pytest.mark.parametrize("seed", range(4))
def test_a_view_of_a_market_is_rebuilt_row_by_row(tmp_path, seed, levels):
    market = Market(seed).run(400)
    message, book = write_lobster(tmp_path, market, MESSAGES, levels)
    feed, found, match = checked(message, book)
    assert match.mismatches == 0, match.first
    assert match.points == sum(feed.counts.values()) > MESSAGES // 5
    assert not found.notes
    assert feed.notes["levels learned from the book file"] >= levels


def test_names_tell_symbol_and_day(tmp_path):
    message, book = write_lobster(tmp_path, Market(1).run(100), 200, 3)
    feed = open_feed(message, "lobster", book=book)
    facts = next(feed.chunks)
    assert feed.instruments[0].symbol == "TEST"
    day = datetime.fromtimestamp(int(facts["time"][0]) / 1e9, UTC)
    assert f"{day:%Y-%m-%d %H}" == "2012-06-21 09"


def test_without_the_book_file_earlier_orders_are_unknown(tmp_path):
    message, _ = write_lobster(tmp_path, Market(1).run(400), 1_000, 10)
    feed, found = open_feed(message, "lobster"), Rebuilt()
    for chunk in feed.chunks:
        found.apply(chunk)
    assert found.notes["unknown order"] > 0
    assert feed.expected is None


def test_compressed_pairs_are_read_too(tmp_path):
    message, book = write_lobster(tmp_path, Market(2).run(100), 300, 3)
    plain = np.concatenate(list(open_feed(message, "lobster", book=book).chunks))
    packed = tmp_path / (message.name + ".xz")
    packed.write_bytes(lzma.compress(message.read_bytes()))
    again = np.concatenate(list(open_feed(packed, "lobster", book=book).chunks))
    assert np.array_equal(plain, again)


def test_all_types_become_their_facts(tmp_path):
    rows = ["34200.000000001,1,7,5,999900,1", "34200.5,2,7,1,999900,1", "34201,4,7,1,999900,1",
            "34202,3,7,3,999900,1", "34203,5,0,9,1000000,1", "34204,6,-1,9,1000000,-1",
            "34205,7,0,0,-1,-1", "34206,7,0,0,0,-1", "34207,7,0,0,1,-1"]  # fmt: skip
    path = tmp_path / "ABC_x.csv"
    path.write_text("\n".join(rows))
    facts = np.concatenate(list(open_feed(path, "lobster").chunks))
    k = FactKind
    assert facts["kind"].tolist() == [
        k.ADD, k.REDUCE, k.EXECUTE, k.DELETE, k.TRADE, k.TRADE, k.HALT, k.NOTE, k.RESUME,
    ]  # fmt: skip
    assert facts["time"].tolist()[:2] == [34_200_000_000_001, 34_200_500_000_000]
    assert facts["place"].tolist() == list(range(1, 10))


def test_the_opening_book_is_the_first_row_with_its_message_undone(tmp_path):
    message, book = pair(tmp_path, "1,1,7,2,999900,1\n", "1000100,5,999900,6,1000200,1,999800,3\n")
    feed, found, match = checked(message, book)
    assert match.mismatches == 0
    level = found.side(1, 1).levels[999_900]
    assert list(level[1].values()) == [4, 2]  # the nameless 4 stand before order 7
    assert min(level[1]) == 7
    assert max(level[1]) >= FIRST_SYNTHETIC_REF
    assert feed.notes["levels learned from the book file"] == 4


def test_an_order_of_the_opening_book_is_executed_namelessly(tmp_path):
    message, book = pair(
        tmp_path, "1,4,7,2,999900,1\n2,3,8,6,999900,1\n", ROW + "1000100,5,-9999999999,0\n"
    )
    feed, found, match = checked(message, book)
    assert match.mismatches == 0, match.first
    assert feed.notes["facts of nameless orders"] == 2
    assert found.depth(1) == ([], [(1_000_100, 5, 1)])


def test_a_wrong_row_is_found_and_named(tmp_path):
    message, book = write_lobster(tmp_path, Market(3).run(300), 800, 5)
    rows = book.read_text().splitlines()
    cells = rows[400].split(",")
    cells[1] = str(int(cells[1]) + 1)  # size of the best ask
    rows[400] = ",".join(cells)
    book.write_text("\n".join(rows))
    _, _, match = checked(message, book)
    assert match.mismatches == 1
    assert match.first.startswith("line 401, ask, level 1")


def test_a_level_that_changed_out_of_view_is_cleared_and_learned(tmp_path):
    # One level: 999900 leaves the view for 1000000, returns with another quantity.
    messages = "1,1,1,5,999900,1\n2,1,2,3,1000000,1\n3,3,2,3,1000000,1\n4,4,1,1,999900,1\n"
    rows = "".join(f"2000000,1,{p},{q}\n" for p, q in (
        (999_900, 5), (1_000_000, 3), (999_900, 9), (999_900, 8)))  # fmt: skip
    message, book = pair(tmp_path, messages, rows)
    feed = open_feed(message, "lobster", book=book)
    (facts,) = feed.chunks
    assert FactKind.CLEAR in facts["kind"]
    _, _, match = checked(message, book)
    assert match.mismatches == 0, match.first


BAD_MESSAGES = {
    "nan price": ("1,1,7,2,nan,1\n", "line 1", "price"),
    "negative size": ("1,1,7,2,999900,1\n1,1,8,-2,999900,1\n", "line 2", "size"),
    "zero price": ("1,1,7,2,0,1\n", "line 1", "price"),
    "type": ("1,9,7,2,999900,1\n", "line 1", "type"),
    "direction": ("1,1,7,2,999900,0\n", "line 1", "direction"),
    "id": ("1,1,0,2,999900,1\n", "line 1", "order id"),
    "huge id": ("1,1,9223372036854775808,2,999900,1\n", "line 1", "order id"),
    "too few": ("1,1,7,2,999900,1\n1,1,7,2,999900\n", "line 2", "direction"),
    "too many": ("1,1,7,2,999900,1\n1,1,7,2,999900,1,1,1\n", "line 2", "line"),
    "too precise": ("1.0000000001,1,7,2,999900,1\n", "line 1", "time"),
    "empty field": ("1,1,7,,999900,1\n", "line 1", "size"),
    "text": ("time,type,id,size,price,direction\n", "line 1", "time"),
    "cut line": ("1,1,7,2,999900,1\n34200.1,1,8", "line 2", "size"),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_bad_messages_are_placed_and_explained(tmp_path, name):
    content, place, field = BAD_MESSAGES[name]
    path = tmp_path / "m.csv"
    path.write_text(content)
    with pytest.raises(BadRecord) as caught:
        list(open_feed(path, "lobster").chunks)
    assert (caught.value.place, caught.value.field) == (place, field)


def test_windows_line_ends_and_blank_last_lines_do_not_matter(tmp_path):
    message, book = pair(tmp_path, "1,1,7,2,999900,1\r\n\r\n", ROW.replace("\n", "\r\n"))
    _, _, match = checked(message, book)
    assert (match.points, match.mismatches) == (1, 0)


def test_an_empty_file_has_no_facts(tmp_path):
    path = tmp_path / "empty.csv"
    path.touch()
    assert list(open_feed(path, "lobster").chunks) == []


@pytest.mark.parametrize("rows", ["", ROW + ROW, "1,2,3\n", "1,2,3,x\n"])
def test_a_book_file_that_does_not_belong_is_refused(tmp_path, rows):
    message, book = pair(tmp_path, "1,1,7,2,999900,1\n", rows)
    with pytest.raises(BadRecord):
        checked(message, book)


def test_a_date_that_is_none_is_refused(tmp_path):
    path = tmp_path / "ABC_2012-13-45_1_2_message_1.csv"
    path.write_text("1,1,7,2,999900,1\n")
    with pytest.raises(InvalidField, match="file name"):
        open_feed(path, "lobster")
