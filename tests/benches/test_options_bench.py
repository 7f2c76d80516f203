"""The benchmarks of options and portfolios run and measure what they say."""

import sys

import pytest

from benches.portfolio import __main__ as whole
from benches.portfolio.options import Options, measure, ours
from benches.portfolio.peers import vectorized


def test_each_piece_is_measured():
    figures = measure(ours(Options(count=20)), rounds=2)
    assert len(figures) == 5
    assert all(0 < low <= median for median, low in figures.values())


@pytest.mark.compiled
def test_the_whole_list_is_measured_and_written(tmp_path, monkeypatch, capsys):
    runs = whole.lines(0.0002)
    assert len({line.name for line in runs}) == len(runs) >= 13
    monkeypatch.setattr(whole, "lines", lambda elsewhere: runs)
    out = str(tmp_path / "out")
    monkeypatch.setattr("sys.argv", ["benches.portfolio", "--rounds", "1", "--json", out])
    whole.main()
    page = (tmp_path / "out.md").read_text(encoding="utf-8")
    assert page in capsys.readouterr().out
    for line in runs:
        assert f"| {line.name} |" in page


def test_another_interpreter_without_the_library_says_so():
    with pytest.raises(RuntimeError, match=r"(?s)stopped: .*No module named"):
        vectorized(Options(20), sys.executable)
    with pytest.raises(FileNotFoundError):
        vectorized(Options(20), "/nowhere/python")


def test_a_run_elsewhere_says_how_long_it_took_itself():
    line = whole.Line("told", 10, lambda: 500, told=True)
    [figure] = whole.measure([line], 1)
    assert (figure.median, figure.fastest) == (50.0, 50.0)
