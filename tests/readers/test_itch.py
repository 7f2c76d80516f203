"""NASDAQ ITCH 5.0: round trip, all message types, hostile bytes."""

import gzip
import random

import numpy as np
import pytest

from backtest.readers import source
from backtest.readers.facts import ZERO_REF, BadRecord, FactKind
from backtest.readers.formats import open_feed
from backtest.readers.itch import LENGTHS
from backtest.readers.replay.rebuild import Rebuilt
from domain.errors import InvalidField
from domain.jit import DISABLED
from tests.readers.simulation import (
    BUY,
    SELL,
    Happening,
    Market,
    itch_body,
    itch_bytes,
    itch_message,
)

pytestmark = pytest.mark.nojit

HAPPENINGS = 600 if DISABLED else 3_000

ADD = itch_body(Happening(0, "add", 7, BUY, 1_000_000, 300), b"ABC", 1)


@pytest.fixture
def write(tmp_path):
    def made(content, name="file.itch"):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return made


def chunks(path, **options):
    feed = open_feed(path, "itch", **options)
    return feed, list(feed.chunks)


def rebuilt(path, **options):
    feed, found = chunks(path, **options)
    book = Rebuilt()
    for chunk in found:
        book.apply(chunk)
    return feed, book


def markets():
    return {s: Market(seed).run(HAPPENINGS, replaces=True) for seed, s in enumerate(("AAA", "BBB"))}


def separate(two):
    """The second market's references do not meet the first's."""
    for what in two["BBB"].happened:
        what.ref += 10**9 * bool(what.ref)
        what.new_ref += 10**9 * bool(what.new_ref)
    return two


def test_a_round_trip_gives_the_books_of_the_markets(write):
    two = separate(markets())
    feed, book = rebuilt(write(itch_bytes(two)))
    assert [i.symbol for i in feed.instruments] == ["AAA", "BBB"]
    assert not book.notes
    for number, market in enumerate(two.values(), 1):
        for side, found in zip((BUY, SELL), book.depth(number)):
            assert [level[:2] for level in found] == market.depth(side)
    assert {letter for letter, count in feed.counts.items() if count} == set(LENGTHS)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_blocks_of_any_size_give_the_same_facts(write, monkeypatch, size):
    path = write(itch_bytes(separate(markets()))[: 20 * HAPPENINGS])
    _, whole = rest_of(path)
    monkeypatch.setattr(source.blocks, "__defaults__", (None, size))
    _, small = rest_of(path)
    assert np.array_equal(np.concatenate(whole), np.concatenate(small))


def rest_of(path):
    """All chunks before the file's cut end."""
    feed, found = open_feed(path, "itch"), []
    with pytest.raises(BadRecord, match="file cut off"):
        found.extend(feed.chunks)
    return feed, found


def test_gz_is_read_as_if_it_were_plain(write):
    content = itch_bytes(separate(markets()))
    _, plain = chunks(write(content))
    _, packed = chunks(write(gzip.compress(content), "file.gz"))
    assert np.array_equal(np.concatenate(plain), np.concatenate(packed))


def test_instruments_are_selected_by_symbol(write):
    two = separate(markets())
    feed, book = rebuilt(write(itch_bytes(two)), instruments=["bbb"])
    assert [i.symbol for i in feed.instruments] == ["BBB"]
    bids, _ = book.depth(1)
    assert [level[:2] for level in bids] == two["BBB"].depth(BUY)


def test_the_artificial_file_has_the_documented_counts(vectors):
    feed, found = chunks(vectors("order_flow/itch50_artificial.bin"))
    expected = zip("SRHAFEXDUP", (6, 3, 3, 4997, 3, 198, 45, 1745, 12, 5000))
    assert {k: n for k, n in feed.counts.items() if n} == dict(expected)
    assert [i.symbol for i in feed.instruments] == ["ALC", "BOB", "CHAR"]
    kinds = np.concatenate(found)["kind"]
    assert np.count_nonzero(kinds == FactKind.ADD) == 5000
    assert np.count_nonzero(kinds == FactKind.TRADE) == 5000


def test_every_field_of_an_add_is_read(write):
    message = itch_message("A", 34_200_000_000_123, ADD[1], 513)
    feed, (facts,) = chunks(write(message))
    fact = facts[0]
    assert (fact["time"], fact["ref"], fact["price"], fact["qty"], fact["side"]) == (
        34_200_000_000_123, 7, 1_000_000, 300, BUY,
    )  # fmt: skip
    assert (fact["instrument"], fact["place"]) == (1, 0)
    assert feed.instruments[0].symbol == "ABC"


