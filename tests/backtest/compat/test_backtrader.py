"""The same strategies in backtrader and here: orders, trades and money agree."""

import warnings
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from backtest.compat import backtrader as ours
from domain.errors import InvalidField


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("backtrader", reason="backtrader is not installed")


@pytest.fixture(scope="module")
def prices():
    """A walk of 300 days, in cents, that neither gaps nor stands still."""
    draw = np.random.default_rng(5)
    close = 100 + np.cumsum(draw.normal(0, 1.2, 300))
    opened = close + draw.normal(0, 0.4, 300)
    high = np.maximum(opened, close) + draw.uniform(0.05, 1, 300)
    low = np.minimum(opened, close) - draw.uniform(0.05, 1, 300)
    cells = {"open": opened, "high": high, "low": low, "close": close}
    index = pd.date_range("2022-01-03", periods=300, freq="D")
    return pd.DataFrame({k: v.round(2) for k, v in cells.items()} | {"volume": 1000}, index)


def cross(bt):
    class Cross(bt.Strategy):
        params = (("fast", 5), ("slow", 15), ("size", 10))

        def __init__(self):
            self.log, self.done = [], []
            fast = bt.indicators.SimpleMovingAverage(self.data.close, period=self.p.fast)
            slow = bt.indicators.EMA(self.data, period=self.params.slow)
            self.crossover = bt.indicators.CrossOver(fast, slow)
            self.rsi = bt.indicators.RSI(self.data.close, period=10)

        def next(self):
            if self.crossover > 0 and self.rsi[0] > 40:
                self.order_target_size(target=self.p.size)
            elif self.crossover < 0:
                self.order_target_size(target=-self.p.size)

        def notify_order(self, order):
            self.log.append((order.getstatusname(), order.isbuy()))
            if order.status == order.Completed:
                day = len(self)
                done = order.executed
                self.done.append((day, done.size, done.price, round(done.comm, 2)))

        def notify_trade(self, trade):
            if trade.isclosed:
                self.done.append((trade.pnl, round(trade.pnlcomm, 1)))

    return Cross


def waiting(bt):
    class Waiting(bt.Strategy):
        """Limits, stops, a bracket and cancels, with a composite of lines."""

        def __init__(self):
            self.done, self.order = [], None
            self.band = bt.indicators.BollingerBands(self.data.close, period=10)
            self.macd = bt.indicators.MACD(self.data)
            self.spread = self.data.high - self.data.low
            self.calm = self.spread < bt.indicators.SMA(self.spread, period=5) * 2

        def next(self):
            if self.order and self.order.alive():
                self.cancel(self.order)
            price = round(self.data.close[0], 2)
            if not self.position and self.calm[0]:
                below = round(price * 0.99, 2)
                self.order = self.buy(size=7, exectype=bt.Order.Limit, price=below)
            elif self.position and self.macd.macd[0] < self.macd.signal[0]:
                level = round(price * 0.985, 2)
                self.order = self.sell(size=7, exectype=bt.Order.Stop, price=level)
            elif self.position and self.data.close[0] > self.band.lines.top[0]:
                self.order = self.close()

        def notify_order(self, order):
            if order.status == order.Completed:
                self.done.append((len(self), order.executed.size, order.executed.price))

    return Waiting


def played(bt: ModuleType, make, prices, **how):
    cerebro = bt.Cerebro()
    cerebro.adddata(bt.feeds.PandasData(dataname=prices))
    cerebro.addstrategy(make(bt), **how)
    cerebro.broker.setcash(50_000.0)
    cerebro.broker.setcommission(commission=0.001)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (strategy,) = cerebro.run()
    return strategy, cerebro.broker.getvalue()


@pytest.mark.parametrize("how", [{}, {"fast": 8, "slow": 20, "size": 25}])
def test_a_cross_of_averages_trades_the_same(peer, prices, how):
    theirs, their_value = played(peer, cross, prices, **how)
    mine, my_value = played(ours, cross, prices, **how)
    assert len(mine.done) > 20
    for a, b in zip(theirs.done, mine.done, strict=True):
        assert b == pytest.approx(a, abs=0.11 if len(a) == 2 else 0.011)
    assert theirs.log == mine.log
    assert my_value == pytest.approx(their_value, abs=0.01 * len(mine.done))
    assert mine.rsi[0] == pytest.approx(theirs.rsi[0])
    assert mine.rsi.get(size=3) == pytest.approx(list(theirs.rsi.get(size=3)))


def test_orders_that_wait_are_executed_the_same(peer, prices):
    theirs, _ = played(peer, waiting, prices)
    mine, _ = played(ours, waiting, prices)
    assert len(mine.done) > 20
    assert mine.done == [(day, size, pytest.approx(price)) for day, size, price in theirs.done]
    for name in ("top", "mid", "bot"):
        assert getattr(mine.band, name)[0] == pytest.approx(getattr(theirs.band.lines, name)[0])
    assert mine.macd.signal[-1] == pytest.approx(theirs.macd.signal[-1])


def test_indicators_are_backtraders(peer, prices):
    def every(bt):
        class Every(bt.Strategy):
            def __init__(self):
                i, data = bt.indicators, self.data
                self.found = [
                    i.SMA(data.close, period=7), i.EMA(data.close, period=7),
                    i.WMA(data.close, period=7), i.SMMA(data.close, period=7), i.RSI(period=9),
                    i.ATR(data, period=6), i.Highest(data.high, period=5),
                    i.Lowest(data.low, period=5), i.Momentum(data.close, period=4),
                    i.RateOfChange(data.close, period=4), i.StdDev(data.close, period=8),
                    i.CrossUp(data.close, data.open), i.CrossDown(data.close, data.open),
                    data.close(-2) / data.open, 2 * data.close - data.open + 1,
                ]  # fmt: skip

        return Every

    theirs, _ = played(peer, every, prices)
    mine, _ = played(ours, every, prices)
    for a, b in zip(theirs.found, mine.found, strict=True):
        for ago in (0, -1, -50):
            assert b[ago] == pytest.approx(a[ago], rel=1e-9), type(a).__name__


