"""Bars-only results equal those of backtesting.py where the models agree (docs/backtest.md)."""

import warnings

import pytest

import gridworks as gw
from backtest.settings import BarFills, Costs
from backtest.simulator import run
from backtest.strategy import Strategy
from benches.backtest import peers
from domain.codes import ExecType, Side
from tests.backtest.history import History, walk

backtesting = pytest.importorskip("backtesting")
pytestmark = pytest.mark.compiled
FAST, SLOW, SIZE, TIE = 5, 12, 50, 1e-6  # averages that are equal but for rounding are equal


class Cross(Strategy):
    """Enters when the averages have crossed up, with a stop or without; leaves the other way."""

    away = 0.0

    def on_start(self):
        self.short = self.indicator(gw.indicators.SMA(FAST))
        self.long = self.indicator(gw.indicators.SMA(SLOW))

    def on_bar(self, bar):
        above = self.short.value > self.long.value
        before = self.short.previous > self.long.previous
        if (
            above
            and not before
            and not self.position()
            and self.long.previous == self.long.previous
        ):
            stop = round(bar.close - self.away, 2) if self.away else 0
            self.bracket(Side.BUY, SIZE, stop_loss=stop)
        elif not above and before and self.position():
            self.cancel_all()
            self.close()


def theirs(rows, away, commission):
    """(entries, exits, equity) of backtesting.py, prices in ticks."""

    class Peer(backtesting.Strategy):
        def init(self):
            self.short = self.I(peers.average, self.data.Close, FAST)
            self.long = self.I(peers.average, self.data.Close, SLOW)

        def next(self):
            above, before = (self.short[n] > self.long[n] + TIE for n in (-1, -2))
            known = self.long[-2] == self.long[-2]
            if above and not before and not self.position and known:
                stop = round(self.data.Close[-1] - away, 2) if away else None
                self.buy(size=SIZE, sl=stop)
            elif not above and before and self.position:
                self.position.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = peers.frame(rows)
        test = backtesting.Backtest(frame, Peer, cash=100_000, commission=commission)
        found = test.run()
    trades = found["_trades"]
    ticks = [[round(100 * price) for price in trades[name]] for name in ("EntryPrice", "ExitPrice")]
    return *ticks, found["_equity_curve"]["Equity"].to_numpy()


@pytest.mark.parametrize(("away", "bps"), [(0.0, 0), (0.0, 20), (1.0, 0)])
def test_trades_and_equity_are_those_of_backtesting(away, bps):
    rows = walk(700, seed=5)
    record = run(
        Cross, History(rows), {"away": away}, costs=Costs(taker_bps=bps),
        bars=BarFills(volume_share=0),
    )  # fmt: skip
    fills = record.reports[record.reports["exec_type"] == ExecType.TRADE]
    entries = fills["last_px"][fills["side"] == Side.BUY].tolist()
    exits = fills["last_px"][fills["side"] == Side.SELL].tolist()
    their_entries, their_exits, equity = theirs(rows, away, bps / 10_000)
    assert len(entries) > 10
    assert entries[: len(their_entries)] == their_entries
    assert exits == their_exits[: len(exits)]
    rounding = 0.01 * (len(fills) + 1)  # fees are whole cents here
    assert record.equity / 100 == pytest.approx(equity, abs=rounding)
