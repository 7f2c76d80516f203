"""Comma-separated text, cut exactly; Bitstamp-like event files; order files."""

import lzma
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.readers import source
from backtest.readers.csv_rows import Column, places, tables, word_hash
from backtest.readers.cut import text
from backtest.readers.facts import BadRecord, FactKind
from backtest.readers.formats import open_feed, read
from backtest.readers.replay.rebuild import Rebuilt
from domain.codes import Command, ExecInst, OrdType, Phase, Side, TimeInForce
from domain.errors import InvalidField

pytestmark = pytest.mark.nojit

# ------------------------------------------------------------------------------ the cutter


def cut(content, kinds):
    out, bad = np.zeros((100, len(kinds) + 1), np.int64), np.zeros(4, np.int64)
    data = np.frombuffer(content, np.uint8)
    rows, used = text.cut(data, True, np.array(kinds, np.int64), out, bad)
    return out[:rows, :-1].tolist(), int(bad[0]), used


@given(st.decimals(-(10**9), 10**9, places=6), st.integers(6, 9))
def test_decimals_are_exact(value, scale):
    rows, status, _ = cut(f"{value:f},1\n".encode(), [scale, 0])
    assert status == text.OK
    assert rows == [[int(value.scaleb(scale)), 1]]


@given(st.integers(-(2**62), 2**62))
def test_integers_are_exact(value):
    assert cut(f"{value}".encode(), [0])[0] == [[value]]


@pytest.mark.parametrize(
    ("field", "scale", "status"),
    [
        (b"nan", 2, text.BAD_NUMBER),
        (b"inf", 2, text.BAD_NUMBER),
        (b"1e5", 2, text.BAD_NUMBER),
        (b"-", 2, text.BAD_NUMBER),
        (b".", 2, text.BAD_NUMBER),
        (b"1.2.3", 2, text.BAD_NUMBER),
        (b'"1"', 2, text.BAD_NUMBER),
        (b"", 2, text.EMPTY),
        (b"1.239", 2, text.TOO_PRECISE),
        (b"1.2300", 2, text.OK),
        (b"+1.5", 2, text.OK),
        (b" 1.5 ", 2, text.OK),
        (b"9223372036854775807", 0, text.OK),
        (b"-9223372036854775807", 0, text.OK),
        (b"9223372036854775.807", 3, text.OK),
        (b"9223372036854775808", 0, text.TOO_LARGE),
        (b"9223372036854775.808", 3, text.TOO_LARGE),
        (b"99999999999999999999999", 0, text.TOO_LARGE),
        (b"999999999999999999", 9, text.TOO_LARGE),
    ],
)
def test_what_is_a_number(field, scale, status):
    assert cut(field + b",7\n", [scale, 0])[1] == status


@given(st.text(st.characters(codec="ascii", exclude_characters=",\n\r \t"), min_size=1))
def test_words_are_known_by_the_same_hash(word):
    rows, status, _ = cut(word.encode() + b"\n", [text.WORD])
    assert (rows, status) == ([[word_hash(word)]], text.OK)


@given(
    st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=40),
    st.sampled_from(["\n", "\r\n"]),
    st.integers(1, 30),
    st.booleans(),
)
def test_any_block_size_gives_the_same_rows(tmp_path_factory, rows, end, size, ended):
    path = tmp_path_factory.mktemp("cut") / "x.csv"
    path.write_text(end.join(f"{a},{b}" for a, b in rows) + end * ended, newline="")
    before = source.blocks.__defaults__
    source.blocks.__defaults__ = (None, size)
    try:
        found = list(tables(path, [Column("a", 0), Column("b", 0)]))
    finally:
        source.blocks.__defaults__ = before
    assert [tuple(r) for t in found for r in t.values.tolist()] == rows
    assert [int(n) for t in found for n in t.lines] == list(range(1, len(rows) + 1))


