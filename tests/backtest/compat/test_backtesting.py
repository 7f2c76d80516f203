"""The same strategies in backtesting.py and here: where the models agree, so do the numbers."""

import warnings

import numpy as np
import pandas as pd
import pytest

from backtest.compat.backtesting import SMA, Backtest, Strategy, barssince, cross, crossover
from backtest.compat.histories import decimals_of
from domain.errors import InvalidField
from tests.backtest.compat import guests

THEIRS = {"_strategy", "_equity_curve", "_trades"}


@pytest.fixture(scope="module")
def peer():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip("backtesting", reason="backtesting.py is not installed")


@pytest.fixture(scope="module")
def google(peer):
    from backtesting.test import GOOG

    return GOOG.iloc[:1000]


def both(peer, frame, make, **how):
    from backtesting.lib import crossover as their_crossover

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = peer.Backtest(frame, make(peer.Strategy, their_crossover), **how).run()
    return theirs, Backtest(frame, make(Strategy, crossover), **how).run()


CASES = [
    (guests.cross, {}), (guests.cross, {"trade_on_close": True}),
    (guests.cross, {"exclusive_orders": True, "margin": 0.2}),
    (guests.all_in, {"trade_on_close": True}), (guests.limits, {}), (guests.pieces, {}),
]  # fmt: skip


@pytest.mark.parametrize(("make", "how"), CASES, ids=lambda v: getattr(v, "__name__", None))
def test_statistics_are_equal(peer, google, make, how):
    theirs, ours = both(peer, google, make, cash=100_000, **how)
    assert np.allclose(theirs["_equity_curve"]["Equity"], ours["_equity_curve"]["Equity"])
    columns = ["Size", "EntryBar", "ExitBar", "EntryPrice", "ExitPrice", "PnL"]
    by = ["ExitBar", "EntryBar", "Size"]
    a, b = (s["_trades"][columns].astype(float).sort_values(by) for s in (theirs, ours))
    assert np.allclose(a, b)
    compared = [name for name in theirs.index if name not in THEIRS]
    assert len(compared) > 25
    for name in compared:
        if isinstance(theirs[name], float):
            assert ours[name] == pytest.approx(theirs[name], rel=1e-9, nan_ok=True), name
        else:
            assert ours[name] == theirs[name], name


def test_commissions_differ_by_their_rounding_only(peer, google):
    """Here a fee is whole cents, rounded up, as on the exchange."""
    theirs, ours = both(peer, google, guests.cross, cash=100_000, commission=0.002)
    count = len(ours["_result"].executions)
    apart = theirs["Equity Final [$]"] - ours["Equity Final [$]"]
    assert abs(apart) < 0.01 * count
    assert np.allclose(theirs["_trades"]["PnL"], ours["_trades"]["PnL"], atol=0.02)


def test_brackets_differ_where_one_bar_holds_both_legs(peer, google):
    """Elsewhere entries, stops and targets are the same."""
    theirs, ours = both(peer, google, guests.brackets, cash=100_000)
    columns = ["Size", "EntryBar", "EntryPrice", "ExitBar", "ExitPrice"]
    a, b = (s["_trades"][columns].round(6).astype(float) for s in (theirs, ours))
    same = a.merge(b, on=columns)
    assert len(a) > 40
    assert len(same) > 0.9 * len(a)


def frame(*closes, volume=1000):
    index = pd.date_range("2024-01-01", periods=len(closes), freq="D")
    rows = {name: np.array(closes, float) for name in ("Open", "High", "Low", "Close")}
    return pd.DataFrame(rows | {"Volume": volume}, index)


def test_what_a_strategy_sees_ends_now():
    seen = []

    class Look(Strategy):
        n = 2

        def init(self):
            self.mean = self.I(SMA, self.data.Close, self.n)
            assert len(self.data) == 5

        def next(self):
            data = self.data
            seen.append((len(data), data.Close[-1], self.mean[-1], len(self.mean)))
            assert data.df["Close"].iloc[-1] == data["Close"][-1]
            assert data.index[-1] == data.Close.s.index[-1]
            assert self.mean.s.iloc[-1] == self.mean.df[0].iloc[-1] == self.mean[-1]
            with pytest.raises(AttributeError, match="no column"):
                _ = data.Wealth

    Backtest(frame(10, 11, 12, 13, 14), Look).run(n=3)
    assert seen == [(4, 13.0, 12.0, 4), (5, 14.0, 13.0, 5)]


