"""A file through the exchange: the books agree, and a planted difference is found."""

import numpy as np
import pytest

from backtest.readers.facts import FACT, FactKind, Feed, Instrument
from backtest.readers.formats import open_feed, read
from backtest.readers.itch import LOT, TICK
from backtest.readers.replay.commands import Translator
from backtest.readers.replay.compare import Match, exchange_levels
from backtest.readers.replay.rebuild import Rebuilt
from backtest.readers.replay.running import Plan, Replay, pieces
from backtest.readers.replay.samples import Samples
from domain.codes import Command
from engine.exchange import Exchange
from tests.readers.plain_exchange import PlainExchange
from tests.readers.simulation import BUY, SELL, Market, itch_bytes, write_lobster

EXCHANGES = [PlainExchange, Exchange]
MODES = ["book", "trade"]


@pytest.fixture(scope="module")
def itch(tmp_path_factory):
    """(path, market) of one instrument."""
    market = Market(11).run(3_000, replaces=True)
    path = tmp_path_factory.mktemp("itch") / "one.itch"
    path.write_bytes(itch_bytes({"ONE": market}))
    return path, market


def replayed(feed, exchange, **plan):
    run = Replay(feed, Plan(**plan), exchange)
    for _ in run.run():
        pass
    return run


def feed_of(*facts):
    """A feed of facts given as (kind, ref, side, price, qty)."""
    rows = np.zeros(len(facts), FACT)
    for at, (kind, ref, side, price, qty) in enumerate(facts):
        rows[at] = (at, ref, 0, price, qty, at + 1, 1, kind, side, 0)
    return Feed(None, "itch", iter([rows]), [Instrument("X", TICK, LOT)])


# ---------------------------------------------------------------------------- books agree


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", EXCHANGES)
def test_an_itch_file_gives_the_market_s_book(itch, make, mode):
    path, market = itch
    run = replayed(open_feed(path, "itch"), make(), mode=mode, every=500)
    assert run.agrees, run.exchange_match.first
    assert run.exchange_match.points > 5
    assert not run.refused, run.first_refused
    for side, levels in zip((BUY, SELL), run.exchange.depth(1)):
        assert [level[:2] for level in exchange_levels(levels)] == market.depth(side)
    if mode == "trade":
        assert run.agreement.executions > 300
        assert (run.agreement.rate, run.agreement.surprises) == (1.0, 0)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", EXCHANGES)
@pytest.mark.parametrize("levels", [1, 10])
def test_a_lobster_pair_gives_the_quoted_book(tmp_path, make, mode, levels):
    message, book = write_lobster(tmp_path, Market(5).run(300), 2_000, levels)
    feed = open_feed(message, "lobster", book=book)
    run = replayed(feed, make(), mode=mode, every=100)
    assert run.agrees, (run.exchange_match.first, run.quoted_match.first)
    assert run.quoted_match.points > 500
    assert not run.refused, run.first_refused
    assert run.agreement.rate == 1.0, run.agreement.first


def test_the_bitstamp_file_is_the_same_book_in_the_exchange(vectors):
    path = vectors("order_flow/bitstamp_btcusd_20150501_orders.csv.xz")
    run = replayed(open_feed(path, "bitstamp"), Exchange(), every=2_000)
    assert run.agrees, run.exchange_match.first
    assert run.exchange_match.points > 25
    assert not run.refused
    assert run.director.translator.notes == dict(run.book.notes)


def test_the_artificial_itch_file_is_the_same_book_in_the_exchange(vectors):
    path = vectors("order_flow/itch50_artificial.bin")
    run = replayed(open_feed(path, "itch"), Exchange(), every=1_000)
    assert run.agrees, run.exchange_match.first
    assert not run.refused


def test_the_binance_feed_is_the_quoted_book_in_the_exchange(vectors):
    path = vectors("order_flow/binance_usdm_btcusdt_20240808.jsonl.gz")
    run = replayed(open_feed(path, "binance"), Exchange(), every=20_000, limit=200_000)
    assert run.agrees, (run.exchange_match.first, run.quoted_match.first)
    assert run.quoted_match.points > 1_000


ORDERS = """time,action,order_id,side,price,qty,type,tif,account
1,new,1,buy,10.00,100,limit,day,ann
2,new,2,buy,10.01,50,,gtc,ann
3,new,1,sell,10.00,70,limit,day,bob
4,replace,1,,10.02,60,,,ann
5,new,2,sell,,10,market,,bob
6,new,3,buy,9.00,5,limit,ioc,bob
7,cancel,9,,,,,,bob
8,new,4,sell,11,5,limit,day,bob
"""


