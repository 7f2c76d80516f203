"""kill -9 at any moment: what was acknowledged is there, the chain holds, the log goes on.

This kills processes, not power: what a process has handed to the operating system survives.
That the device was told as well, and what follows when it fails, is seen at the system calls.
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


def traced(path, options, code):
    """Run code with the path of a log as its argument under strace; what it printed."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    command = ["strace", "-f", *options, sys.executable, "-c", code, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "ptrace" in done.stderr.lower():
        pytest.skip("strace is not permitted here")
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_each_append_is_synced(tmp_path):
    """Between two acknowledgements of the policy "disk" there is an fdatasync that succeeded."""
    trace = tmp_path / "trace"
    code = (
        "import os, sys; from tests.journal.rows import fill, open_log\n"
        "with open_log(sys.argv[1]) as log:\n"
        "    for _ in range(50): fill(log, [1]); os.write(1, b'acknowledged')\n"
    )
    traced(tmp_path / "c.db", ["-e", "trace=fdatasync,fsync,write", "-o", str(trace)], code)
    synced, acknowledged = False, 0
    for line in trace.read_text().splitlines():
        if "sync(" in line and line.endswith("= 0"):
            synced = True
        elif "acknowledged" in line:
            assert synced
            synced, acknowledged = False, acknowledged + 1
    assert acknowledged == 50


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_a_device_that_fails_stops_the_log_until_it_is_opened_again(tmp_path, policy):
    """The kernel is made to answer EIO to one fdatasync; the next ones would succeed."""
    path = tmp_path / "c.db"
    open_log(path).close()
    code = f"""
import sys
from domain.errors import LogFailed
from tests.journal.rows import fill, open_log
with open_log(sys.argv[1], policy={policy!r}, commit_every=1) as log:
    try: fill(log, [1] * 100)
    except LogFailed as failed: assert "reopen the log and read last_seq" in str(failed)
    print(log.durable_seq)
    try: fill(log, [1])
    except LogFailed: print("still failed")
"""
    fault = "inject=fdatasync:error=EIO:when=20"
    said = traced(path, ["-e", "trace=fdatasync", "-e", fault], code).split("\n")
    assert said[1] == "still failed"
    durable = int(said[0])
    assert 0 < durable < 100
    with open_log(path) as log:
        assert durable <= log.last_seq <= durable + 1
        fill(log, [1])
        assert content(log) == blob_of(1, log.last_seq)
    assert verify(path).ok
