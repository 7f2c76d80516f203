"""Flow control: token buckets, message counts, and the duplicate-order window.

A rate is the generic cell rate algorithm (ITU-T I.371): one number a bucket, the theoretical
arrival time `tat` in nanoseconds. A token moves it by one interval; a burst of b may run ahead of
the clock by (b - 1) intervals. The repeated-execution throttle follows SEC rule 15c3-5 practice.
"""

import numpy as np

from domain.attributes import NodeAttr
from domain.bits import mix
from domain.jit import kernel
from domain.state import NODE
from domain.tables import candidates, core, node_lanes, node_limits, nodes, recents
from risk.derived import (
    EXECUTION_INTERVAL,
    FLAG_BITS,
    NODE_FLAGS,
    ORDER_INTERVAL,
    REPLACE_INTERVAL,
)

_ORDER_TAT, _REPLACE_TAT = (int(NODE.fields[n][1]) // 8 for n in ("order_tat", "replace_tat"))
_MAX_EXECUTIONS, _WINDOW = int(NodeAttr.MAX_EXECUTIONS), int(NodeAttr.DUPLICATE_WINDOW_NS)


@kernel
def count_execution(s, node):
    """Count a fill of a node; too many in the window throttle it until REARM."""
    n = nodes(s)[node]
    n["executions"] += 1
    interval = node_limits(s)[node, EXECUTION_INTERVAL]
    if interval:
        now = core(s)[0]["time"]
        tat = max(n["execution_tat"], now) + interval
        n["execution_tat"] = tat
        if tat - now > node_limits(s)[node, _MAX_EXECUTIONS] * interval:
            n["throttled"] = 1


@kernel
def take_tokens(s, account, now, replace):
    """Take a token of the order or replace bucket of all levels, and count the message."""
    lines, limits, tree = node_lanes(s), node_limits(s), nodes(s)
    tat, column = _ORDER_TAT, ORDER_INTERVAL
    if replace:
        tat, column = _REPLACE_TAT, REPLACE_INTERVAL
    node = account
    while node:
        tree[node]["messages"] += 1
        interval = limits[node, column]
        if interval:
            lines[node, tat] = max(lines[node, tat], now) + interval
        node = np.int64(tree[node]["parent"])


@kernel
def take_cancel_tokens(s, account):
    """Count a cancel at all levels; the buckets may be overdrawn."""
    tree, limits = nodes(s), node_limits(s)
    now = core(s)[0]["time"]
    node = account
    while node:
        n = tree[node]
        n["messages"] += 1
        interval = limits[node, NODE_FLAGS] >> FLAG_BITS
        if interval:
            n["cancel_tat"] = max(n["cancel_tat"], now) + interval
        node = np.int64(n["parent"])


@kernel
def recents_room(s):
    """Whether two more rows fit into a half full duplicate window."""
    return 2 * (core(s)[0]["recent"] + 2) <= len(recents(s))


@kernel
def _key(account, instrument, side, price, qty):
    return mix(mix(account, instrument) * 2 + side, mix(price, qty))


@kernel
def _is(entry, c, key):
    return (
        entry["hash"] == key
        and entry["account"] == c["account"]
        and entry["instrument"] == c["instrument"]
        and entry["side"] == c["side"]
        and entry["price"] == c["price"]
        and entry["qty"] == c["order_qty"]
    )


@kernel
def last_same(s):
    """When an order like the candidate was last accepted, in ns; -1 if it is not known."""
    c = candidates(s)[0]
    table = recents(s)
    mask = len(table) - 1
    key = _key(c["account"], c["instrument"], np.int64(c["side"]), c["price"], c["order_qty"])
    at = key & mask
    while table[at]["used"]:
        if _is(table[at], c, key):
            return table[at]["time"]
        at = (at + 1) & mask
    return np.int64(-1)


@kernel
def is_recent(s, node):
    """Whether the candidate repeats an order of its account within the window of `node`."""
    last = last_same(s)
    return last >= 0 and candidates(s)[0]["now"] - last < node_limits(s)[node, _WINDOW]


@kernel
def _longest_window(s, account):
    """The longest duplicate window of an account and the nodes above it, in ns."""
    longest = np.int64(0)
    node = account
    while node:
        longest = max(longest, node_limits(s)[node, _WINDOW])
        node = np.int64(nodes(s)[node]["parent"])
    return longest


@kernel
def remember(s):
    """Enter the accepted candidate into the duplicate window."""
    c = candidates(s)[0]
    table = recents(s)
    mask = len(table) - 1
    key = _key(c["account"], c["instrument"], np.int64(c["side"]), c["price"], c["order_qty"])
    at = key & mask
    expired = np.int64(-1)
    while table[at]["used"] and not _is(table[at], c, key):
        window = _longest_window(s, np.int64(table[at]["account"]))
        if expired < 0 and c["now"] - table[at]["time"] >= window:
            expired = at
        at = (at + 1) & mask
    if table[at]["used"] == 0:
        if expired >= 0:
            at = expired
        else:
            core(s)[0]["recent"] += 1
    entry = table[at]
    entry["time"] = c["now"]
    entry["price"] = c["price"]
    entry["qty"] = c["order_qty"]
    entry["account"] = c["account"]
    entry["instrument"] = c["instrument"]
    entry["hash"] = key
    entry["side"] = c["side"]
    entry["used"] = 1


@kernel
def rebuild_recents(s, old):
    """Move the rows of `old` that are still inside their window into the empty table."""
    c = core(s)[0]
    table = recents(s)
    mask = len(table) - 1
    c["recent"] = 0
    for number in range(len(old)):
        entry = old[number]
        if entry["used"] == 0:
            continue
        if c["time"] - entry["time"] >= _longest_window(s, np.int64(entry["account"])):
            continue
        at = np.int64(entry["hash"]) & mask
        while table[at]["used"]:
            at = (at + 1) & mask
        to = table[at]
        to["time"] = entry["time"]
        to["price"] = entry["price"]
        to["qty"] = entry["qty"]
        to["account"] = entry["account"]
        to["instrument"] = entry["instrument"]
        to["hash"] = entry["hash"]
        to["side"] = entry["side"]
        to["used"] = 1
        c["recent"] += 1
