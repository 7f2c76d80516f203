"""Each example runs against a real server and does what its first lines say."""

import csv
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

import gridworks as gw

FOLDER = Path(__file__).parent.parent.parent / "examples"
WITHIN = 60.0  # seconds in which things happen on a busy machine


@pytest.fixture(scope="module")
def client(server):
    with gw.Client(
        server.target, server.keys["operator"], insecure=True, timeout=WITHIN
    ) as found:
        yield found


@contextmanager
def started(server, name, *words):
    """An example as a process, which ends by itself."""
    environment = os.environ | {
        "GRIDWORKS_TARGET": server.target, "GRIDWORKS_API_KEY": server.keys["operator"],
        "PYTHONUNBUFFERED": "1", "COLUMNS": "120",
    }  # fmt: skip
    program = [sys.executable, "-W", "error", str(FOLDER / name), *words, "--insecure"]
    process = subprocess.Popen(
        program, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(WITHIN)
        process.stdout.close()


def output(process, code=0):
    """What an example said until its end."""
    said, _ = process.communicate(timeout=WITHIN)
    assert process.returncode == code, said
    return said


def wait_for(condition):
    ends = time.monotonic() + WITHIN
    while not (found := condition()):
        assert time.monotonic() < ends
        time.sleep(0.01)
    return found


def open_orders(client, account):
    return list(client.trading.list_orders(account, open_only=True))


def test_submit_and_follow(server, client):
    client.trading.submit_order("bob", "ACME", "SELL", 4, "2.00")
    words = ("alice", "ACME", "BUY", "10", "2.00")
    with started(server, "submit_and_follow.py", *words, "--patience", "0.2") as process:
        lines = output(process).splitlines()
    assert [line.split()[1:3] for line in lines if line.startswith("#")] == [
        ["NEW", "NEW"], ["TRADE", "PARTIALLY_FILLED"], ["CANCELED", "CANCELED"],
    ]  # fmt: skip
    assert "4 at 2" in lines[1]
    client.trading.submit_order("bob", "ACME", "SELL", 5, "2.01")
    with started(
        server, "submit_and_follow.py", "alice", "ACME", "BUY", "5", "2.01", "--patience", "60"
    ) as process:
        assert "FILLED" in output(process)
    assert not open_orders(client, "alice")


def test_market_maker(server, client):
    words = ("bob", "ACME", "--reference", "3.00", "--size", "5", "--fills", "2")
    with started(server, "market_maker.py", *words) as process:
        quoted = wait_for(lambda: open_orders(client, "bob"))
        assert {order.price for order in quoted} <= {"2.95", "3.05"}
        wait_for(lambda: len(open_orders(client, "bob")) == 2)
        client.trading.submit_order("alice", "ACME", "BUY", 3, "3.05")
        client.trading.submit_order("alice", "ACME", "SELL", 1, "2.90")
        said = output(process)
    assert "SELL 3 at 3.05, position -3" in said
    assert "2 fills" in said
    wait_for(lambda: not open_orders(client, "bob"))


def test_drop_copy_to_csv(server, client, tmp_path):
    file = tmp_path / "reports.csv"
    client.trading.submit_order("alice", "ACME", "BUY", 1, "0.07")
    client.trading.mass_cancel("alice")
    with started(server, "drop_copy_to_csv.py", "north", str(file), "--reports", "4") as process:
        output(process)
    with file.open("a") as torn:
        torn.write("5,EXEC")  # killed in the middle of a line
    with started(server, "drop_copy_to_csv.py", "north", str(file), "--reports", "1") as process:
        output(process)
    with file.open(newline="") as found:
        rows = list(csv.DictReader(found))
    assert [int(row["number"]) for row in rows] == [1, 2, 3, 4, 5]
    exec_ids = [int(row["exec_id"]) for row in rows]
    assert exec_ids == sorted(set(exec_ids))


def test_risk_dashboard(server, client):
    words = ("alice", "bob", "--interval", "0.05", "--updates", "2")
    client.risk.update_limits("alice", {"max_open_orders": 100}, "an example")
    made = client.trading.submit_order("alice", "ACME", "BUY", 1, "0.06")
    with started(server, "risk_dashboard.py", *words) as process:
        said = output(process)
    client.trading.cancel_order(made.order)
    assert "alice: 1 open orders" in said
    assert "bob: 0 open orders" in said
    assert "buying power" in said


def test_indicator_alert(server, client):
    words = ("ACME", "sma", "--period", "1", "--set", "length=2", "--above", "4.5", "--bars", "2")
    with started(server, "indicator_alert.py", *words) as process:
        price, ends = 400, time.monotonic() + WITHIN
        while process.poll() is None:
            assert time.monotonic() < ends
            client.trading.submit_order("alice", "ACME", "SELL", 1, Decimal(price) / 100)
            client.trading.submit_order("bob", "ACME", "BUY", 1, Decimal(price) / 100)
            price += 20
            time.sleep(0.1)
        said = output(process)
    assert said.count("above 4.5") <= 1
    assert len(said.splitlines()) == 3
