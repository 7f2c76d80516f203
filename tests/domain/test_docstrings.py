"""The examples in docstrings are what happens."""

import doctest
from importlib import import_module

import pytest

MODULES = (
    "domain.messages", "domain.money", "gridworks.client.errors", "gridworks.client.requests",
    "gridworks.client.scales", "gridworks.extras", "gridworks.local.exchange",
)  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
