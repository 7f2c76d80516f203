"""Who follows the feed has the book: L2, L3, L1 and phases against depth, command by command."""

from collections import defaultdict

import pytest

from domain.codes import Feed, MarketType, Phase
from domain.tables import Table
from engine.exchange import Exchange
from tests.properties.crowded import Crowded
from tests.properties.streams import Stream, seeded_stream

pytestmark = pytest.mark.nojit
ALL = Feed.TRADES | Feed.L1 | Feed.L2 | Feed.L3 | Feed.AUCTION | Feed.STATUS


class Follower:
    """A book that knows nothing but MARKET rows."""

    def __init__(self) -> None:
        self.levels = defaultdict(dict)  # (instrument, side) -> price -> (qty, orders)
        self.orders = defaultdict(dict)  # (instrument, side) -> order_id -> (price, qty)
        self.top, self.phase = {}, {}

    def read(self, row) -> None:
        instrument, price, qty = (int(row[name]) for name in ("instrument", "price", "qty"))
        where, kind, order_id = (instrument, int(row["side"])), row["market"], int(row["order_id"])
        if kind == MarketType.LEVEL:
            self.levels[where][price] = (qty, int(row["orders"]))
        elif kind == MarketType.ORDER_ADD:
            assert order_id not in self.orders[where]
            self.orders[where][order_id] = (price, qty)
        elif kind == MarketType.ORDER_REDUCE:
            assert self.orders[where][order_id][0] == price
            self.orders[where][order_id] = (price, qty)
        elif kind == MarketType.ORDER_DELETE:
            del self.orders[where][order_id]
        elif kind == MarketType.TOP:
            self.top[instrument] = (price, qty, int(row["price_2"]), int(row["qty_2"]))
        elif kind == MarketType.STATUS:
            self.phase[instrument] = int(row["phase"])

    def by_level(self, where):
        return {p: found for p, found in self.levels[where].items() if found[0]}

    def by_order(self, where):
        found = defaultdict(lambda: (0, 0))
        for price, qty in self.orders[where].values():
            found[price] = (found[price][0] + qty, found[price][1] + 1)
        return dict(found)


def check(exchange, follower) -> None:
    for instrument, book in list(enumerate(exchange.table(Table.BOOK)))[1:]:
        sides = exchange.depth(instrument)
        for side, rows in enumerate(sides, 1):
            shown = {int(price): (int(qty), int(orders)) for price, qty, orders in rows}
            assert follower.by_level((instrument, side)) == shown
            assert follower.by_order((instrument, side)) == shown
        assert follower.phase.get(instrument, int(Phase.CLOSED)) == book["phase"]
        if book["phase"] == Phase.CONTINUOUS:
            best = [int(n) for rows in sides for n in (rows[0][:2] if len(rows) else (0, 0))]
            assert follower.top.get(instrument, (0, 0, 0, 0)) == tuple(best)


@pytest.mark.parametrize("kind", [Stream, Crowded])
@pytest.mark.parametrize("seed", range(3))
def test_the_feed_builds_the_book(seed, kind):
    exchange, follower = Exchange(feed=ALL), Follower()
    for command in seeded_stream(seed, 150, kind).reshape(-1, 1):
        exchange.apply(command)
        for row in exchange.market():
            follower.read(row)
        check(exchange, follower)
