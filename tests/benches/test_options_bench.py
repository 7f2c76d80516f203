"""The benchmark of options runs and measures what it says."""

from benches.portfolio.options import Options, measure, ours


def test_each_piece_is_measured():
    figures = measure(ours(Options(count=20)), rounds=2)
    assert len(figures) == 5
    assert all(0 < low <= median for median, low in figures.values())
