"""The engine says what three independent matching engines say, line by line."""

import hashlib
import json

import pytest

from engine.exchange import Exchange
from tests.properties.vectors_as_commands import Message, lines, read_edge_cases, read_stream

EDGE_CASES = "matching/edge_cases.json"
SELL, BUY, NEW = 1, 0, 0


def digest(reports: list[str]) -> str:
    """How the vectors sign the lines of a case."""
    return hashlib.sha256("\n".join(reports).encode()).hexdigest()


def deep_sweep() -> list[Message]:
    """The one case that the vectors describe but do not list: 5,000 orders, one that takes all."""
    resting = [Message(NEW, SELL, 0, 1, k, k + 1, 100) for k in range(5000)]
    return [*resting, Message(NEW, BUY, 1, 5000, 5000, 5001, 100)]


@pytest.mark.nojit
def test_edge_cases(vectors):
    cases = read_edge_cases(vectors(EDGE_CASES))
    assert len(cases) == 33
    for name, (messages, expected) in cases.items():
        assert lines(messages, Exchange()) == expected, name


def test_the_edge_case_that_is_only_described(vectors):
    case = json.loads(vectors(EDGE_CASES).read_text())["deep_recursive_sweep_5000"]
    assert digest(lines(deep_sweep(), Exchange())) == case["sha256"]


@pytest.mark.parametrize("kind", ["flash-crash", "normal", "static"])
def test_streams(kind, vectors):
    messages = read_stream(vectors(f"matching/small_{kind}_s7_n5000.bin"))
    expected = vectors(f"matching/small_{kind}_s7_n5000.reports.txt").read_text().split()
    assert lines(messages, Exchange()) == expected
