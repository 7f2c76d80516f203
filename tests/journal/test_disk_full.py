"""A disk that fills up: refused by name, nothing acknowledged lost, usable again afterwards."""

import errno
import os
import shutil
import subprocess

import pytest

from domain.errors import StorageFull
from journal import verify
from tests.journal.rows import blob_of, content, fill, open_log


def fill_until_full(log, count):
    """Append until the disk is full; the last sequence that was acknowledged."""
    with pytest.raises(StorageFull, match="the disk is full; free some space and append again"):
        fill(log, [count] * 100_000)
    return log.last_seq


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_a_limit_on_the_file(tmp_path, policy):
    """Runs everywhere: SQLite itself is told that there is no more room."""
    path = tmp_path / "commands.db"
    with open_log(path, policy=policy, commit_every=4) as log:
        log._db.execute("PRAGMA max_page_count = 40")
        last = fill_until_full(log, 100)
        assert last > 1000
        with pytest.raises(StorageFull):
            fill(log, [500] * 5)
        waiting = log.last_seq - log.durable_seq
        assert waiting == 0 or policy == "memory"
        assert verify(path).commands == log.durable_seq
        log._db.execute("PRAGMA max_page_count = 100000")
        fill(log, [100] * 3)
        assert content(log) == blob_of(1, log.last_seq)
    assert verify(path).commands == log.last_seq


def test_a_snapshot_that_does_not_fit_leaves_the_earlier_one(tmp_path):
    path = tmp_path / "commands.db"
    with open_log(path) as log:
        fill(log, [10])
        log.write_snapshot(10, {"state": b"small"})
        fill(log, [10])
        log._db.execute("PRAGMA max_page_count = 40")
        with pytest.raises(StorageFull):
            log.write_snapshot(20, {"first": b"x", "state": bytes(10**6)})
        assert log.latest_snapshot().parts == {"state": b"small"}
        fill(log, [10])
        log._db.execute("PRAGMA max_page_count = 100000")
        log.write_snapshot(30, {"state": bytes(10**6)})
        assert log.latest_snapshot().seq == 30
    assert verify(path).ok


def test_a_close_that_cannot_flush_says_so_and_lets_go(tmp_path):
    path = tmp_path / "commands.db"
    log = open_log(path, policy="memory")
    fill(log, [10])
    log.flush()
    log._db.execute("PRAGMA max_page_count = 10")
    fill(log, [5000])
    with pytest.raises(StorageFull):
        log.close()
    with open_log(path) as log:
        assert content(log) == blob_of(1, 10)


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 2 MiB, when this user may mount one."""
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def occupy(folder):
    """Write a file until the disk has not one byte left."""
    with (folder / "occupied").open("ab", buffering=0) as file:
        for piece in (65_536, 4096, 1):
            try:
                while True:
                    file.write(bytes(piece))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise


@pytest.mark.parametrize("policy", ["disk", "memory"])
@pytest.mark.parametrize("count", [1, 64, 1024])
def test_a_real_disk(small_disk, policy, count):
    path = small_disk / "commands.db"
    with open_log(path, policy=policy, commit_every=8) as log:
        (small_disk / "reserve").write_bytes(bytes(2**20))
        fill_until_full(log, count)
        fill_until_full(log, 1)
        durable = log.durable_seq
        assert durable > 0
        assert verify(path).commands == durable
        (small_disk / "reserve").unlink()
        fill(log, [count] * 3)
        assert content(log) == blob_of(1, log.last_seq)
        last = log.last_seq
    with open_log(path) as log:
        assert content(log) == blob_of(1, last)
    assert verify(path).ok


def test_a_full_disk_at_opening(small_disk):
    path = small_disk / "commands.db"
    with open_log(path) as log:
        fill(log, [100])
    occupy(small_disk)
    with pytest.raises(StorageFull), open_log(path) as log:  # at the latest when it appends
        fill(log, [1] * 100_000)
    with pytest.raises(StorageFull):
        open_log(small_disk / "another.db")
    (small_disk / "occupied").unlink()
    with open_log(path) as log:
        fill(log, [100])
        assert log.last_seq >= 200
    assert verify(path).ok
    open_log(small_disk / "another.db").close()
