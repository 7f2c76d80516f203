"""The benchmark of restarts runs: what it writes is what a server recovers."""

from benches.restart import parts_of, write


def test_the_state_that_is_written_comes_back_from_snapshot_and_tail(tmp_path):
    found = parts_of(tmp_path, write(tmp_path, 5_000, 500))
    assert found["open_orders"] == 5_500
    assert found["replayed"] == 500
