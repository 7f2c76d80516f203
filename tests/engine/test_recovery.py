"""kill -9 at any moment, a disk that fills up, damaged snapshots: the state comes back.

What comes back is compared with an exchange that applied the same commands and saw no crash.
"""

import os
import random
import sqlite3
import struct
import subprocess
import sys
import time
from contextlib import closing

import numpy as np
import pytest
from typer.testing import CliRunner

import gridworks as gw
from domain.errors import LogLocked, LogMismatch, StorageFull, Unavailable
from engine import store
from engine.exchange import Exchange as Engine
from gridworks.cli import main
from tests.engine.trader import commands_of
from tests.properties.streams import seeded_stream


def hash_after(commands):
    engine = Engine()
    engine.apply(commands)
    return engine.state_hash()


def run_and_kill(path, policy, seed, dice):
    """Start a trader, kill it at a random moment; the last sequence it may not lose."""
    words = [str(path), policy, str(seed), str(dice.randrange(2**32))]
    command = [sys.executable, "-m", "tests.engine.trader", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as trader:
        assert trader.stdout is not None
        said = trader.stdout.read(8)
        time.sleep(dice.random() * 0.2)
        trader.kill()
        said += trader.stdout.read()
    whole = len(said) // 8 * 8
    return struct.unpack("<q", said[whole - 8 : whole])[0] if whole else 0


def crash_often(path, policy, kills, seed):
    commands, dice, last = commands_of(seed), random.Random(seed), 0
    for number in range(kills):
        acknowledged = run_and_kill(path, policy, seed, dice)
        with gw.Exchange(path) as exchange:
            assert exchange.seq >= max(acknowledged, last)
            last = exchange.seq
            assert exchange.state_hash() == hash_after(commands[:last])
            assert exchange.recovery is not None
            assert exchange.recovery.skipped == []
            assert exchange.recovery.snapshot_seq + exchange.recovery.replayed == last
        if last == len(commands):
            path = path.with_name(f"{number}.db")
            last = 0


@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_a_few_kills(tmp_path, policy):
    crash_often(tmp_path / "commands.db", policy, kills=2, seed=3)


@pytest.mark.soak
@pytest.mark.parametrize("policy", ["disk", "memory"])
@pytest.mark.parametrize("seed", range(3))
def test_many_kills(tmp_path, policy, seed):
    crash_often(tmp_path / "commands.db", policy, kills=25, seed=seed)


@pytest.mark.parametrize("policy", ["disk", "memory"])
@pytest.mark.parametrize("snapshot_every", [0, 100])
def test_closing_and_opening(tmp_path, policy, snapshot_every):
    commands, path = seeded_stream(11, 300), tmp_path / "c.db"
    for at in range(0, len(commands), 97):
        with gw.Exchange(path, policy=policy, snapshot_every=snapshot_every) as exchange:
            assert exchange.seq == at
            for row in range(at, min(at + 97, len(commands)), 10):
                exchange.apply(commands[row : min(row + 10, at + 97)])
            state = exchange.state_hash()
        with gw.Exchange(path) as again:
            assert again.state_hash() == state
            assert again.recovery.replayed == 0
    assert state == hash_after(commands)


def fill(exchange, commands):
    """Apply one by one until the disk is full; how many were applied."""
    with pytest.raises(StorageFull):
        exchange.replay(commands[at : at + 1] for at in range(exchange.seq, len(commands)))
    return exchange.seq


def test_a_full_disk_refuses_the_batch_and_the_exchange_goes_on(tmp_path):
    path = tmp_path / "c.db"
    commands = np.concatenate([seeded_stream(5, 300)] * 4)
    with gw.Exchange(path) as exchange:
        exchange._durable.log._db.execute("PRAGMA max_page_count = 24")
        done = fill(exchange, commands)
        assert 0 < done < len(commands)
        state = exchange.state_hash()
        with pytest.raises(StorageFull):
            exchange.apply(commands[done:])
        assert (exchange.seq, exchange.state_hash()) == (done, state)
        assert state == hash_after(commands[:done])
        with pytest.raises(StorageFull):
            exchange.checkpoint()
        exchange._durable.log._db.execute("PRAGMA max_page_count = 100000")
        exchange.apply(commands[done:])
        state = exchange.state_hash()
    with gw.Exchange(path) as again:
        assert again.state_hash() == state == hash_after(commands)


def test_a_snapshot_that_does_not_fit_does_not_look_like_a_refused_batch(tmp_path):
    commands = seeded_stream(5, 100)
    with gw.Exchange(tmp_path / "c.db", snapshot_every=10) as exchange:
        exchange._durable.log._db.execute("PRAGMA max_page_count = 24")
        exchange.apply(commands[:12])
        assert exchange.seq == 12
        assert isinstance(exchange._durable.snapshot_error, StorageFull)
        exchange._durable.log._db.execute("PRAGMA max_page_count = 100000")
        exchange.apply(commands[12:40])
        assert exchange._durable.snapshot_error is None


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can mount")
@pytest.mark.parametrize("policy", ["disk", "memory"])
def test_a_real_full_disk(tmp_path, policy):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk cannot be mounted here")
    try:
        (disk / "reserve").write_bytes(bytes(2**20))
        commands = np.concatenate([seeded_stream(6, 400)] * 20)
        with gw.Exchange(disk / "c.db", policy=policy) as exchange:
            done = fill(exchange, commands)
            assert exchange.state_hash() == hash_after(commands[:done])
            (disk / "reserve").unlink()
            exchange.apply(commands[done : done + 50])
            exchange.flush()
            state = exchange.state_hash()
        with gw.Exchange(disk / "c.db") as again:
            assert again.state_hash() == state
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def spoil(path, statement, *values):
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute(statement, values)


def test_a_snapshot_of_another_state_is_stepped_over(tmp_path):
    """Sound by its digest, but not what its commands lead to by its own state hash."""
    commands, path = seeded_stream(12, 200), tmp_path / "c.db"
    with gw.Exchange(path) as exchange:
        exchange.apply(commands[:80])
        exchange.checkpoint()
        exchange.apply(commands[80:])
        parts = exchange.snapshot() | {"state_hash": b"0" * 64}
        exchange._durable.log.write_snapshot(exchange.seq, parts)
        exchange._durable._snapshot_seq = exchange.seq
    with gw.Exchange(path) as again:
        assert again.state_hash() == hash_after(commands)
        assert again.recovery.snapshot_seq == 80
        assert "does not have the hash" in again.recovery.skipped[0]


def test_a_damaged_snapshot_is_stepped_over(tmp_path):
    commands, path = seeded_stream(12, 200), tmp_path / "c.db"
    with gw.Exchange(path) as exchange:
        exchange.apply(commands)
    spoil(path, "UPDATE snapshot_parts SET bytes = x'00' WHERE name = 'order'")
    with gw.Exchange(path) as again:
        assert again.state_hash() == hash_after(commands)
        assert again.recovery.snapshot_seq == 0
        assert len(again.recovery.skipped) == 1


def test_another_engine_version_is_refused(tmp_path, monkeypatch):
    gw.Exchange(tmp_path / "c.db").close()
    monkeypatch.setattr(store, "ENGINE_VERSION", 10**6)
    with pytest.raises(LogMismatch, match="layout of the log"):
        gw.Exchange(tmp_path / "c.db")


def test_a_log_has_one_writer_and_a_failed_opening_lets_go(tmp_path):
    path = tmp_path / "c.db"
    with gw.Exchange(path) as exchange, pytest.raises(LogLocked):
        gw.Exchange(path)
    with pytest.raises(Unavailable, match="closed"):
        exchange.apply(seeded_stream(1, 5))
    exchange.close()
    gw.Exchange(path).close()


def test_an_interrupted_batch_stops_the_exchange_until_the_log_is_opened(tmp_path, monkeypatch):
    commands, path = seeded_stream(2, 60), tmp_path / "c.db"
    exchange = gw.Exchange(path)
    exchange.apply(commands[:30])

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(exchange._engine, "apply", interrupted)
    with pytest.raises(KeyboardInterrupt):
        exchange.apply(commands[30:])
    with pytest.raises(Unavailable, match="open the log again"):
        exchange.apply(commands[30:])
    exchange.close()
    with gw.Exchange(path) as again:
        assert again.state_hash() == hash_after(commands)


def test_names_come_back(tmp_path):
    path = tmp_path / "c.db"
    with gw.Exchange(path) as exchange:
        exchange.add_instrument("ACME")
        exchange.checkpoint()
        exchange.add_account("alice", cash=1000)
    spoil(path, "DELETE FROM snapshots WHERE seq > 2")
    with gw.Exchange(path) as again:
        assert again.recovery.replayed > 0
        assert (again.number("instrument", "ACME"), again.number("node", "alice")) == (1, 1)


def test_times_are_in_the_log(tmp_path):
    ticking = iter(range(1_000, 9_000, 7))
    path = tmp_path / "c.db"
    with gw.Exchange(path, clock=lambda: next(ticking)) as exchange:
        exchange.add_account("alice", cash=5)
        state = exchange.state_hash()
    spoil(path, "DELETE FROM snapshots")
    with gw.Exchange(path) as again:
        assert again.state_hash() == state


# ------------------------------------------------------------------------------ gridworks check


def run_check(path, *options):
    return CliRunner().invoke(main.build(), ["check", str(path), *options])


def made(path):
    commands = seeded_stream(21, 100)
    with gw.Exchange(path, snapshot_every=50) as exchange:
        for at in range(0, len(commands), 20):
            exchange.apply(commands[at : at + 20])
        return len(commands), exchange.state_hash()


def test_check_of_a_sound_log(tmp_path):
    count, state = made(tmp_path / "c.db")
    done = run_check(tmp_path / "c.db")
    assert done.exit_code == 0
    assert f"commands     {count:,} in" in done.output
    assert state in done.output
    assert "agree        2 snapshots" in done.output


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE batches SET blob = zeroblob(length(blob)) WHERE first_seq = 41", "sequence 41"),
        ("DELETE FROM batches WHERE first_seq = 21", "sequence 21"),
        ("UPDATE snapshot_parts SET bytes = x'00' WHERE name = 'node'", "damaged"),
        ("UPDATE meta SET value = 'other' WHERE name = 'layout'", "damaged"),
    ],
)
def test_check_of_a_damaged_log(tmp_path, statement, said):
    made(tmp_path / "c.db")
    spoil(tmp_path / "c.db", statement)
    done = run_check(tmp_path / "c.db")
    assert done.exit_code == 1
    assert said in done.output


