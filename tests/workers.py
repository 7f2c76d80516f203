"""Which of the two workers of `make test` takes which tests, so that nothing is compiled twice.

A worker takes whole files. The engine, one large compilation, belongs to the first file; indicators
are hundreds of small ones that many files need, so they are cut in two by the indicator that a
test is about. The other files find everything in the cache.
"""

from __future__ import annotations

from typing import Any

import pytest
from xdist.scheduler.loadscope import LoadScopeScheduling

INDICATORS = "tests/indicators/"
FIRST = ("tests/scenarios/", INDICATORS)


def share(nodeid: str) -> str:
    """What is tested together: a file, or half of the indicators."""
    if not nodeid.startswith(INDICATORS):
        return nodeid.partition("::")[0]
    name = nodeid.partition("[")[2].removesuffix("]").lower().rpartition("-")[2]
    return f"{INDICATORS} {sum(name.encode()) % 2}"


def place(nodeid: str) -> tuple[int, str]:
    """The order of shares: what compiles first, everything else as it was collected."""
    first = [number for number, path in enumerate(FIRST) if nodeid.startswith(path)]
    return (first[0], share(nodeid)) if first else (len(FIRST), "")


class Shares(LoadScopeScheduling):
    """xdist's scheduler of scopes, with shares for scopes."""

    def _split_scope(self, nodeid: str) -> str:
        return share(nodeid)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: place(item.nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shares:
    """What `-n` uses, whatever `--dist` says; the order of `place` is kept."""
    config.option.loadscopereorder = False
    return Shares(config, log)
