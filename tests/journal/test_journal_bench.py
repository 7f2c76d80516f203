"""The benchmark runs and its table has a row for each thing measured."""

from benches import journal as bench


def test_the_benchmark_runs(tmp_path):
    lines = bench.measure(tmp_path, appends=3)
    assert len(lines) == len(bench.COUNTS) * (2 + len(bench.POLICIES))
    assert len(bench.table(lines).splitlines()) == len(lines) + 1
    assert "SQLite" in bench.machine()
    assert list(tmp_path.glob("*.db")) == []