@pytest.mark.parametrize(("step", "digits"), [("0.01", 2), ("1", 0), ("100", 0), ("1e-8", 8)])
def test_places(step, digits):
    assert places(Decimal(step)) == digits


# ------------------------------------------------------------------------------ Bitstamp

HEAD = "id,timestamp,exchange.timestamp,price,volume,action,direction\n"
GOOD = "7,1430438404518,1430438404000,236.47,200000000,created,bid\n"


def write(tmp_path, content, name="file.csv"):
    path = tmp_path / name
    path.write_text(content, newline="")
    return path


def all_facts(path, kind, **options):
    feed = open_feed(path, kind, **options)
    return feed, np.concatenate([*feed.chunks])


def test_bitstamp_lines_become_facts(tmp_path):
    content = HEAD + GOOD + GOOD.replace("created", "changed").replace("200000000", "5")
    content += GOOD.replace("created", "deleted").replace("200000000", "0").replace("bid", "ask")
    feed, facts = all_facts(write(tmp_path, content), "bitstamp")
    assert facts["kind"].tolist() == [FactKind.ADD, FactKind.SET, FactKind.DELETE]
    assert facts["price"].tolist() == [23_647] * 3
    assert facts["qty"].tolist() == [200_000_000, 5, 0]
    assert facts["side"].tolist() == [Side.BUY, Side.BUY, Side.SELL]
    assert facts["time"][0] == 1_430_438_404_518_000_000
    assert facts["place"].tolist() == [2, 3, 4]
    assert feed.instruments[0].tick == Decimal("0.01")


@pytest.mark.compiled
def test_the_bitstamp_file_gives_a_book_without_negative_levels(vectors):
    feed = open_feed(vectors("order_flow/bitstamp_btcusd_20150501_orders.csv.xz"), "bitstamp")
    book = Rebuilt()
    for chunk in feed.chunks:
        book.apply(chunk)
    assert dict(feed.counts) == {"created": 24_894, "changed": 602, "deleted": 24_918}
    assert all(level[1] > 0 for side in book.depth(1) for level in side)
    # Orders from before the file's begin are the only ones that it does not explain.
    assert set(book.notes) == {"unknown order"}


BAD_BITSTAMP = {
    "action": (GOOD.replace("created", "made"), "action", "made"),
    "direction": (GOOD.replace("bid", "buy"), "direction", "buy"),
    "nan": (GOOD.replace("236.47", "NaN"), "price", "NaN"),
    "precision": (GOOD.replace("236.47", "236.471"), "price", "236.471"),
    "zero price": (GOOD.replace("236.47", "0.00"), "price", 0),
    "negative volume": (GOOD.replace("200000000", "-2"), "qty", -2),
    "huge id": (GOOD.replace("7,", "9" * 19 + ",", 1), "id", "9" * 19),
    "columns": (GOOD.replace(",bid", ""), "direction", ""),
    "time": (GOOD.replace("1430438404518", "-5"), "timestamp", "-5"),
}


@pytest.mark.parametrize("name", BAD_BITSTAMP)
def test_bad_bitstamp_lines_are_placed_and_explained(tmp_path, name):
    line, field, value = BAD_BITSTAMP[name]
    path = write(tmp_path, HEAD + GOOD + line)
    with pytest.raises(BadRecord) as caught:
        all_facts(path, "bitstamp")
    error = caught.value
    assert (error.place, error.field, error.value) == ("line 3", field, value)


def test_a_price_off_the_tick_is_refused(tmp_path):
    path = write(tmp_path, HEAD + GOOD)
    with pytest.raises(BadRecord, match="multiple of the tick"):
        all_facts(path, "bitstamp", tick="0.05")
    _, facts = all_facts(path, "bitstamp", tick="0.001")
    assert facts["price"].tolist() == [236_470]


@pytest.mark.parametrize("tick", ["0", "-1", "nan", "x", "1e-30"])
def test_a_tick_that_cannot_be_is_refused(tmp_path, tick):
    with pytest.raises(InvalidField, match="tick"):
        open_feed(write(tmp_path, HEAD), "bitstamp", tick=tick)


