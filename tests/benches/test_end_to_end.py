"""The layers run, what batches send can be sent again, and the page says what the targets ask."""

import json
import struct
import subprocess

import pytest

from benches.layers import inside, page, wire
from benches.peers import build
from benches.peers.drive import write_flow
from benches.workloads import MIXES, set_up
from domain.codes import ExecType, ReportType
from domain.tables import Table
from engine.exchange import Exchange


def test_what_batches_send_ends_where_it_began():
    rows = wire.round_trip()
    exchange = Exchange()
    exchange.apply(set_up(MIXES["W1"]))
    for _ in range(2):
        reports = exchange.apply(rows)
        assert not (reports["report"] == ReportType.CANCEL_REJECT).any()
        assert not (reports["exec_type"] == ExecType.REJECTED).any()
        assert not (exchange.table(Table.ORDER)["state"] > 0).any()


def test_every_layer_is_timed():
    lines = inside.summary(inside.measure(1, 512))
    assert [(line["batch"], line["layer"]) for line in lines] == [
        (batch, layer) for batch in inside.BATCHES for layer in inside.LAYERS
    ]
    assert all(line["cpu_ns"] > 0 for line in lines)
    assert page.inside(lines).count("\n") == 1 + len(inside.LAYERS)


def line(shape, server, policy, tls, **figures):
    names = (
        "per_second", "commands_per_second", "p50_ns", "p90_ns", "p99_ns", "p99.9_ns",
        "server_cpu_cores", "client_cpu_cores", "refused",
    )  # fmt: skip
    usual = dict.fromkeys(names, 1000.0)
    return {"shape": shape, "server": server, "policy": policy, "tls": tls, **usual, **figures}


def test_the_page_says_which_targets_are_met():
    lines = [
        line("window", "C++ echo", "", False, per_second=50_000.0),
        line("window", "Python echo", "", False, per_second=6_000.0),
        line("window", "gateway", "memory", False, per_second=60_000.0),
        line("batch 2,048", "gateway", "disk", False, commands_per_second=1.5e6),
        line("batch 2,048", "grpcio", "disk", False, commands_per_second=2.5e6),
        line("256 clients", "gateway", "disk", True, p99_ns=30e6),
    ]
    text = page.targets(lines)
    rows = [row.split(" | ") for row in text.splitlines()]
    by_name = {row[0].lstrip("| "): row[1:] for row in rows}
    assert by_name["window: gateway messages/s over the C++ echo's, more than 1"][:2] == [
        "1.20", "yes",
    ]  # fmt: skip
    assert by_name["batch 2,048, disk: orders/s, at least 2,000,000"][:2] == ["2,500,000", "yes"]
    clients = by_name["256 clients, disk: p99 in ms, under 25"]
    assert clients[0] == "-"
    assert clients[2:] == ["30.0", "no |"]
    document = {"machine": {"cpu": "x"}, "how": "how.", "wire": lines, "inside": [],
                "missing": {"C++": "not here"}}  # fmt: skip
    assert "C++: not here." in page.markdown(json.loads(json.dumps(document)))


def test_a_flow_is_lengths_counts_and_bytes(tmp_path):
    assert write_flow(tmp_path / "flow", [(2, b"abc"), (1, b"d")]) == 2
    assert (tmp_path / "flow").read_bytes() == (
        struct.pack("<II", 3, 2) + b"abc" + struct.pack("<II", 1, 1) + b"d"
    )


def test_what_is_missing_is_named(monkeypatch):
    monkeypatch.setattr(build.shutil, "which", lambda name: None)
    with pytest.raises(build.Missing, match=r"no cmake.*apt-get install"):
        build._require()
    monkeypatch.setattr(build.shutil, "which", lambda name: name)
    monkeypatch.setattr(
        build.subprocess, "run", lambda *a, **k: subprocess.CompletedProcess(a, 1)
    )
    with pytest.raises(build.Missing, match="libgrpc"):
        build._require()
