"""Every story is played and its answers compared with those in its file.

REWRITE_SCENARIOS=1 writes the engine's answers into the files; a person reads the difference.
"""

import os
from pathlib import Path

import numpy as np
import pytest

from domain.attributes import NodeAttr
from domain.codes import (
    Command,
    Contingency,
    ExecInst,
    Feed,
    InstrumentType,
    OrdType,
    Phase,
    Reason,
    Scope,
    SelfTrade,
    Side,
    TimeInForce,
)
from engine.exchange import Exchange
from tests.reference.exchange.exchange import ReferenceExchange
from tests.scenarios.answers import INDENT, Story
from tests.scenarios.language import Desk

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


def sent():
    """Every row that the stories send."""
    for path in FILES:
        desk = Desk()
        for line in path.read_text(encoding="utf-8").splitlines():
            words = line.split()
            if words and not line.startswith((INDENT, "#")) and words[0] != "book":
                yield from desk.rows(line)


def test_every_code_has_a_story():
    """Commands, order types, times in force, self-trade modes, links, products and flags (one
    flag is the engine's own)."""
    rows = [row[0] for row in sent()]
    new = [row for row in rows if row["command"] == Command.NEW_ORDER]
    modes = {row["stp_mode"] for row in new} | {
        row["value"] for row in rows
        if (row["command"], row["scope"], row["attribute"])
        == (Command.SET, Scope.NODE, NodeAttr.STP_MODE)
    }  # fmt: skip
    flags = int(np.bitwise_or.reduce([row["exec_inst"] for row in new]))
    found = {
        Command: {row["command"] for row in rows},
        OrdType: {row["ord_type"] for row in new},
        TimeInForce: {row["time_in_force"] for row in new},
        SelfTrade: modes,
        Contingency: {row["contingency"] for row in new},
        Side: {row["side"] for row in new},
        InstrumentType: {row["index"] for row in rows if row["command"] == Command.INSTRUMENT_ADD},
        ExecInst: {ExecInst.QUOTE_LEG} | {flag for flag in ExecInst if flag & flags},
    }
    for kind, codes in found.items():
        assert [code.name for code in kind if code not in {*map(int, codes)}] == [], kind


def test_every_phase_has_a_story():
    texts = [path.read_text(encoding="utf-8") for path in FILES]
    assert [p.name for p in Phase if not any(f" is in {p.name}\n" in text for text in texts)] == []


def test_every_rule_of_the_uncross_has_a_story():
    rules = ("largest_volume", "least_surplus", "buy_pressure", "sell_pressure",
             "nearest_reference", "no_reference", "market_orders_first")  # fmt: skip
    assert {f"auction/{rule}" for rule in rules} <= {*NAMES}


def test_there_are_enough():
    assert len(FILES) >= 80