def test_a_crossed_execution_that_is_not_printed_is_a_reduction(write):
    content = itch_message("A", 1, ADD[1])
    for printable in (b"N", b"Y"):
        body = (7).to_bytes(8, "big") + (10).to_bytes(4, "big") + bytes(8) + printable + bytes(4)
        content += itch_message("C", 2, body)
    _, (facts,) = chunks(write(content))
    assert facts["kind"].tolist() == [FactKind.ADD, FactKind.REDUCE, FactKind.EXECUTE]


def test_a_length_that_is_not_stated_is_taken_from_the_type(write):
    message = itch_message("A", 1, ADD[1])
    _, (facts,) = chunks(write(b"\0\0" + message[2:] + b"\0\0" + message[2:]))
    assert len(facts) == 2


def test_the_end_of_session_mark_is_no_truncation(write):
    _, found = chunks(write(itch_message("A", 1, ADD[1]) + b"\0\0"))
    assert len(found) == 1


def test_an_empty_file_has_no_facts(write):
    assert chunks(write(b""))[1] == []


def test_reference_zero_has_a_stand_in(write):
    _, (facts,) = chunks(write(itch_message("A", 1, bytes(8) + ADD[1][8:])))
    assert facts["ref"][0] == ZERO_REF


GOOD = itch_message("A", 1, ADD[1])
HUGE = itch_message("A", 1, b"\x80" + bytes(7) + ADD[1][8:])
HOSTILE = {
    "unknown type": (GOOD + b"\0\x0cz" + bytes(11), "byte 38", "message type"),
    "wrong length": (GOOD + b"\0\x25A" + bytes(40), "byte 38", "length of A"),
    "huge reference": (GOOD + HUGE, "byte 38", "order reference number"),
    "side": (itch_message("A", 1, ADD[1][:8] + b"X" + ADD[1][9:]), "byte 0", "buy/sell indicator"),
    "zero price": (itch_message("A", 1, ADD[1][:-4] + bytes(4)), "byte 0", "price"),
    "zero shares": (itch_message("A", 1, ADD[1][:9] + bytes(4) + ADD[1][13:]), "byte 0", "qty"),
    "trading state": (itch_message("H", 1, b"ABC     \x00 " + bytes(4)), "byte 0", "trading state"),
    "cut in a message": (GOOD + GOOD[:20], "byte 38", "message"),
    "cut in a length": (GOOD + GOOD[:1], "byte 38", "message"),
    "garbage": (bytes(range(255, 0, -1)), "byte 0", "message type"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_bytes_are_placed_and_explained(write, name):
    content, place, field = HOSTILE[name]
    path = write(content)
    with pytest.raises(BadRecord) as caught:
        chunks(path)
    assert (caught.value.place, caught.value.field) == (place, field)
    assert str(path) in str(caught.value)
    assert caught.value.allowed in str(caught.value)


def test_the_bad_value_itself_is_shown(write):
    for name, value in (("side", "X"), ("trading state", "x00"), ("huge reference", str(2**63))):
        with pytest.raises(BadRecord) as caught:
            chunks(write(HOSTILE[name][0]))
        assert value in str(caught.value)


@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_cut_gz_is_told_from_a_good_one(write, keep):
    content = gzip.compress(itch_bytes(separate(markets())))
    with pytest.raises(BadRecord, match="compressed data is 'cut off'; allowed: a complete file"):
        chunks(write(content[: int(len(content) * keep)]))
    with pytest.raises(BadRecord, match="compressed data is 'damaged'"):
        chunks(write(content[:-8] + b"12345678"))


def test_random_damage_never_does_worse_than_a_bad_record(write):
    content = itch_bytes(separate(markets()))[: 7 * HAPPENINGS]
    draw = random.Random(5)
    for _ in range(150):
        damaged = bytearray(content)
        for _ in range(draw.randint(1, 5)):
            damaged[draw.randrange(len(damaged))] = draw.randrange(256)
        try:
            _, book = rebuilt(write(bytes(damaged)))
        except BadRecord:
            continue
        assert all(side.best() >= 0 for side in book.sides.values())


@pytest.mark.parametrize("symbol", ["", "MUCHTOOLONG"])
def test_a_symbol_that_cannot_be_is_refused(write, symbol):
    with pytest.raises(InvalidField, match="stock symbol"):
        open_feed(write(GOOD), "itch", instruments=[symbol])
