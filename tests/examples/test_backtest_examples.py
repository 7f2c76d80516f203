"""The five example strategies: each runs by its command, and does what its first lines say."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from backtest.data import adjusted, validate
from backtest.data.opening import open_data as opened
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import ExecType, Side
from gridworks.cli.backtest import strategies
from gridworks.cli.main import build

FOLDER = Path(__file__).parent.parent.parent / "examples" / "backtest"


def command(name, *words):
    """What `gridworks backtest` says of an example, as JSON."""
    done = CliRunner().invoke(build(), ["backtest", str(FOLDER / name), "--json", *words])
    assert done.exit_code == 0, done.output
    found = json.loads(done.stdout)
    assert found["error"] == ""
    return found


def record(name, data=None, **parameters):
    """The record of an example."""
    module = strategies.load(FOLDER / name)
    strategy = strategies.chosen(module, "")
    made = run(strategy, data or module.data(), parameters, module.settings)
    assert made.error == ""
    return made


def fills(made):
    return made.reports[made.reports["exec_type"] == ExecType.TRADE]


def test_moving_average_cross():
    found = command("moving_average_cross.py")
    assert found["instruments"] == ["AAPL"]
    made = record("moving_average_cross.py")
    sides = fills(made)["side"].tolist()
    orders = [side for side, again in zip(sides, [0, *sides]) if side != again]
    assert orders[:2] == [Side.BUY, Side.SELL]
    assert made.positions.min() >= 0
    assert made.equity[-1] == found["equity"]
    assert made.equity[-1] > 2 * made.start_cash  # it was Apple, after all


def test_adjusted_prices_are_those_of_the_source():
    """Our adjusting against the adjusted closes that the package has from somebody else."""
    from bokeh_sampledata.stocks import AAPL

    apple = strategies.load(FOLDER / "prices.py").apple()
    assert validate(apple, calendar="XNYS").ok
    smooth = adjusted(apple).events()["price"].astype(float)
    theirs = np.array(AAPL["adj_close"])
    ratio = (smooth / smooth[-1]) / (theirs / theirs[-1])
    assert abs(ratio - 1).max() < 2e-3  # they divide by the close before the ex-date


def test_pairs():
    made = record("pairs.py")
    ko, pep = made.positions.T
    assert np.array_equal(np.sign(ko), -np.sign(pep))
    assert {-1, 0, 1} == set(np.sign(ko).tolist())
    changes = sum(a != b for a, b in pairwise(np.sign(ko).tolist()))
    assert 20 < changes < 200


def test_momentum():
    made = record("momentum.py", hold=4)
    held = (made.positions > 0).sum(axis=1)
    assert made.positions.min() >= 0
    assert made.positions.shape[1] == 20
    assert set(held[300:].tolist()) >= {4}
    assert held.max() == 4  # what goes makes room first
    worth = (made.positions * made.marks).sum(axis=1)[300:] / made.equity[300:]
    assert 0.8 < np.median(worth) < 1.0


def test_delta_hedge_takes_the_risk_away():
    hedged, bare = record("delta_hedge.py"), record("delta_hedge.py", hedged=False)
    swings = [np.diff(each.equity[2:-3]).std() for each in (hedged, bare)]
    assert swings[0] < 0.35 * swings[1]
    for made in (hedged, bare):
        assert made.positions[-1].tolist() == [0, 0]
        assert made.positions[5, 1] == -10


def test_market_maker(vectors):
    data = f"{vectors('order_flow/bitstamp_btcusd_20150501_orders.csv.xz')}:format=bitstamp"
    found = command("market_maker.py", "--data", data, "--to", "2015-05-01 01:00")
    again = command("market_maker.py", "--data", data, "--to", "2015-05-01 01:00")
    assert found["state_hash"] == again["state_hash"]
    made = record("market_maker.py", opened(data))
    traded = fills(made)
    assert len(traded) > 50
    assert {Side.BUY, Side.SELL} == set(traded["side"].tolist())
    held = made.positions[:, 0] * 1e-8
    assert abs(held).max() < 0.25 + 2 * 0.05  # one size beyond where it stops, one on its way


def test_a_split_makes_nobody_richer():
    """The same shares over the splits as rows, and over prices that know them."""
    apple = strategies.load(FOLDER / "prices.py").apple().between(0, 1_300_000_000 * 10**9)

    class Hold(Strategy):
        def on_bar(self, bar):
            if not self.position() and not self.orders:
                self.buy(800)

    rows = run(Hold, apple, cash=1_000_000)
    prices = adjusted(apple, digits=0)
    worked_in = run(Hold, prices, cash=1_000_000)
    assert rows.positions[:, 0].max() == 4 * worked_in.positions[:, 0].max() == 3200
    gains = [made.equity[-1] - made.start_cash for made in (rows, worked_in)]
    assert gains[0] == pytest.approx(4 * gains[1], rel=1e-4)
