"""The engine does what the reference does, report by report and level by level."""

import sys

import numpy as np
import pytest
from hypothesis import given

from domain.codes import Command
from engine.exchange import Exchange
from tests.properties.compare import compare, compare_splits
from tests.properties.crowded import Crowded
from tests.properties.readable import command_text
from tests.properties.streams import Stream, seeded_stream, streams
from tests.properties.vectors_as_commands import lines, read_edge_cases, read_stream
from tests.reference.exchange.exchange import ReferenceExchange
from tests.soaking import blocks, examples, fresh_seeds, shortest

SEEDS = range(12)


@examples(30)
@given(streams(most=60))
def test_random_streams(commands):
    compare(Exchange(), commands)


@pytest.mark.nojit
@pytest.mark.parametrize("seed", SEEDS)
def test_seeded_streams(seed):
    compare(Exchange(), seeded_stream(seed, 300))


@pytest.mark.parametrize("seed", range(8))
def test_seeded_streams_where_orders_crowd(seed):
    compare(Exchange(), seeded_stream(seed, 200, Crowded))


@pytest.mark.parametrize("sizes", [[1_000_000], [1, 2, 3], [64], [7, 1, 500]], ids=str)
def test_batches_do_not_matter(sizes):
    pair = compare(Exchange(), seeded_stream(5, 300))
    given_commands = np.concatenate(pair.given)
    single = Exchange()
    expected = np.concatenate([single.apply(row) for row in pair.given])
    compare_splits(Exchange(), given_commands, sizes, expected)


def test_edge_cases_of_other_engines(vectors):
    for name, (messages, expected) in read_edge_cases(vectors("matching/edge_cases.json")).items():
        assert lines(messages, Exchange()) == expected, name


@pytest.mark.parametrize("kind", ["flash-crash", "normal", "static"])
def test_streams_of_other_engines(kind, vectors):
    messages = read_stream(vectors(f"matching/small_{kind}_s7_n5000.bin"))
    expected = vectors(f"matching/small_{kind}_s7_n5000.reports.txt").read_text().split()
    assert lines(messages, Exchange()) == expected


def differs(commands):
    """Whether the two do not agree, or one of them breaks down."""
    try:
        compare(Exchange(), commands)
    except Exception:
        return True
    return False


def check_seed(seed, count, kind=Stream):
    """Compare on one stream; a failure shows its seed and the shortest stream that still fails."""
    commands = seeded_stream(seed, count, kind)
    try:
        compare(Exchange(), commands, laws=seed % 10 == 0)
    except Exception as error:
        few = shortest(commands, differs)
        story = "\n".join(command_text(row) for row in few)
        head = f"seeded_stream({seed}, {count}, {kind.__name__}): {error!r}"
        raise AssertionError(f"{head}\n{len(few)} commands are enough:\n{story}") from error


@pytest.mark.soak
@blocks(0.7)
def test_fresh_streams(block):
    for seed in fresh_seeds(block):
        check_seed(seed, 400, Crowded if seed % 2 else Stream)


@pytest.mark.soak
@blocks(0.15)
def test_fresh_long_streams(block):
    for seed in fresh_seeds(block + 1_000):
        check_seed(seed, 4_000)


def test_a_failing_stream_is_shortened():
    commands = seeded_stream(4, 100)
    wanted = [row.tobytes() for row in (commands[30], commands[90])]

    def fails(rows):
        return set(wanted) <= {row.tobytes() for row in rows}

    assert [row.tobytes() for row in shortest(commands, fails)] == wanted


def test_a_failure_of_the_soak_says_how_to_get_it_back(monkeypatch):
    class Deaf(ReferenceExchange):
        """Answers no cancel."""

        def apply(self, commands):
            return super().apply(commands[commands["command"] != Command.CANCEL_ORDER])

    monkeypatch.setattr(sys.modules[__name__], "Exchange", Deaf)
    said = r"(?s)^seeded_stream\(6, 60, Stream\).*\n1 commands are enough:\nCANCEL_ORDER [^\n]*$"
    with pytest.raises(AssertionError, match=said):
        check_seed(6, 60)