def test_check_finds_a_snapshot_that_the_commands_do_not_lead_to(tmp_path):
    path = tmp_path / "c.db"
    with gw.Exchange(path) as exchange:
        exchange.apply(seeded_stream(21, 100))
        exchange._durable.log.write_snapshot(exchange.seq, {"state_hash": b"1"})
        exchange._durable._snapshot_seq = exchange.seq
    done = run_check(path)
    assert done.exit_code == 1
    assert "a replay leads to another state" in done.output
    assert run_check(path, "--no-replay").exit_code == 0


def test_check_of_no_log(tmp_path):
    for name, said in (("none.db", "there is no such file"), ("", "a folder")):
        done = run_check(tmp_path / name)
        assert done.exit_code == 2
        assert said in done.output


def test_check_of_a_file_that_is_no_log_says_so_once(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("buy low, sell high\n" * 100)
    done = run_check(path)
    assert done.exit_code == 1
    assert done.output == f"gridworks: {path} is damaged: {path} is not a SQLite database\n"


def test_check_of_a_log_of_another_version_does_not_call_it_damaged(tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr("gridworks.local.durable.fingerprint", lambda: "an older one/4")
        made(tmp_path / "c.db")
    done = run_check(tmp_path / "c.db")
    assert done.exit_code == 2
    assert "layout of the log is 'an older one/4'" in done.output
    assert "another version wrote it, and only that one can read it" in done.output
    assert "damaged" not in done.output
