"""Market making on single orders (L3): both sides around the best prices, leaning on inventory.

    gridworks backtest examples/backtest/market_maker.py \\
        --data orders.csv.xz:format=bitstamp --report maker.html

The file is a recording of every order of a market. Ours rest in the same book, behind what was
there before them, and are filled when what stands in front is gone. The price at which we would
rather be flat moves against the position (Avellaneda and Stoikov, "High-frequency trading in a
limit order book", Quantitative Finance 8, 2008).
"""

import gridworks as gw


class MarketMaker(gw.backtest.Strategy):
    """A bid and an ask, each for one size, until the position says enough."""

    size = 0.05  # coins, shares, contracts
    most = 0.25  # position that is held at the most
    half_spread = 0.05  # of the quotes, in currency
    lean = 0.05  # currency that the middle moves for each size that is held
    step = 0.03  # currency that a quote may be off before it is replaced

    def on_start(self) -> None:
        self.mine = {gw.Side.BUY: 0, gw.Side.SELL: 0}
        self.price = {gw.Side.BUY: 0.0, gw.Side.SELL: 0.0}

    def on_book(self, book: gw.backtest.Book) -> None:
        if not (book.bid_qty and book.ask_qty and book.bid < book.ask):
            return
        held = float(self.position())
        middle = (book.bid + book.ask) / 2 - self.lean * held / self.size
        wanted = {
            gw.Side.BUY: min(middle - self.half_spread, book.bid) if held < self.most else 0.0,
            gw.Side.SELL: max(middle + self.half_spread, book.ask) if held > -self.most else 0.0,
        }
        for side, price in wanted.items():
            self.keep(side, price)

    def keep(self, side: gw.Side, price: float) -> None:
        """One order on a side, near the price that is wanted; 0: none."""
        known = self.mine[side]
        if known and known not in self.orders:
            known = self.mine[side] = 0  # filled, refused or canceled
        if known and abs(self.price[side] - price) <= self.step:
            return
        if known:
            self.cancel(known)
            self.mine[side] = 0
        elif price:
            post = gw.ExecInst.POST_ONLY
            self.mine[side] = self.submit(side, self.size, price, exec_inst=post)
            self.price[side] = price

    def on_end(self) -> None:
        self.cancel_all()


settings = gw.backtest.Settings(
    cash=100_000, costs=gw.backtest.Costs(maker_bps=0, taker_bps=10)
)
