"""The benchmark of the codec runs, and both sides of it agree (it asserts so itself)."""

from benches import codec as bench


def test_the_benchmark_runs():
    lines = bench.measure(seconds=0.001)
    assert [(what, count) for what, count, _ in lines] == [
        (what, count) for what in ("orders decoded", "reports encoded") for count in bench.BATCHES
    ]
    assert all(rate > 0 for _, _, rates in lines for rate in rates.values())
    assert len(bench.table(lines).splitlines()) == len(lines) + 2