class Base(ours.Strategy):
    def notify_order(self, order):
        self.seen.append((order.ref, order.getstatusname()))


def run(kind, *frames, cash=10_000, **how):
    cerebro = ours.Cerebro()
    for frame in frames:
        cerebro.adddata(ours.feeds.PandasData(dataname=frame))
    cerebro.addstrategy(kind, **how)
    cerebro.broker.setcash(cash)
    return cerebro, cerebro.run()[0]


def test_a_bracket_and_one_cancels_other(prices):
    class Brackets(Base):
        def __init__(self):
            self.seen, self.orders = [], []

        def next(self):
            if len(self) == 10:
                at = self.data.close[0]
                self.orders = self.buy_bracket(
                    size=3, price=at * 1.05, stopprice=1, limitprice=at + 1
                )
            if len(self) == 60:
                self.pair = [self.buy(size=1, exectype=ours.Order.Limit, price=1)]
                self.pair.append(
                    self.sell(size=1, exectype=ours.Order.Limit, price=2, oco=self.pair[0])
                )
            if len(self) == 70:
                self.trail = self.sell(size=2, exectype=ours.Order.StopTrail, trailpercent=0.01)
                assert self.order_target_size(target=self.position.size) is None

        def stop(self):
            self.ended = len(self)

    _, mine = run(Brackets, prices)
    entry, stop, limit = mine.orders
    assert [o.status.name for o in (entry, stop, limit)] == ["Completed", "Canceled", "Completed"]
    assert mine.pair[1].status == ours.Order.Completed
    assert mine.pair[0].status == ours.Order.Canceled
    assert mine.trail.status == ours.Order.Completed
    assert mine.ended == len(prices)


def test_two_data_sets_come_together(prices):
    class Both(Base):
        def __init__(self):
            self.seen, self.days = [], []
            self.ratio = self.data0.close / self.data1.close

        def next(self):
            self.days.append(self.data.datetime.date(0))
            assert self.ratio[0] == self.data.close[0] / self.data1[0]
            if len(self) == 5:
                self.order_target_percent(self.data1, target=0.5)
            if len(self) == 8:
                assert self.broker.getcash() < 6_000
                assert self.getposition(self.data1).size == self.broker.getposition(self.data1).size
                assert not self.position

    cerebro, mine = run(Both, prices, prices.iloc[3:] * 2)
    assert mine.days == [day.date() for day in prices.index[3:]]
    assert cerebro.result.positions["data1"].iloc[-1] > 20


def test_what_cannot_be_is_said(prices, tmp_path):
    class Wrong(Base):
        params = (("what", ""),)

        def __init__(self):
            self.seen = []

        def next(self):
            match self.p.what:
                case "close":
                    self.buy(exectype=ours.Order.Close)
                case "valid":
                    self.buy(valid=3)
                case "late":
                    ours.ind.SMA(period=3)
                case "future":
                    _ = self.data.close[1]
                case "much":
                    self.buy(size=10_000)

    for what, said in (
        ("close", "exectype is 'Close'"), ("valid", "valid is 3"), ("late", "in the __init__"),
        ("future", "is in the future"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=said):
            run(Wrong, prices, what=what)
    _, mine = run(Wrong, prices.iloc[:9], what="much")
    assert {status for _, status in mine.seen} == {"Margin"}
    with pytest.raises(InvalidField, match="parameters is 'speed'"):
        run(Wrong, prices, speed=1)
    with pytest.raises(InvalidField, match="made by hand"):
        Wrong()
    cerebro = ours.Cerebro()
    with pytest.raises(InvalidField, match="nothing to run"):
        cerebro.run()
    with pytest.raises(InvalidField, match="before a run"):
        cerebro.plot()
    cerebro.addstrategy(Wrong)
    with pytest.raises(InvalidField, match="one for each Cerebro"):
        cerebro.addstrategy(Wrong)
    with pytest.raises(InvalidField, match="setcommission"):
        cerebro.broker.setcommission(0.1, mult=10)
    done, _ = run(Wrong, prices)
    assert done.plot(tmp_path / "out.html").exists()


def test_sizers(prices):
    class Once(Base):
        def __init__(self):
            self.seen = []

        def next(self):
            if len(self) == 2:
                self.order = self.buy()

    sizes = {}
    plans = {"FixedSize": {"stake": 4}, "PercentSizer": {"percents": 50}, "AllInSizer": {}}
    for kind, how in plans.items():
        cerebro = ours.Cerebro()
        cerebro.adddata(ours.feeds.PandasData(dataname=prices, fromdate="2022-01-10"), name="X")
        cerebro.addsizer(getattr(ours.sizers, kind), **how)
        cerebro.addstrategy(Once)
        sizes[kind] = cerebro.run()[0].order.size
        assert cerebro.result.record.listings[0].symbol == "X"
    close = prices.loc["2022-01-11", "close"]
    assert sizes == {
        "FixedSize": 4, "PercentSizer": int(5_000 / close), "AllInSizer": int(10_000 / close),
    }  # fmt: skip
