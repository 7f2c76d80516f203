"""Every story is played and its answers compared with those in its file.

REWRITE_SCENARIOS=1 writes the engine's answers into the files; a person reads the difference.
"""

import os
from pathlib import Path

import pytest

from domain.codes import Feed, Reason
from engine.exchange import Exchange
from tests.reference.exchange.exchange import ReferenceExchange
from tests.scenarios.answers import INDENT, Story

pytestmark = pytest.mark.nojit

FOLDER = Path(__file__).parent
FILES = sorted(FOLDER.glob("*/*.txt"))
NAMES = [path.relative_to(FOLDER).with_suffix("").as_posix() for path in FILES]
REWRITE = bool(os.environ.get("REWRITE_SCENARIOS"))

# Reasons that no command can bring about, and why.
UNREACHABLE = {
    Reason.EXCHANGE_CLOSED: "PHASE_FORBIDS says it for every phase",
    Reason.ORDER_EXCEEDS_LIMIT: "each limit has a reason of its own",
    Reason.INCORRECT_QUANTITY: "QTY_OUT_OF_RANGE, LOT_SIZE, MIN_QTY and MAX_QTY say which",
    Reason.STOP_PRICE: "a stop price off its range is FIELD_OUT_OF_RANGE, off its tick TICK_SIZE",
    Reason.PEG: "a contradiction of peg flags is FLAGS_CONFLICT",
    Reason.CAPACITY: "tables grow to bounds of domain.limits that no story reaches",
}


def played(text: str, exchange) -> tuple[str, Story]:
    """The story with the answers of `exchange` in place of those that it had."""
    story, lines = Story(exchange), []
    for line in text.splitlines():
        if line.startswith(INDENT):
            continue
        lines.append(line)
        if line.strip() and not line.startswith("#"):
            try:
                lines += story.play(line)
            except Exception as error:
                raise AssertionError(f"{line}: {error!r}") from error
    return "\n".join(lines) + "\n", story


def without_market(text: str) -> list[str]:
    """The lines of a story that are not market data."""
    return [line for line in text.splitlines() if not line.startswith(INDENT + "* ")]


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_engine_answers_as_written(path):
    text = path.read_text(encoding="utf-8")
    found, _ = played(text, Exchange(feed=Feed.AUCTION | Feed.STATUS))
    if REWRITE:
        path.write_text(found, encoding="utf-8")
    else:
        assert found.splitlines() == text.splitlines()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_the_reference_answers_as_written(path):
    text = path.read_text(encoding="utf-8")
    found, _ = played(text, ReferenceExchange())
    assert without_market(found) == without_market(text)


def test_every_reason_has_a_story():
    """Each code of `Reason` is the answer somewhere, or UNREACHABLE says why it cannot be."""
    words = {w.rstrip(":") for path in FILES for w in path.read_text(encoding="utf-8").split()}
    missing = {reason.name for reason in Reason if reason.name not in words} - {"NONE"}
    assert missing == {reason.name for reason in UNREACHABLE}


def test_there_are_enough():
    assert len(FILES) >= 80
