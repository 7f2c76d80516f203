"""Snapshots: found, kept few, checked, stepped over when damaged."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from domain.errors import InvalidField
from journal import snapshots, verify
from tests.journal.rows import blob_of, content, fill, open_log, tamper

PARTS = {"orders": b"\x01" * 1000, "accounts": b"", "state_hash": b"12345678"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "commands.db"


def write(path, seqs, parts=PARTS, **options):
    with open_log(path, **options) as log:
        for seq in seqs:
            fill(log, [seq - log.last_seq])
            log.write_snapshot(seq, parts | {"seq": b"%d" % seq})


def test_the_newest_comes_back_with_the_place_in_the_chain(path):
    write(path, [3, 7])
    with open_log(path) as log:
        found = log.latest_snapshot()
        assert (found.seq, found.head_digest) == (7, log.head_digest)
        assert found.parts == PARTS | {"seq": b"7"}
        assert log.latest_snapshot(at_most=6).seq == 3
        assert log.latest_snapshot(at_most=2) is None
        fill(log, [5])
        assert content(log, found.seq) == blob_of(8, 5)


def test_only_the_last_few_stay(path):
    write(path, [2, 4, 6, 8], keep_snapshots=3)
    with open_log(path) as log:
        assert snapshots.stored_seqs(log._db) == [8, 6, 4]
        assert log._db.execute("SELECT count(DISTINCT seq) FROM snapshot_parts").fetchone() == (3,)
    assert verify(path).snapshots == 3


def test_a_part_of_several_chunks(path, monkeypatch):
    monkeypatch.setattr(snapshots, "CHUNK", 64)
    parts = {"big": bytes(range(256)) * 3, "exact": b"x" * 128}
    write(path, [1], parts)
    with open_log(path) as log:
        assert log.latest_snapshot().parts == parts | {"seq": b"1"}


def test_a_snapshot_may_be_written_again(path):
    write(path, [1])
    with open_log(path) as log:
        log.write_snapshot(1, {"new": b"1"})
        assert log.latest_snapshot().parts == {"new": b"1"}


@pytest.mark.parametrize("seq", [-1, 0, 1, 3])
def test_a_snapshot_stands_at_the_end_of_a_batch(path, seq):
    with open_log(path) as log:
        fill(log, [2])
        with pytest.raises(InvalidField, match=f"seq is {seq}; allowed: the last sequence of a"):
            log.write_snapshot(seq, PARTS)


def test_under_memory_a_snapshot_makes_its_commands_durable(path):
    with open_log(path, policy="memory") as log:
        fill(log, [2])
        log.write_snapshot(2, PARTS)
        assert log.durable_seq == 2


DAMAGE = {
    "changed part": "UPDATE snapshot_parts SET bytes = x'00' WHERE seq = 7 AND name = 'orders'",
    "missing part": "DELETE FROM snapshot_parts WHERE seq = 7 AND name = 'accounts'",
    "renamed part": "UPDATE snapshot_parts SET name = 'x' WHERE seq = 7 AND name = 'orders'",
    "wrong type": "UPDATE snapshot_parts SET bytes = 'text' WHERE seq = 7",
    "changed digest": "UPDATE snapshots SET digest = x'00' WHERE seq = 7",
    "another chain": "UPDATE snapshots SET head_digest = zeroblob(32) WHERE seq = 7",
    "moved": "UPDATE snapshots SET seq = 8 WHERE seq = 7",
}


@pytest.mark.parametrize("statement", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_snapshot_is_stepped_over_and_reported(path, statement):
    write(path, [3, 7])
    tamper(path, statement)
    with open_log(path) as log:
        assert log.latest_snapshot().seq == 3
        assert [damage.seq in (7, 8) for damage in log.skipped] == [True]
        assert log.latest_snapshot(at_most=3).seq == 3
        assert log.skipped == []
        assert content(log) == blob_of(1, 7)
    report = verify(path)
    assert not report.ok
    assert report.first_bad_seq is None
    assert (report.commands, report.snapshots, len(report.damaged_snapshots)) == (7, 1, 1)


def test_when_all_are_damaged_there_is_none_and_the_log_is_whole(path):
    write(path, [3, 7])
    tamper(path, "UPDATE snapshot_parts SET bytes = x'00'")
    with open_log(path) as log:
        assert log.latest_snapshot() is None
        assert [damage.seq for damage in log.skipped] == [7, 3]
        assert content(log) == blob_of(1, 7)


def test_parts_without_their_snapshot_are_a_crash_and_swept(path):
    write(path, [3])
    tamper(path, "INSERT INTO snapshot_parts VALUES (5, 'orders', 0, x'01')")
    with open_log(path) as log:
        assert log.latest_snapshot().seq == 3
        log.write_snapshot(3, PARTS)
        assert log._db.execute("SELECT DISTINCT seq FROM snapshot_parts").fetchall() == [(3,)]
    assert verify(path).ok


def test_a_log_can_be_verified_while_snapshots_come_and_go(path):
    with open_log(path, keep_snapshots=1) as log, ThreadPoolExecutor(1) as reader:
        fill(log, [1])
        for _ in range(20):
            running = reader.submit(lambda: [verify(path) for _ in range(3)])
            while not running.done():
                fill(log, [1])
                log.write_snapshot(log.last_seq, {"state": bytes(50_000)})
            assert [report.reason for report in running.result()] == [""] * 3
