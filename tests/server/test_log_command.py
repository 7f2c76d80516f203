"""`gridworks log`: sound or not and where, what is in it, who did what."""

import asyncio
import json
import sqlite3

import pytest
from typer.testing import CliRunner

from gridworks.cli.main import build
from server.records import notes
from tests.server.sequencing import SETUP, SetClock, order, sequencer


@pytest.fixture
def log(tmp_path):
    async def go():
        async with sequencer(tmp_path, SetClock()) as one:
            await one.call(SETUP)
            text = {"act": "SetPhase", "by": "key", "key": 1, "peer": "", "target": "market",
                    "why": "a test", "request": "{}"}  # fmt: skip
            await one.call(order(2, 1) + notes.written(text, 1))
            for number in range(2, 20):
                await one.call(order(2, number))

    asyncio.run(go())
    return tmp_path / "commands.db"


def run(*words):
    return CliRunner().invoke(build(), ["log", *map(str, words)])


def test_a_sound_log_and_an_anchor_that_it_passes(log):
    told = run("verify", log)
    assert told.exit_code == 0
    head = told.output.split("head")[1].strip()
    assert run("verify", log, "--head", head).exit_code == 0
    assert run("verify", log, "--begin", 5).exit_code == 0
    other = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert run("verify", log, "--head", other).exit_code == 1
    assert run("verify", log, "--head", "12").exit_code == 2


def test_damage_in_the_middle_is_named_exactly(log):
    with sqlite3.connect(log) as db:
        rows = db.execute("SELECT first_seq, blob FROM batches ORDER BY first_seq").fetchall()
        seq, blob = rows[len(rows) // 2]
        db.execute("UPDATE batches SET blob = ? WHERE first_seq = ?",
                   (bytes([blob[0] ^ 1]) + blob[1:], seq))  # fmt: skip
    db.close()
    told = run("verify", log)
    assert told.exit_code == 1
    assert f"sequence {seq}" in told.output
    assert run("verify", log, "--begin", seq + 1).exit_code == 0  # what is behind it is as written


def test_what_is_in_it(log):
    told = run("list", log, "--most", 2)
    assert "INSTRUMENT_ADD 1" in told.output
    assert "NOTE" in told.output
    lines = [json.loads(line) for line in run("inspect", log, 1, "--most", 9).output.splitlines()]
    assert lines[0]["command"] == "INSTRUMENT_ADD"
    assert lines[0]["label"] == "ACME"
    assert [line["seq"] for line in lines] == list(range(1, 10))
    assert lines[7]["cl_ord_id"] == 1
    assert lines[8]["note"]["why"] == "a test"
    assert run("inspect", log, 999_999).exit_code == 1
    [act] = map(json.loads, run("acts", log).output.splitlines())
    assert (act["seq"], act["act"], act["time"][:4]) == (9, "SetPhase", "2023")
    assert "bytes" in run("snapshots", log).output
    assert run("list", log.with_name("none.db")).exit_code == 1