def test_an_indicator_that_looks_ahead_is_found():
    class Prophet(Strategy):
        def init(self):
            self.mean = self.I(lambda c: c - np.mean(c), self.data.Close, name="centred")

    class Shifted(Strategy):
        def init(self):
            self.later = self.I(lambda c: pd.Series(c).shift(-1), self.data.Close)

    data = frame(*(100 + np.arange(40.0) ** 2))
    for kind in (Prophet, Shifted):
        with pytest.raises(RuntimeError, match="a function of the past"):
            Backtest(data, kind).run()
        Backtest(data, kind, check=False).run()


def test_stops_and_targets_move_with_a_trade():
    class Trail(Strategy):
        def init(self):
            pass

        def next(self):
            if len(self.data) == 2:
                self.buy(size=2)
            for trade in self.trades:
                trade.sl = self.data.Close[-1] - 3
                trade.tp = None if len(self.data) > 6 else 120
                assert {(o.stop, o.limit) for o in self.orders} == {
                    (trade.sl, None), *(() if trade.tp is None else ((None, 120),)),
                }  # fmt: skip
                assert all(o.is_contingent and o.is_short for o in self.orders)

    data = frame(100, 100, 101, 104, 108, 109, 110, 112, 105, 104, 104)
    stats = Backtest(data, Trail).run()
    (trade,) = stats["_trades"].to_dict("records")
    assert (trade["EntryBar"], trade["ExitBar"], trade["ExitPrice"]) == (2, 8, 105.0)  # a gap
    assert stats["_strategy"].closed_trades[0].pl == 8.0
    assert stats["_strategy"].orders == ()


def test_what_cannot_be_is_said():
    data = frame(10, 11, 12, 13)

    class Buys(Strategy):
        terms = None

        def init(self):
            pass

        def next(self):
            self.buy(**self.terms)

    for terms, said in (
        ({"size": 1, "sl": 20}, "sl is 20; allowed: below"), ({"size": 1, "tp": 5}, "tp is 5"),
        ({"size": 1.5}, "whole number"), ({"size": -1}, "above 0"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=said):
            Backtest(data, Buys).run(terms=terms)
    with pytest.warns(UserWarning, match="less than one unit"):
        Backtest(data, Buys, cash=5).run(terms={})
    with pytest.warns(UserWarning, match="was refused: "):
        Backtest(data, Buys).run(terms={"size": 10_000})
    with pytest.raises(InvalidField, match="parameters is 'speed'"):
        Backtest(data, Buys).run(speed=3)
    for bad in (
        {"hedging": True}, {"commission": (1, 0.1)}, {"margin": 0}, {"spread": 3}, {"what": 1},
    ):  # fmt: skip
        with pytest.raises(InvalidField):
            Backtest(data, Buys, **bad)
    for other in (data.drop(columns="Open"), data.reset_index(drop=True), [1]):
        with pytest.raises(InvalidField, match="data"):
            Backtest(other, Buys)
    with pytest.raises(InvalidField, match="before a run"):
        Backtest(data, Buys).plot()


def test_optimising_and_plotting(tmp_path):
    class Hold(Strategy):
        size = 1

        def init(self):
            pass

        def next(self):
            if not self.position:
                self.buy(size=self.size)

    runs = Backtest(frame(10, 11, 12, 13, 14).tz_localize("Asia/Tokyo"), Hold)
    best = runs.optimize(
        maximize="Equity Final [$]", size=range(1, 6), constraint=lambda p: p["size"] != 5
    )
    assert best["_strategy"].size == 4
    assert runs.optimize(maximize=lambda s: -s["Return [%]"], size=[2, 3])["_strategy"].size == 2
    assert runs.plot(tmp_path / "out.html").stat().st_size > 1_000_000


def test_questions_about_series():
    assert crossover([1, 3], [2, 2])
    assert crossover([1, 3], 2)
    assert not crossover([2, 3], 2)
    assert not crossover([3], 2)
    assert cross(pd.Series([3.0, 1.0]), np.array([2.0, 2.0]))
    assert barssince([True, False, False]) == 2
    assert barssince([False], default=9) == 9
    assert decimals_of([1.07219, 1.1]) == 5
    assert decimals_of([1.0]) == 2
    assert decimals_of([1 / 3]) == 8
