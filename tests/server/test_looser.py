"""What counts as a looser limit."""

import math

import pytest

from domain.attributes import NODE_ATTRIBUTES, NodeAttr
from domain.limits import NO_LIMIT
from server.services.risk.looser import SAME, node_factor

PARTS = {
    "ORDER_BURST": ("ORDER_RATE", 10), "REPLACE_BURST": ("REPLACE_RATE", 10),
    "CANCEL_BURST": ("CANCEL_RATE", 10), "RRM_LEAVE_BPS": ("RRM_ENTER_BPS", 9_000),
    "ORDER_TO_TRADE_FLOOR": ("ORDER_TO_TRADE", 50),
}  # fmt: skip


def row(**values):
    made = [0] * (max(NodeAttr) + 1)
    for attribute, about in NODE_ATTRIBUTES.items():
        made[attribute] = NO_LIMIT if about.none and about.default == 0 else about.default
    for name, value in values.items():
        made[NodeAttr[name]] = value
    return made


@pytest.mark.parametrize(("part", "whole", "limit"), [(p, w, n) for p, (w, n) in PARTS.items()])
def test_a_part_says_nothing_while_its_limit_is_not_there(part, whole, limit):
    attribute = NodeAttr[part]
    assert node_factor(attribute, row(**{part: 100}), 800) == (False, SAME)
    assert node_factor(attribute, row(**{part: 100, whole: limit}), 800) == (True, 8.0)
    assert node_factor(attribute, row(**{part: 800, whole: limit}), 100)[0] is False


def test_sizes_permissions_and_windows():
    assert node_factor(NodeAttr.MAX_ORDER_QTY, row(MAX_ORDER_QTY=10), 25) == (True, 2.5)
    assert node_factor(NodeAttr.MAX_ORDER_QTY, row(MAX_ORDER_QTY=10), NO_LIMIT) == (True, math.inf)
    assert node_factor(NodeAttr.MAX_ORDER_QTY, row(), 10)[0] is False
    assert node_factor(NodeAttr.ORDER_RATE, row(ORDER_RATE=10), 0) == (True, math.inf)
    assert node_factor(NodeAttr.ALLOWED_SIDES, row(ALLOWED_SIDES=1), 3) == (True, SAME)
    assert node_factor(NodeAttr.CHECK_BUYING_POWER, row(CHECK_BUYING_POWER=1), 0)[1] == math.inf
    few = row(MAX_EXECUTIONS=5, EXECUTION_WINDOW_NS=4_000)
    assert node_factor(NodeAttr.EXECUTION_WINDOW_NS, few, 1_000) == (True, 4.0)
    assert node_factor(NodeAttr.EXECUTION_WINDOW_NS, few, 8_000)[0] is False
