"""The benchmark of a sweep runs, and its profits are vectorbt's where that is installed."""

import re

from benches.backtest import sweep


def test_a_small_sweep_runs(capsys):
    rows = sweep.main(count=6, bars=400, jobs=1)
    said = capsys.readouterr().out
    assert len(rows) >= 2
    assert all(seconds > 0 for _, seconds in rows)
    assert "6 pairs over 400 bars" in said
    apart = re.search(r"differ by at most ([\d.]+)", said)
    assert apart is None or float(apart[1]) < 20
    assert len(sweep.pairs(1_000)) == 1_000