@pytest.mark.nojit
def test_an_order_file_is_matched_and_reports_describe_the_book(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text(ORDERS)
    run = replayed(open_feed(path, "csv"), Exchange(), every=3)
    assert run.agrees, run.exchange_match.first
    assert dict(run.refused) == {"UNKNOWN_ORDER": 1}
    bids, asks = run.exchange.depth(1)
    assert exchange_levels(asks) == [(1_100, 5, 1)]
    assert exchange_levels(bids) == [(1_002, 30, 1)]


def test_hidden_quantity_is_not_compared(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("time,action,order_id,side,price,qty,flags\n1,new,1,buy,10,5,hidden\n")
    run = replayed(open_feed(path, "csv"), Exchange())
    assert run.hidden
    assert run.exchange_match.points == 0


# ---------------------------------------------------------------------------- differences are found


@pytest.mark.nojit
def test_an_exchange_that_serves_the_youngest_first_is_found_out(itch):
    run = replayed(open_feed(itch[0], "itch"), PlainExchange(last_first=True), mode="trade")
    assert 0.1 < run.agreement.rate < 0.99
    assert run.agreement.first
    assert run.agreement.restored > 0
    assert run.agrees  # what was hit wrongly was put back, so the quantities agree


@pytest.mark.nojit
def test_an_exchange_that_loses_an_order_is_found_out(itch):
    class Forgetful(PlainExchange):
        lost = None

        def new(self, row):
            super().new(row)
            if self.seq > 1_000 and not self.lost:
                self.lost = self.orders.popitem()

    run = replayed(open_feed(itch[0], "itch"), Forgetful(), every=50)
    assert run.exchange_match.mismatches > 0
    assert "expected" in run.exchange_match.first


def test_a_missing_level_is_a_difference():
    match = Match("books")
    match.levels_of("here", [(5, 1, 1)], [(5, 1, 1), (4, 2, 1)])
    assert (match.levels, match.mismatches) == (2, 1)
    assert match.first == "here, level 2: None, expected (4, 2, 1)"


# ---------------------------------------------------------------------------- facts that do not fit


ODD = [
    (FactKind.ADD, 1, BUY, 100, 10),
    (FactKind.ADD, 1, BUY, 101, 10),  # used twice
    (FactKind.REDUCE, 9, 0, 0, 1),  # unknown
    (FactKind.DELETE, 9, 0, 0, 0),
    (FactKind.EXECUTE, 9, 0, 0, 5),
    (FactKind.REPLACE, 9, 0, 100, 5),
    (FactKind.SET, 3, SELL, 200, 7),  # adopted
    (FactKind.SET, 3, SELL, 200, 9),  # grows
    (FactKind.SET, 3, SELL, 201, 9),  # moves
    (FactKind.SET, 3, SELL, 201, 9),  # as it was
    (FactKind.SET, 3, SELL, 201, 4),
    (FactKind.SET, 4, SELL, 201, 0),  # unknown and gone
    (FactKind.REDUCE, 1, BUY, 0, 99),  # more than there is
    (FactKind.ADD, 5, BUY, 90, 10),
    (FactKind.ADD, 6, BUY, 90, 10),
    (FactKind.CLEAR, 0, BUY, 90, 0),
    (FactKind.CLEAR, 0, BUY, 90, 0),  # nothing left
    (FactKind.LEVEL, 700, BUY, 80, 5),
    (FactKind.LEVEL, 700, BUY, 80, 9),
    (FactKind.LEVEL, 702, BUY, 81, 0),  # was not there
    (FactKind.TRADE, 0, BUY, 85, 5),
    (FactKind.HALT, 0, 0, 0, 0),
    (FactKind.RESUME, 0, 0, 0, 0),
    (FactKind.EXECUTE, 3, 0, 0, 99),
]


@pytest.mark.nojit
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("make", EXCHANGES)
def test_facts_that_do_not_fit_change_what_they_can_and_are_counted(make, mode):
    run = replayed(feed_of(*ODD), make(), mode=mode, every=1)
    assert run.agrees, run.exchange_match.first
    assert not run.refused, run.first_refused
    assert run.director.translator.notes == dict(run.book.notes)
    assert run.book.notes == {
        "order reference used twice": 1,
        "unknown order": 6,
        "more taken than there was": 2,
    }
    assert exchange_levels(run.exchange.depth(1)[0]) == [(80, 9, 1)]


@pytest.mark.nojit
def test_the_table_grows_and_forgets(itch):
    path, _ = itch
    small, large = Translator(), Translator()
    large.known = np.zeros(1 << 14, large.known.dtype)
    for translator in (small, large):
        translator.add_instruments([1])
    for facts in open_feed(path, "itch").chunks:
        for translator in (small, large):
            at = 0
            while at < len(facts):
                at += translator.batch(facts[at:]).facts

    def live(translator):
        return np.sort(translator.known[translator.known["ref"] > 0], order="ref")

    assert np.array_equal(live(small), live(large))
    assert len(live(small)) == small.state[0]


def test_read_gives_commands_for_any_exchange_in_any_batches(itch):
    path, market = itch
    rows = np.concatenate(list(read(path, "itch")))
    assert rows["command"][0] == Command.NODE_ADD
    whole, split = Exchange(), Exchange()
    reports = whole.apply(rows)
    parts = [split.apply(part.copy()) for part in np.array_split(rows, 97)]
    assert np.array_equal(reports, np.concatenate(parts))
    assert [level[:2] for level in exchange_levels(split.depth(1)[0])] == market.depth(BUY)


# ---------------------------------------------------------------------------- pieces and samples


def test_pieces_keep_the_facts_of_one_record_together():
    rows = np.zeros(100, FACT)
    rows["place"] = np.repeat(np.arange(25), 4)
    for step in (1, 3, 7, 1000):
        parts = list(pieces(rows, step))
        assert sum(len(part) for part in parts) == 100
        assert all(len(part) % 4 == 0 for part in parts)


def test_samples_stay_few_and_even():
    samples = Samples(50, step=1)
    for now in range(10_000):
        samples.take(now, [(1, 1, 1)], [], 1)
    times = np.array([sample.time for sample in samples.kept])
    assert 50 <= len(times) < 100
    assert np.diff(times).max() < 2 * np.diff(times).min()


def test_a_limit_stops_the_replay(itch):
    run = replayed(open_feed(itch[0], "itch"), PlainExchange(), limit=100)
    assert run.clock.facts == 100


def test_without_an_exchange_the_plain_book_is_built(itch):
    run = replayed(open_feed(itch[0], "itch"), None)
    assert isinstance(run.book, Rebuilt)
    assert run.book.depth(1)[0]
    assert run.exchange_match.points == 0
