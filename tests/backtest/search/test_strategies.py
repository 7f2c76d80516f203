"""Searches over a strategy: measures, walk-forward, Optuna."""

import numpy as np
import optuna
import pytest

import gridworks as gw
from backtest.record import Listing
from backtest.results import Result
from backtest.search import (
    Backtest,
    Choice,
    CombinatorialPurged,
    Integer,
    Real,
    Signals,
    WalkForward,
    cross_validate,
    overfitting,
    sweep,
    tune,
    walk_forward,
)
from backtest.search.objective import Part
from backtest.search.validation import returns_of
from backtest.search.walking import times_of
from domain.errors import InvalidField
from tests.backtest.history import MINUTE, START, History, walk
from tests.backtest.search.functions import hill

HERE = {"jobs": 1, "progress": False}


class Cross(gw.backtest.Strategy):
    """Long while the short average is above the long one."""

    fast = 3
    slow = 8

    def on_start(self):
        if self.fast == self.slow:
            raise ValueError("the same average twice")
        self.short = self.indicator(gw.indicators.SMA(self.fast))
        self.long = self.indicator(gw.indicators.SMA(self.slow))

    def on_bar(self, bar):
        self.target(100 if self.short.value > self.long.value else 0)


SPACE = {"fast": [2, 4], "slow": [4, 9]}


@pytest.fixture(scope="module")
def data():
    return History(walk(240))


def test_a_sweep_has_the_measures_of_each_run(data):
    objective = Backtest(Cross, data, measures=("net_profit", "trades"), returns=True)
    table = sweep(objective, SPACE, **HERE)
    assert [c for c in table.columns if c not in ("times", "returns")] == [
        "fast", "slow", "net_profit", "trades", "error", "seconds",
    ]  # fmt: skip
    assert table["error"].iloc[2].startswith("ValueError: the same average twice")
    for _, row in table[table["error"] == ""].iterrows():
        own = Result(gw.backtest.run(Cross, data, {"fast": row["fast"], "slow": row["slow"]}))
        assert row["net_profit"] == own.measures["net_profit"]
        grown = own.equity.to_numpy() / 100_000.0
        assert np.cumprod(1 + row["returns"]) == pytest.approx(grown)
    times, returns = returns_of(table)
    assert returns.shape == (len(times), 4) == (240, 4)
    assert cross_validate(returns, CombinatorialPurged(4, 2)).paths.shape == (240, 3)
    assert 0 <= overfitting(returns, 8).probability <= 1
    with pytest.raises(InvalidField, match="measures is 'speed'"):
        Backtest(Cross, data, measures=("speed",))


def crossed(columns, fast=3, slow=8):
    """The positions of Cross, worked out at once."""
    short, long = (gw.indicators.sma(columns["close"], n) for n in (fast, slow))
    return np.where(short > long, 100, 0)


def test_signals_are_the_strategy_at_once(data):
    plain = {"measures": ("net_profit", "trades"), "returns": True}
    space = {"fast": [2, 4], "slow": [5, 9]}
    found = sweep(Signals(crossed, data, **plain), space, jobs=2, backend="threads", progress=False)
    expected = sweep(Backtest(Cross, data, **plain), space, **HERE)
    assert found["net_profit"].tolist() == expected["net_profit"].tolist()
    assert found["trades"].sum() > 20
    for a, b in zip(found["returns"], expected["returns"]):
        assert np.array_equal(a, b)
    windows = WalkForward(100, 70)
    walks = [
        walk_forward(objective, space, windows, metric="net_profit", **HERE)
        for objective in (Signals(crossed, data), Backtest(Cross, data))
    ]
    assert walks[0].returns.equals(walks[1].returns)
    assert Signals(crossed, data).key() != Signals(crossed, History(walk(9))).key()
    two = History(walk(9), Listing("A"), Listing("B"))
    with pytest.raises(InvalidField, match="bars of one"):
        Signals(crossed, two)({})


def test_a_key_knows_what_a_result_depends_on(data):
    key = Backtest(Cross, data).key()
    assert key == Backtest(Cross, History(walk(240), chunk=7)).key()
    other = type("Cross", (Cross,), {})
    for changed in (
        Backtest(Cross, History(walk(241))),
        Backtest(Cross, data, gw.backtest.Settings(cash=5)),
        Backtest(Cross, data, version="2"),
        Backtest(Cross, data, returns=True),
        Backtest(other, data),
    ):
        assert changed.key() != key


