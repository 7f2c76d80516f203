"""A first strategy over bars: what comes out is a whole Record."""

import numpy as np
import pytest

import gridworks as gw
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import ExecType
from domain.errors import InvalidField
from tests.backtest.cross import Cross
from tests.backtest.history import History, bars, walk

pytestmark = pytest.mark.nojit


def test_a_market_order_is_filled_at_the_next_open():
    class Once(Strategy):
        def on_bar(self, bar):
            if not self.position() and not self.orders:
                self.buy(10)

    record = run(Once, History(bars((100, 105, 95, 101), (103, 104, 99, 100))), cash=1_000)
    fills = record.reports[record.reports["exec_type"] == ExecType.TRADE]
    assert fills[["last_px", "last_qty"]].tolist() == [(103, 10)]
    assert record.positions[:, 0].tolist() == [0, 10]
    assert record.equity.tolist() == [100_000, 100_000 - 10 * 103 + 10 * 100]


def test_equity_follows_from_the_fills():
    record = run(Cross, History(walk(60)), {"fast": 2}, cash=50_000)
    assert record.parameters == {"fast": 2, "slow": 8}
    fills = record.reports[record.reports["exec_type"] == ExecType.TRADE]
    signs = np.where(fills["side"] == 1, 1, -1)
    cash = 5_000_000 - int((signs * fills["last_px"] * fills["last_qty"]).sum())
    assert len(fills) > 2
    assert record.cash[-1] == cash
    assert np.array_equal(record.equity, record.cash + record.positions[:, 0] * record.marks[:, 0])


def test_what_does_not_exist_is_named():
    with pytest.raises(InvalidField, match="parameters is 'speed'; allowed: fast, slow"):
        run(Cross, History(walk(3)), {"speed": 1})
    with pytest.raises(InvalidField, match="path is 'up'; allowed: near"):
        gw.backtest.BarFills(path="up")
    with pytest.raises(InvalidField, match="instruments is 'X'; allowed: ACME"):
        run(Cross, History(walk(3)), instruments={"X": {}})
