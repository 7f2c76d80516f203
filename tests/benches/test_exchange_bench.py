"""Flows keep their size, name live orders only, and every benchmark runs."""

import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from benches.exchange import Plan, Run, document, markdown, measure
from benches.machine import facts
from benches.peers import compare
from benches.workloads import MIXES, Flow
from gridworks.cli import main

SMALL = {
    "W4": {"resting": 4_000, "instruments": 100},
    "pile": {"resting": 20_000},
    "crowd": {"resting": 5_000, "accounts": 2_000},
    "W2": {"resting": 5_000, "levels": 500},
}
TINY = Plan(batch=256, repeat=2, stretch=2_000, singles=20)


def small(name):
    return replace(MIXES[name], **SMALL.get(name, {}))


@pytest.mark.parametrize("name", MIXES)
def test_nothing_is_refused_and_the_generator_knows_who_is_live(name):
    result = measure(small(name), TINY)
    assert result.refused == {}
    assert result.commands == 4_000


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


def test_a_seed_is_a_flow():
    one, two = Flow(MIXES["W1"]), Flow(MIXES["W1"])
    assert next(one.fill()).tobytes() == next(two.fill()).tobytes()
    assert one.commands(1_000).tobytes() == two.commands(1_000).tobytes()


def test_peers_that_are_not_installed_are_named():
    run = Run(MIXES["W1"], 256)
    lines, missing = compare(run.timed, run.filled, [run.flow.commands(500)])
    assert len(lines) + len(missing) == 3


def test_the_page_and_the_data():
    results = [measure(MIXES["W1"], TINY)]
    extras = {"machine": facts(), "starts": {"warm_s": 1.0}}
    assert "| W1 |" in markdown(results, extras)
    assert json.loads(json.dumps(document(results, extras)))["results"][0]["name"] == "W1"


def test_the_command():
    arguments = ["bench", "W1", "--repeat", "1", "--stretch", "1000"]
    done = CliRunner().invoke(main.build(), arguments)
    assert done.exit_code == 0, done.output
    assert "| W1 |" in done.output
    assert CliRunner().invoke(main.build(), ["bench", "W99"]).exit_code == 2
