"""kill -9 at any moment: what was acknowledged is there, the chain holds, the log goes on.

This kills processes, not power: what a process has handed to the operating system survives.
That the device was told as well is seen by counting the calls (test_each_append_is_synced).
"""

import random
import shutil
import struct
import subprocess
import sys
import time

import pytest

from journal import verify
from tests.journal.rows import blob_of, content, fill, open_log


def run_and_kill(path, policy, dice):
    """Start a writer, kill it at a random moment, return the last sequence it acknowledged."""
    seed = str(dice.randrange(2**32))
    command = [sys.executable, "-m", "tests.journal.writer", str(path), policy, seed]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        if dice.random() < 0.2:  # while it starts, makes the file, or recovers
            time.sleep(dice.random() * 0.15)
            writer.kill()
            said = writer.stdout.read()
        else:
            said = writer.stdout.read(8)
            time.sleep(dice.random() * 0.25)
            writer.kill()
            said += writer.stdout.read()
    assert writer.returncode == -9
    whole = len(said) // 8 * 8
    return struct.unpack("<q", said[whole - 8 : whole])[0] if whole else 0


def check_after_crash(path, acknowledged):
    """The promises of docs/durability.md after a crash; returns the last sequence."""
    with open_log(path) as log:
        assert log.last_seq >= acknowledged
        snapshot = log.latest_snapshot()
        assert log.skipped == []
        after = snapshot.seq if snapshot else 0
        assert content(log, after) == blob_of(after + 1, log.last_seq - after)
        head = log.head
    report = verify(path, expected_head=head)
    assert report.ok, report.reason
    return head.seq


def crash_often(path, policy, kills, seed):
    dice = random.Random(seed)
    last = 0
    for _ in range(kills):
        acknowledged = run_and_kill(path, policy, dice)
        reached = check_after_crash(path, acknowledged)
        assert reached >= last
        last = reached
    with open_log(path) as log:
        assert last == log.last_seq > 0
        for first_seq, count, blob in log.replay():
            assert blob == blob_of(first_seq, count)


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_a_few_kills(tmp_path, policy):
    crash_often(tmp_path / "commands.db", policy, kills=4, seed=5)


@pytest.mark.soak
@pytest.mark.parametrize("policy", ["disk", "memory"])
@pytest.mark.parametrize("seed", range(6))
def test_many_kills(tmp_path, policy, seed):
    crash_often(tmp_path / "commands.db", policy, kills=25, seed=seed)


def test_the_lock_goes_with_the_process(tmp_path):
    path = tmp_path / "commands.db"
    acknowledged = run_and_kill(path, "disk", random.Random(8))
    with open_log(path) as log:
        assert log.last_seq >= acknowledged
        fill(log, [1])


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_each_append_is_synced(tmp_path):
    """Between two acknowledgements of the policy "disk" there is an fdatasync that succeeded."""
    trace = tmp_path / "trace"
    code = (
        "import os, sys; from tests.journal.rows import fill, open_log\n"
        "with open_log(sys.argv[1]) as log:\n"
        "    for _ in range(50): fill(log, [1]); os.write(1, b'acknowledged')\n"
    )
    run = ["strace", "-f", "-e", "trace=fdatasync,fsync,write", "-o", str(trace)]
    done = subprocess.run(
        [*run, sys.executable, "-c", code, str(tmp_path / "c.db")], capture_output=True, check=False
    )
    if b"ptrace" in done.stderr.lower():
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    synced, acknowledged = False, 0
    for line in trace.read_text().splitlines():
        if "sync(" in line and line.endswith("= 0"):
            synced = True
        elif "acknowledged" in line:
            assert synced
            synced, acknowledged = False, acknowledged + 1
    assert acknowledged == 50
