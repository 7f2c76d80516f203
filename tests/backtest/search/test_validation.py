"""Training and test parts share nothing, and luck is told from skill."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.results import confidence
from backtest.search import (
    CombinatorialPurged,
    PurgedKFold,
    WalkForward,
    cross_validate,
    deflated_sharpe,
    overfitting,
)
from backtest.search.luck import independent
from backtest.search.validation import measured, returns_of
from domain.errors import InvalidField
from risk.portfolio import performance


def lists(splits):
    return [(train.tolist(), test.tolist()) for train, test in splits]


def test_walking_forward_by_hand():
    assert lists(WalkForward(3, 2).split(range(8))) == [
        ([0, 1, 2], [3, 4]), ([2, 3, 4], [5, 6]), ([4, 5, 6], [7]),
    ]  # fmt: skip
    assert lists(WalkForward(3, 2, anchored=True, gap=1).split(range(7))) == [
        ([0, 1, 2], [4, 5]), ([0, 1, 2, 3, 4], [6]),
    ]  # fmt: skip
    assert WalkForward(3, 2).get_n_splits(range(8)) == 3
    with pytest.raises(InvalidField, match="more than train"):
        list(WalkForward(8, 2).split(range(8)))
    for train, test, gap in ((0, 1, 0), (1, 1.5, 0), (1, 1, -1)):
        with pytest.raises(InvalidField):
            WalkForward(train, test, gap=gap)


def test_purging_by_hand():
    """Outcomes take three observations: those that reach into the test are not trained on."""
    ends = np.minimum(np.arange(10) + 2, 9)
    found = lists(PurgedKFold(5, embargo=1, ends=ends).split(range(10)))
    assert found[2] == ([0, 1, 9], [4, 5])  # 2 and 3 reach into it, 6 and 7 overlap, 8 is embargoed
    assert found[0] == ([5, 6, 7, 8, 9], [0, 1])
    assert lists(PurgedKFold(2).split(range(4))) == [([2, 3], [0, 1]), ([0, 1], [2, 3])]


@given(
    count=st.integers(12, 60), tests=st.integers(1, 3), length=st.integers(0, 4),
    embargo=st.integers(0, 3),
)  # fmt: skip
def test_no_training_observation_knows_of_the_test(count, tests, length, embargo):
    ends = np.minimum(np.arange(count) + length, count - 1)
    splitter = CombinatorialPurged(6, tests, embargo, ends)
    splits = list(splitter.split(range(count)))
    assert len(splits) == splitter.get_n_splits() == len(list(combinations(range(6), tests)))
    for train, test in splits:
        inside = set(test.tolist())
        for i in train.tolist():
            assert inside.isdisjoint(range(i, ends[i] + 1))
            reach = [j for j in inside if j < i]
            if reach:
                assert i > ends[max(reach)] + embargo
    tested = np.bincount(np.concatenate([test for _, test in splits]), minlength=count)
    assert (tested == splitter.paths).all()


def test_scikit_learn_would_take_the_splitters():
    """The protocol of its splitters: split(X, y, groups), get_n_splits."""
    for splitter in (WalkForward(5, 5), PurgedKFold(4), CombinatorialPurged(5, 2)):
        x, y = np.zeros((20, 3)), np.zeros(20)
        assert len(list(splitter.split(x, y, None))) == splitter.get_n_splits(x, y, None)
    for bad in ({"tests": 6}, {"groups": 1}, {"embargo": -1}):
        with pytest.raises(InvalidField):
            CombinatorialPurged(**bad)
    with pytest.raises(InvalidField, match="at least folds"):
        list(PurgedKFold(5).split(range(4)))
    for ends in ([0, 1], [0, 0, 2, 3, 4], [0, 1, 2, 3, 5]):
        with pytest.raises(InvalidField, match="ends"):
            list(PurgedKFold(5, ends=ends).split(range(5)))


def noise(trials=40, periods=480, seed=1):
    return np.random.default_rng(seed).normal(0, 0.01, (periods, trials))


def plain_overfitting(rows, blocks):
    parts = np.array_split(rows, blocks)
    logits = []
    for chosen in combinations(range(blocks), blocks // 2):
        inside = np.concatenate([parts[i] for i in chosen])
        outside = np.concatenate([parts[i] for i in range(blocks) if i not in chosen])
        ratios = [[performance.sharpe(c, periods=1) for c in part.T] for part in (inside, outside)]
        best = int(np.argmax(ratios[0]))
        rank = sum(r <= ratios[1][best] for r in ratios[1]) / (rows.shape[1] + 1)
        logits.append(np.log(rank / (1 - rank)))
    return logits


def test_overfitting_is_what_the_definition_says():
    rows = noise(9, 120)
    found = overfitting(rows, 6)
    assert found.logits == pytest.approx(plain_overfitting(rows, 6))
    assert found.probability == np.mean(np.array(plain_overfitting(rows, 6)) <= 0)


def test_noise_is_overfitted_and_skill_is_not():
    guessed = [overfitting(noise(seed=seed), 10).probability for seed in range(8)]
    assert 0.3 < np.mean(guessed) < 0.7
    assert deflated_sharpe(noise()) < 0.9
    skilled = noise()
    skilled[:, 7] += 0.004
    found = overfitting(skilled, 10)
    assert found.probability == found.loss == 0.0
    assert deflated_sharpe(skilled) > 0.99
    flat = overfitting(np.zeros((40, 3)), 4)
    assert flat.probability == 1.0  # equal ranks: the middle, which counts as no better
    assert np.isnan(flat.slope)
    for bad, blocks in ((noise(), 3), (noise(), 22), (noise(1), 4), (noise(5, 7), 4)):
        with pytest.raises(InvalidField):
            overfitting(bad, blocks)


def test_related_trials_count_as_fewer():
    rows = noise(30)
    assert independent(rows) == pytest.approx(30, rel=0.05)
    assert independent(np.repeat(rows[:, :1], 30, axis=1)) == pytest.approx(1.0)
    assert independent(np.column_stack((rows[:, 0], np.zeros(480)))) == 1.0
    ratios = rows.mean(axis=0) / rows.std(axis=0, ddof=1)
    expected = confidence.deflated_sharpe(
        rows[:, np.argmax(ratios)], round(independent(rows)), float(ratios.var(ddof=1))
    )
    assert deflated_sharpe(rows) == expected


def test_cross_validation_never_reports_what_it_trained_on():
    """A trial that is perfect in one sixth of the time is picked by who trains there, only."""
    rows = noise(5, 600)
    rows[:, 0] += 0.003
    rows[200:300, 1] += 0.2
    rows[:200, 1] -= 0.03
    rows[300:, 1] -= 0.03
    found = cross_validate(rows, CombinatorialPurged(6, 2))
    assert set(found.table["trial"]) == {0, 1}
    without = [2 in chosen for chosen in CombinatorialPurged(6, 2).chosen()]
    assert (found.table["trial"] == 0).tolist() == without
    assert found.paths.shape == (600, 5)
    assert not np.isnan(found.paths).any()
    assert not (found.paths > 0.1).any()
    path = cross_validate(rows, WalkForward(100, 100), "total_return").paths
    assert np.isnan(path[:100]).all()
    assert path[300:400, 0] == pytest.approx(rows[300:400, 1])  # it had looked best until then
    with pytest.raises(InvalidField, match="sharpe, total_return"):
        cross_validate(rows, WalkForward(5, 5), "luck")
    with pytest.raises(InvalidField, match="leaves something"):
        cross_validate(rows, PurgedKFold(2, ends=np.full(600, 599)))


def test_returns_come_out_of_a_sweep():
    times = np.arange(3)
    trials = pd.DataFrame(
        {"times": [times, None, times], "returns": [times * 0.1, None, times * 0.2]}
    )
    found = returns_of(trials)
    assert found[0].tolist() == [0, 1, 2]
    assert found[1][:, 1].tolist() == [0, 0, 0]
    with pytest.raises(InvalidField, match="returns=True"):
        returns_of(trials[["times"]])
    with pytest.raises(InvalidField, match="went through"):
        returns_of(trials.iloc[1:2])
    with pytest.raises(InvalidField, match="different times"):
        returns_of(pd.DataFrame({"times": [times, times + 1], "returns": [times, times]}))
    assert measured(times, times * 0.1)["total_return"] == pytest.approx(1.1 * 1.2 - 1)
    assert measured(times[:0], times[:0] * 0.1) == {}
