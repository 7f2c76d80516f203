"""Flows keep their size, name live orders only, and every benchmark runs."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from benches.exchange import PERCENTILES, Plan, Run, measure, replayed
from benches.flows import mixture
from benches.machine import facts
from benches.page import document, markdown
from benches.peers import engines as peers
from benches.pieces.submit import timings
from benches.workloads import MIXES, Flow, flow_of, set_up
from domain.codes import (
    Command,
    Contingency,
    ExecType,
    Feed,
    MarketType,
    OrdType,
    Phase,
    Reason,
    TimeInForce,
)
from engine.exchange import Exchange
from gridworks.cli import main
from tests.properties.compare import SideBySide

SMALL = {
    "W4": {"resting": 4_000, "instruments": 100},
    "pile": {"resting": 20_000},
    "crowd": {"resting": 5_000, "accounts": 2_000},
    "W2": {"resting": 5_000, "levels": 500},
}
PLAIN = [name for name in MIXES if not MIXES[name].mixed]
TINY = Plan(batch=256, repeat=2, stretch=2_000, singles=20)


def small(name):
    return replace(MIXES[name], **SMALL.get(name, {}))


@pytest.mark.parametrize("name", PLAIN)
def test_nothing_is_refused_and_the_generator_knows_who_is_live(name):
    result = measure(small(name), TINY)
    assert result.refused == {}
    assert result.commands == 4_000
    assert result.order_bytes >= 64


@pytest.mark.parametrize("name", ["W1", "W2", "W3", "W4"])
def test_the_book_keeps_its_size(name):
    mix = small(name)
    flow = Flow(mix)
    for _ in flow.fill():
        pass
    sizes = []
    for _ in range(20):
        flow.commands(5_000)
        sizes.append(flow.live)
    assert 0.8 * mix.resting <= min(sizes)
    assert max(sizes) <= 1.2 * mix.resting


def test_a_generator_that_loses_count_is_found():
    run = Run(MIXES["W1"], 256)
    run.exchange.apply(run.flow.commands(50)[:40])
    with pytest.raises(AssertionError, match="the generator knows"):
        _ = run.resting


@pytest.mark.parametrize("name", ["W1", "W5"])
def test_a_seed_is_a_flow(name):
    one, two, other = (flow_of(MIXES[name], seed) for seed in (7, 7, 8))
    assert next(one.fill()).tobytes() == next(two.fill()).tobytes()
    next(other.fill())
    rows = one.commands(1_000).tobytes()
    assert rows == two.commands(1_000).tobytes()
    assert rows != other.commands(1_000).tobytes()


# ------------------------------------------------------------------ everything mixed


@pytest.fixture(scope="module")
def mixed_day():
    """(commands, reports, market rows, live orders after every 1,024 rows) of two days."""
    exchange, flow = Exchange(feed=Feed.STATUS), flow_of(MIXES["W5"])
    made = exchange.apply(set_up(MIXES["W5"]))
    assert (made["reason"] == Reason.NONE).all()
    commands = flow.commands(2 * mixture.DAY)
    reports, live = [], []
    for first in range(0, len(commands), 1_024):
        reports.append(exchange.apply(commands[first : first + 1_024]))
        live.append(int(exchange.table(0)["live_orders"][0]))
    return commands, np.concatenate(reports), exchange.market(), live


def test_the_mixed_flow_has_everything(mixed_day):
    commands, reports, market, _ = mixed_day
    setting_up = {Command.INSTRUMENT_ADD, Command.NODE_ADD, Command.ALGO_ADD}
    orders = commands[commands["command"] == Command.NEW_ORDER]
    assert set(commands["command"]) == set(Command) - setting_up
    assert set(OrdType) <= set(orders["ord_type"])
    assert set(TimeInForce) == set(orders["time_in_force"])
    assert set(Contingency) == set(orders["contingency"])
    assert set(range(6)) == set(orders["stp_mode"])
    assert set(ExecType) == set(reports["exec_type"])
    status = market[market["market"] == MarketType.STATUS]
    assert set(status["phase"]) == set(Phase)
    ends = {r for r in Reason if Reason.UNFILLED_REMAINDER <= r <= Reason.EXPIRED_AUCTION}
    assert ends <= set(reports["reason"])
    assert {Reason.ORDER_RATE, Reason.STATIC_BAND, Reason.LINK} <= set(reports["reason"])


def test_the_mixed_flow_is_stationary_and_mostly_accepted(mixed_day):
    commands, reports, _, live = mixed_day
    refused = (reports["exec_type"] == ExecType.REJECTED) | (reports["report"] == 2)
    assert 0.02 < refused.sum() / len(commands) < 0.10
    first, second = np.reshape(live, (2, -1))
    assert 1_500 < np.median(second) < 3_500
    assert 0.8 < np.median(second) / np.median(first[len(first) // 2 :]) < 1.25


def test_the_mixed_flow_ends_where_its_replay_ends():
    result = measure(MIXES["W5"], replace(TINY, repeat=1, stretch=1_000))
    assert result.state_hash == replayed(MIXES["W5"], 2_020, 77)
    assert result.state_hash != replayed(MIXES["W5"], 2_019, 77)
    assert 0 < result.refused_share < 0.3


# ------------------------------------------------------------------ what is written about it


def test_peers_that_are_not_installed_are_named(monkeypatch):
    monkeypatch.setattr(peers, "find_spec", lambda name: None)
    run = Run(MIXES["W1"], 256)
    rows = run.flow.commands(500)
    lines, missing = peers.compare({"ours": run.timed}, run.filled, [(rows, run.flow.live)])
    assert [line["peer"] for line in lines] == ["ours"]
    assert missing == dict.fromkeys(peers.PEERS, "not installed")


def test_a_peer_that_does_something_else_is_found(monkeypatch):
    steps = []
    forgetful = (lambda: (lambda rows: steps.extend(rows) or 1, lambda: len(steps) - 1), "forgets")
    monkeypatch.setattr(peers, "PEERS", {"json": forgetful})
    run = Run(MIXES["W1"], 256)
    rows = run.flow.commands(500)
    with pytest.raises(AssertionError, match="orders rest in json"):
        peers.compare({"ours": run.timed}, [], [(rows, 500)])


def test_the_page_and_the_data():
    results = [measure(MIXES["W1"], TINY)]
    extras = {
        "machine": facts(), "batch": 256, "stretch": 2_000, "starts": {"warm_s": 1.0},
        "submit": timings(50), "missing": {"litebook": "not installed"},
        "pieces": [{"name": "rest", "min": 1e-6, "median": 2e-6, "mean": 3e-6, "rounds": 4}],
    }  # fmt: skip
    page = markdown(results, extras)
    for text in ("| W1 |", "warm 1.0 s", "| rest | 1.00 | 2.00 | 3.00 | 4 |", "not installed."):
        assert text in page
    data = json.loads(json.dumps(document(results, extras)))["results"][0]
    assert data["name"] == "W1"
    assert len(data["single_ns"]) == len(data["batch_ns"]) == len(PERCENTILES)
    assert data["single_ns"] == sorted(data["single_ns"])
    assert data["single_ns"][0] > 0


def test_the_command(tmp_path):
    arguments = ["bench", "-w", "W1", "--quick", "--stretch", "1000", "--repeat", "1"]
    done = CliRunner().invoke(main.build(), [*arguments, "--json", str(tmp_path / "found")])
    assert done.exit_code == 0, done.output
    assert "| W1 |" in done.output
    assert json.loads((tmp_path / "found.json").read_text())["results"][0]["commands"] == 1_000
    assert (tmp_path / "found.md").read_text().startswith("# The exchange, measured")


def test_the_command_names_the_workloads_that_there_are():
    done = CliRunner().invoke(main.build(), ["bench", "--workload", "W99"])
    assert done.exit_code == 2
    assert "no workload W99; there are W1, W2, W3, W4, W5, crash" in done.output


@pytest.mark.soak
def test_the_mixed_flow_equals_the_reference():
    flow = mixture.MixedFlow(16, 7)
    commands = np.concatenate([mixture.set_up(16), *flow.fill()])
    SideBySide(Exchange()).run(commands[:12_000])