def test_a_part_of_a_history_ends_where_it_says(data):
    span = START + 10 * MINUTE, START + 20 * MINUTE
    rows = np.concatenate(list(Part(History(data.events, chunk=3), span).chunks()))
    assert rows["time"].tolist() == [START + n * MINUTE for n in range(10, 20)]
    assert Part(data, span).listings == data.listings


def test_walk_forward_trades_what_it_chose_before(data, tmp_path):
    objective = Backtest(Cross, data)
    space = {"fast": [2, 3, 4], "slow": [4, 9]}
    plan = {"metric": "net_profit", "lead": 10, "store": tmp_path, **HERE}
    found = walk_forward(objective, space, WalkForward(100, 50), **plan)
    assert len(found.windows) == 3
    times = times_of(data)
    assert found.returns.index[0].value == times[100]
    assert len(found.returns) == 140
    for _, row in found.windows.iterrows():
        span = int(row["train_start"].value), int(row["train_end"].value) + 1
        scores = sweep(objective, space, span=span, **HERE).query("error == ''")
        best = scores.loc[scores["net_profit"].idxmax()]
        wanted = best[["fast", "slow", "net_profit"]].tolist()
        assert [row["fast"], row["slow"], row["inside"]] == wanted
        chosen = {"fast": int(row["fast"]), "slow": int(row["slow"])}
        start, end = row["test_start"].value, row["test_end"].value
        lead = times[np.searchsorted(times, start) - 10]
        equity = Result(objective.record(chosen, (int(lead), int(end) + 1))).equity
        grown = equity.iloc[-1] / equity.iloc[9] - 1
        assert row["total_return"] == pytest.approx(grown)
    total = np.prod(1 + found.windows["total_return"]) - 1
    assert found.measures["total_return"] == pytest.approx(total)
    again = walk_forward(objective, space, WalkForward(100, 50), **plan)
    assert again.returns.equals(found.returns)
    with pytest.raises(InvalidField, match="the same average twice"):
        walk_forward(objective, {"fast": [4], "slow": [4]}, WalkForward(100, 50), **HERE)
    with pytest.raises(InvalidField, match="metric"):
        walk_forward(Backtest(Cross, data, measures=("fees",)), space, WalkForward(9, 9), **HERE)
    with pytest.raises(InvalidField, match="lead"):
        walk_forward(objective, space, WalkForward(9, 9), lead=-1, **HERE)


def test_optuna_finds_the_hill_and_repeats(tmp_path):
    space = {"x": Integer(0, 40), "y": Real(0.1, 1.0, log=True), "z": Choice(("a", "b"))}
    plan = {"seed": 3, "metric": "score", **HERE}
    found = tune(hill, space, 40, **plan)
    assert found.best["x"] == 7
    assert found.study.best_value == 0
    again = tune(hill, space, 40, store=tmp_path, **plan)
    assert again.trials["x"].equals(found.trials["x"])
    resumed = tune(hill, space, 44, store=tmp_path, **plan)
    assert resumed.trials["seconds"].iloc[:40].equals(again.trials["seconds"])
    other = tune(hill, {"x": range(9)}, 30, seed=4, metric="-score", **HERE)
    assert other.best["x"] == 0
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_optuna_prunes_between_spans_and_survives_failures():
    def steps(parameters, span):
        if parameters["x"] == 5:
            raise ValueError("five")
        return {"score": -abs(parameters["x"] - 7.0) * span}

    pruner = optuna.pruners.MedianPruner(n_startup_trials=2)
    plan = {"metric": "score", "pruner": pruner, "batch": 1, **HERE}
    found = tune(steps, {"x": range(10)}, 25, seed=1, spans=[1, 2, 3], **plan)
    states = set(found.trials["state"])
    assert states == {"complete", "pruned", "fail"}
    assert found.best["x"] == 7
    assert (found.trials[found.trials["state"] == "fail"]["x"] == 5).all()
    with pytest.raises(InvalidField, match="spans"):
        tune(hill, {"x": range(3)}, 2, seed=1, **plan)
    with pytest.raises(InvalidField, match="trials"):
        tune(hill, {"x": range(3)}, 0, seed=1, **HERE)
    with pytest.raises(InvalidField, match="no trial returned luck"):
        tune(hill, {"x": range(3)}, 2, seed=1, metric="luck", **HERE)
