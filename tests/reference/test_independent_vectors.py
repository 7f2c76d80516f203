"""The reference says what three independent matching engines say."""

import pytest

from tests.properties.vectors_as_commands import lines, read_edge_cases, read_stream
from tests.reference.exchange.exchange import ReferenceExchange


def test_edge_cases(vectors):
    for name, (messages, expected) in read_edge_cases(vectors("matching/edge_cases.json")).items():
        exchange = ReferenceExchange()
        assert lines(messages, exchange) == expected, name
        exchange.check()


@pytest.mark.parametrize("kind", ["flash-crash", "normal", "static"])
def test_streams(kind, vectors):
    messages = read_stream(vectors(f"matching/small_{kind}_s7_n5000.bin"))
    expected = vectors(f"matching/small_{kind}_s7_n5000.reports.txt").read_text().split()
    exchange = ReferenceExchange()
    assert lines(messages, exchange) == expected
    exchange.check()
