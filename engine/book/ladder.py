"""The ladder: price -> level, as a 64-way trie that is only as high as its prices are far apart.

A tree covers the prices that share its `prefix` above `6 x height` bits. A branch holds a 64-bit
map of its used children, so the next price is found with bit scans, never by walking empty ticks:
books with wide gaps and prices that jump far cost the same as dense ones. The best level is kept
in the tree. Trees with an odd number are best at their lowest price, even ones at their highest.
Cost: O(height), height <= 7, 2 or 3 for a book whose prices lie within 262,144 ticks.
"""

import numpy as np

from domain.bits import highest_bit, lowest_bit
from domain.jit import kernel
from domain.tables import branches, levels, trees
from engine.book.pools import free_branch, free_level, take_branch, take_level

_ONE = np.uint64(1)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)


@kernel
def _widen(s, tree, price):
    """Raise the root until the tree covers `price`."""
    t = trees(s)[tree]
    if t["root"] == 0:
        t["root"] = take_branch(s)
        t["height"] = 1
        t["prefix"] = price >> 6
        return
    while (price >> (6 * np.int64(t["height"]))) != t["prefix"]:
        top = take_branch(s)
        branch = branches(s)[top]
        place = t["prefix"] & 63
        branch["child"][place] = t["root"]
        branch["bits"] = _ONE << np.uint64(place)
        t["root"] = top
        t["height"] += 1
        t["prefix"] >>= 6


@kernel
def add_level(s, tree, price):
    """The level at `price`, made if it is not there."""
    _widen(s, tree, price)
    t = trees(s)[tree]
    b = branches(s)
    node = np.int64(t["root"])
    for depth in range(np.int64(t["height"]) - 1, -1, -1):
        place = (price >> (6 * depth)) & 63
        below = np.int64(b[node]["child"][place])
        if below == 0:
            below = take_branch(s) if depth else take_level(s, tree, price)
            branch = b[node]
            branch["child"][place] = below
            branch["bits"] |= _ONE << np.uint64(place)
            if depth == 0:
                t["levels"] += 1
                best = np.int64(t["best"])
                if best == 0 or (price < levels(s)[best]["price"]) == (tree & 1 == 1):
                    t["best"] = below
        node = below
    return node


@kernel
def _end_level(s, tree, up):
    """The level at the highest (`up`) or lowest price of a tree that is not empty."""
    t = trees(s)[tree]
    b = branches(s)
    node = np.int64(t["root"])
    for _ in range(np.int64(t["height"])):
        bits = b[node]["bits"]
        node = np.int64(b[node]["child"][highest_bit(bits) if up else lowest_bit(bits)])
    return node


@kernel
def last_level(s, tree):
    """The worst level of a tree, 0 if it is empty."""
    if trees(s)[tree]["root"] == 0:
        return np.int64(0)
    return _end_level(s, tree, tree & 1 == 1)


@kernel
def next_level(s, tree, price):
    """The nearest level behind `price` (worse than it), or 0; `price` need not have a level."""
    return neighbour(s, tree, price, tree & 1 == 1)


@kernel
def neighbour(s, tree, price, up):
    """The nearest level above (`up`) or below `price`, or 0."""
    t = trees(s)[tree]
    height = np.int64(t["height"])
    if t["root"] == 0:
        return np.int64(0)
    above = price >> (6 * height)
    if above != t["prefix"]:
        if (above < t["prefix"]) == up:
            return _end_level(s, tree, not up)
        return np.int64(0)
    b = branches(s)
    node = np.int64(t["root"])
    turn, turn_bits, turn_depth = np.int64(0), np.uint64(0), 0
    for depth in range(height - 1, -1, -1):
        place = np.uint64((price >> (6 * depth)) & 63)
        bits = b[node]["bits"]
        side = bits & ~(_ALL >> (np.uint64(63) - place)) if up else bits & ((_ONE << place) - _ONE)
        if side:
            turn, turn_bits, turn_depth = node, side, depth
        node = np.int64(b[node]["child"][np.int64(place)])
        if node == 0:
            break
    if turn == 0:
        return np.int64(0)
    node = np.int64(b[turn]["child"][lowest_bit(turn_bits) if up else highest_bit(turn_bits)])
    for _ in range(turn_depth):
        bits = b[node]["bits"]
        node = np.int64(b[node]["child"][lowest_bit(bits) if up else highest_bit(bits)])
    return node


@kernel
def drop_level(s, level):
    """Take an empty level out of its tree and free it, with the branches that become empty."""
    tree = np.int64(levels(s)[level]["tree"])
    price = levels(s)[level]["price"]
    t = trees(s)[tree]
    b = branches(s)
    if t["best"] == level:
        t["best"] = next_level(s, tree, price)
    t["levels"] -= 1
    height = np.int64(t["height"])
    for depth in range(height):
        node = np.int64(t["root"])
        for above in range(height - 1, depth, -1):
            node = np.int64(b[node]["child"][(price >> (6 * above)) & 63])
        branch = b[node]
        place = (price >> (6 * depth)) & 63
        branch["child"][place] = 0
        branch["bits"] &= ~(_ONE << np.uint64(place))
        if branch["bits"]:
            break
        free_branch(s, node)
        if depth == height - 1:
            t["root"] = 0
            t["height"] = 0
    _lower(s, tree)
    free_level(s, level)


@kernel
def _lower(s, tree):
    """Take away roots that have a single child."""
    t = trees(s)[tree]
    b = branches(s)
    while t["height"] > 1:
        root = np.int64(t["root"])
        bits = b[root]["bits"]
        if bits & (bits - _ONE):
            return
        place = lowest_bit(bits)
        t["prefix"] = (t["prefix"] << 6) | place
        t["root"] = b[root]["child"][place]
        t["height"] -= 1
        b[root]["child"][place] = 0
        b[root]["bits"] = np.uint64(0)
        free_branch(s, root)