def test_a_cut_xz_is_told_from_a_good_one(tmp_path):
    path = tmp_path / "x.csv.xz"
    path.write_bytes(lzma.compress((HEAD + GOOD * 1000).encode())[:-20])
    with pytest.raises(BadRecord, match="compressed data is 'cut off'"):
        all_facts(path, "bitstamp")


def test_a_file_of_only_a_header_has_no_facts(tmp_path):
    for content in ("", HEAD, HEAD.strip()):
        assert list(open_feed(write(tmp_path, content), "bitstamp").chunks) == []


def test_bitstamp_columns_are_known_by_their_names(tmp_path):
    def facts(content):
        return b"".join(
            chunk.tobytes() for chunk in open_feed(write(tmp_path, content), "bitstamp").chunks
        )

    plain = facts(HEAD + GOOD)
    rows = [line.split(",") for line in (HEAD + GOOD).splitlines()]
    turned = "\n".join(",".join(["x", *reversed(row)]) for row in rows)
    assert facts(turned) == plain
    with pytest.raises(BadRecord, match="one column called id"):
        facts(GOOD)  # no header: the first event is not taken for one
    with pytest.raises(BadRecord, match="one column called price"):
        facts(HEAD.replace("volume", "price") + GOOD)


def test_a_byte_order_mark_is_no_character(tmp_path):
    path = tmp_path / "AAPL_2012-06-21_message.csv"
    line = "34200.1,1,11,5,5853300,1\n"
    path.write_bytes(b"\xef\xbb\xbf" + line.encode())
    [facts] = open_feed(path, "lobster").chunks
    assert facts["ref"].tolist() == [11]


# ------------------------------------------------------------------------------ order files

ORDERS = """time,action,order_id,side,price,qty,type,tif,account,symbol,flags
34200.000000001,new,1,buy,99.95,200,limit,day,alice,ABC,
34200.25,NEW,2,Sell,,150,market,,bob,XYZ,
34201,replace,1,,99.96,150,,,alice,ABC,
34202,cancel,1,,,,,,alice,ABC,
34203,new,3,s,101,10,,gtc,carol,ABC,post_only
"""


def orders(path, **options):
    feed = open_feed(path, "csv", **options)
    return feed, np.concatenate([*feed.chunks])


def test_an_order_file_becomes_commands(tmp_path):
    feed, rows = orders(write(tmp_path, ORDERS))
    c = Command
    assert rows["command"].tolist() == [
        c.NEW_ORDER, c.NEW_ORDER, c.REPLACE_ORDER, c.CANCEL_ORDER, c.NEW_ORDER,
    ]  # fmt: skip
    assert rows["cl_ord_id"].tolist() == [1, 2, 0, 0, 3]
    assert rows["orig_cl_ord_id"].tolist() == [0, 0, 1, 1, 0]
    assert rows["price"].tolist() == [9_995, 0, 9_996, 0, 10_100]
    assert rows["order_qty"].tolist() == [200, 150, 150, 0, 10]
    assert rows["ord_type"].tolist() == [OrdType.LIMIT, OrdType.MARKET, 0, 0, OrdType.LIMIT]
    assert rows["side"].tolist() == [Side.BUY, Side.SELL, 0, 0, Side.SELL]
    assert rows["time_in_force"][4] == TimeInForce.GTC
    assert rows["exec_inst"][4] == ExecInst.POST_ONLY
    assert rows["account"].tolist() == [1, 2, 1, 1, 3]
    assert rows["instrument"].tolist() == [1, 2, 1, 1, 1]
    assert rows["transact_time"].tolist()[:2] == [34_200_000_000_001, 34_200_250_000_000]
    assert feed.accounts == ["alice", "bob", "carol"]
    assert [i.symbol for i in feed.instruments] == ["ABC", "XYZ"]


