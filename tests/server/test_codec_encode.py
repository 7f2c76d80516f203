"""The encoder against the generated code: the same bytes, whatever the rows hold."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.codes import Feed, MarketType, ReportType
from domain.errors import InvalidField
from domain.jit import DISABLED
from domain.layout import COMMAND, MARKET, REPORT
from gridworks.api.market_data.v1.stream_pb2 import MarketUpdate, SubscribeResponse
from gridworks.api.trading.v1.order_entry_pb2 import DropCopyResponse, OrderEntryResponse, Report
from server.codec.encoder import Encoder

LESS = 4 if DISABLED else 1  # uncompiled, an example takes a hundred times as long

pytestmark = pytest.mark.nojit

REPORTS, MARKETS = Encoder(REPORT, rows=2), Encoder(MARKET, rows=2)
WIDE = st.one_of(st.integers(0, 300), st.integers(-(2**63), 2**63 - 1), st.just(-1))
SIZES = {
    "i8": WIDE, "i4": st.one_of(st.integers(0, 300), st.integers(-(2**31), 2**31 - 1)),
    "u2": st.integers(0, 2**16 - 1), "u1": st.integers(0, 255),
}  # fmt: skip


def rows_of(dtype: np.dtype, **fixed: st.SearchStrategy) -> st.SearchStrategy:
    """Up to six rows with anything in their cells."""
    names = [n for n in dtype.names if n != "_spare"]
    cells = {n: fixed.get(n, SIZES[dtype.fields[n][0].str[1:]]) for n in names}
    sparse = st.fixed_dictionaries({}, optional=cells) | st.fixed_dictionaries(cells)

    def build(values: list[dict[str, int]]) -> np.ndarray:
        rows = np.zeros(len(values), dtype)
        for row, cells in zip(rows, values, strict=True):
            for name, value in {**dict.fromkeys(fixed, 1), **cells}.items():
                row[name] = value
        return rows

    return st.lists(sparse, max_size=6).map(build)


# ------------------------------------------------------------------------------ the oracle


def report_of(row: np.void) -> Report:
    made = Report(**{f.name: row[f.name].item() for f in Report.DESCRIPTOR.fields})
    if row["report"] == ReportType.EXECUTION:
        for name in ("exec_type", "ord_status", "time_in_force"):
            setattr(made, name, int(row[name]) or 48)
    if row["report"] == ReportType.CANCEL_REJECT:
        made.ord_status = int(row["ord_status"]) or 48
    return made


def update_of(row: np.void) -> MarketUpdate:
    cell = {name: row[name].item() for name in MARKET.names if name != "_spare"}
    made = MarketUpdate(
        market=cell["market"], instrument=cell["instrument"], seq=cell["seq"],
        phase=cell["phase"] or 48,
    )  # fmt: skip
    kind = MarketType(cell["market"])
    if kind == MarketType.TOP:
        made.bid_px, made.bid_size = cell["price"], cell["qty"]
        made.offer_px, made.offer_size = cell["price_2"], cell["qty_2"]
        return made
    made.price = cell["price"]
    if kind == MarketType.STATUS:
        return made
    made.qty = cell["qty"]
    if kind == MarketType.INDICATIVE:
        made.surplus = cell["qty_2"]
        return made
    made.side = cell["side"]
    if kind == MarketType.TRADE:
        made.trade_id = cell["order_id"]
    elif kind == MarketType.LEVEL:
        made.orders = cell["orders"]
    else:
        made.order_id = cell["order_id"]
    return made


# ------------------------------------------------------------------------------ laws

REPORT_ROWS = rows_of(REPORT, report=st.sampled_from([int(t) for t in ReportType]),
                      working=st.integers(0, 1))  # fmt: skip
MARKET_ROWS = rows_of(MARKET, market=st.sampled_from([int(t) for t in MarketType]))


@settings(max_examples=150 // LESS)
@given(REPORT_ROWS, st.integers(0, 2**62), st.integers(0, 2**62), st.integers(0, 1))
def test_reports_are_the_bytes_that_the_generated_code_writes(rows, seq, processed, dup):
    REPORTS.encode(rows)
    message = OrderEntryResponse(
        msg_seq_num=seq, reports=map(report_of, rows), last_msg_seq_num_processed=processed,
        poss_dup=dup,
    )  # fmt: skip
    found = REPORTS.reply(None, seq, processed=processed, poss_dup=dup)
    assert found == message.SerializeToString()
    assert REPORTS.whole(rows, 0, seq, processed=processed, poss_dup=dup) == found
    copy = DropCopyResponse(msg_seq_num=seq, reports=map(report_of, rows))
    assert REPORTS.reply(None, seq) == copy.SerializeToString()


@settings(max_examples=150 // LESS)
@given(MARKET_ROWS, st.integers(0, 2**62), st.integers(0, 1))
def test_market_rows_are_the_bytes_that_the_generated_code_writes(rows, seq, snapshot):
    MARKETS.encode(rows)
    told = {"instrument": 7, "feed": int(Feed.L3), "transact_time": seq, "snapshot": snapshot}
    message = SubscribeResponse(msg_seq_num=seq, updates=map(update_of, rows), **told)
    assert MARKETS.reply(None, seq, **told) == message.SerializeToString()


@settings(max_examples=60 // LESS)
@given(REPORT_ROWS, st.data(), st.integers(1, 300))
def test_a_reply_is_made_of_the_rows_that_are_picked(rows, data, seq):
    REPORTS.encode(rows)
    numbers = list(range(len(rows)))
    picks = sorted(data.draw(st.lists(st.sampled_from(numbers), unique=True))) if numbers else []
    chosen = [report_of(rows[i]) for i in picks]
    whole = OrderEntryResponse(msg_seq_num=seq, reports=chosen).SerializeToString()
    picked = np.array(picks, np.int64)
    assert REPORTS.framed(picked, seq) == b"\0" + len(whole).to_bytes(4, "big") + whole
    single = [
        OrderEntryResponse(msg_seq_num=seq + i, reports=[r], last_msg_seq_num_processed=9)
        for i, r in enumerate(chosen)
    ]
    bodies = [m.SerializeToString() for m in single]
    framed = b"".join(b"\0" + len(b).to_bytes(4, "big") + b for b in bodies)
    assert REPORTS.each(picked, seq, processed=9) == framed


def test_room_grows_with_what_comes():
    encoder = Encoder(REPORT, rows=1)
    rows = np.zeros(5_000, REPORT)
    for name in REPORT.names:
        if rows.dtype[name].kind == "i":
            rows[name] = np.iinfo(rows.dtype[name]).min  # the longest varint
    rows["report"], rows["reason"] = ReportType.EXECUTION, 65_535
    size = encoder.encode(rows)
    found = OrderEntryResponse.FromString(encoder.reply(None, 1))
    assert size > 5_000 * 250
    assert len(found.reports) == 5_000
    assert found.reports[4_999] == report_of(rows[4_999])
    assert len(encoder.each(None, 1)) > size
    assert Encoder(REPORT, rows=1).whole(rows, rows.ctypes.data, 1) == encoder.reply(None, 1)


def test_rows_of_another_kind_and_picks_outside_are_refused():
    encoder = Encoder(REPORT)
    with pytest.raises(InvalidField, match="rows"):
        encoder.encode(np.zeros(1, COMMAND))
    with pytest.raises(InvalidField, match="rows"):
        encoder.encode(np.zeros(4, REPORT)[::2])
    encoder.encode(np.zeros(2, REPORT))
    for picks in ([2], [-1], [0, 5]):
        with pytest.raises(InvalidField, match="picks"):
            encoder.reply(np.array(picks), 1)


def test_a_row_of_an_unknown_kind_is_an_empty_element():
    encoder = Encoder(MARKET)
    rows = np.full(1, 0, MARKET)
    rows["market"], rows["price"] = 200, 5
    encoder.encode(rows)
    assert encoder.reply(None, 0) == b"\x12\x00"