def test_columns_may_stand_in_any_order_and_units_are_chosen(tmp_path):
    content = "qty,price,side,order_id,action,time\n0.5,10.5,buy,1,new,17\n"
    _, rows = orders(write(tmp_path, content), tick="0.5", lot="0.25", time_unit="ms")
    assert (rows["price"][0], rows["order_qty"][0]) == (21, 2)
    assert rows["transact_time"][0] == 17_000_000


def test_columns_have_other_names_too(tmp_path):
    old = "time,action,order_id,side,price,qty,type,tif,symbol\n1,new,7,buy,5,2,limit,gtc,X\n"
    new = old.replace("time,action,order_id", "transact_time,action,cl_ord_id")
    new = new.replace("qty,type,tif,symbol", "Quantity,ord_type,time_in_force,instrument")
    [first], [second] = (
        list(open_feed(write(tmp_path, content), "csv").chunks) for content in (old, new)
    )
    assert first.tobytes() == second.tobytes()
    with pytest.raises(BadRecord, match="one column called time"):
        open_feed(write(tmp_path, "time," + new.replace("\n1", "\n1,1")), "csv")


def test_read_puts_accounts_and_instruments_in_front(tmp_path):
    batches = list(read(write(tmp_path, ORDERS), "csv"))
    setup = batches[0]
    assert setup["command"].tolist().count(Command.NODE_ADD) == 3
    assert setup["entity"][setup["command"] == Command.INSTRUMENT_ADD].tolist() == [1, 2]
    assert setup["value"][setup["command"] == Command.PHASE].tolist() == [Phase.CONTINUOUS] * 2
    assert sum(len(batch) for batch in batches[1:]) == 5


BAD_ORDERS = {
    "action": ("1,amend,1,buy,1,1", "action"),
    "side": ("1,new,1,hold,1,1", "side"),
    "no side": ("1,new,1,,1,1", "side"),
    "no qty": ("1,new,1,buy,1,", "qty"),
    "negative qty": ("1,new,1,buy,1,-1", "qty"),
    "fraction of a lot": ("1,new,1,buy,1,1.5", "qty"),
    "no price": ("1,new,1,buy,,1", "price"),
    "negative price": ("1,new,1,buy,-1,1", "price"),
    "nan": ("1,new,1,buy,nan,1", "price"),
    "id": ("1,new,0,buy,1,1", "order_id"),
    "time": ("-1,new,1,buy,1,1", "time"),
    "huge qty": ("1,new,1,buy,1,1099511627777", "qty"),
    "columns": ("1,new,1,buy,1", "qty"),
}


@pytest.mark.parametrize("name", BAD_ORDERS)
def test_bad_order_lines_are_placed_and_explained(tmp_path, name):
    line, field = BAD_ORDERS[name]
    path = write(tmp_path, f"time,action,order_id,side,price,qty\n0,new,9,buy,1,1\n{line}\n")
    with pytest.raises(BadRecord) as caught:
        orders(path)
    assert (caught.value.place, caught.value.field) == ("line 3", field)


@pytest.mark.parametrize(
    "head", ["", "time,action", "time,action,order_id,side,price,qty,qty", "a,b,c"]
)
def test_a_header_that_is_none_is_refused(tmp_path, head):
    with pytest.raises(BadRecord, match="line 1"):
        open_feed(write(tmp_path, head + "\n"), "csv")


def test_unknown_formats_units_and_modes_are_refused(tmp_path):
    path = write(tmp_path, ORDERS)
    with pytest.raises(InvalidField, match="format"):
        open_feed(path, "pdf")
    with pytest.raises(InvalidField, match="time_unit"):
        open_feed(path, "csv", time_unit="h")
    with pytest.raises(InvalidField, match="mode"):
        next(read(path, "csv", mode="guess"))
    with pytest.raises(InvalidField, match="name the makers"):
        next(read(write(tmp_path, HEAD), "bitstamp", mode="trade"))
