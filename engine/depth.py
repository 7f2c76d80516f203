"""Reading without changing anything: price levels, best first, and which order has an id."""

import numpy as np

from domain.jit import entry
from domain.tables import levels, trees
from engine.book.directory import find_order
from engine.book.ladder import next_level


@entry
def read_depth(s, tree, out):
    """Write (price, displayed quantity, displayed orders) of a tree's levels; returns how many.

    Levels without displayed quantity are left out. `out` is an int64 array of shape (n, 3).
    """
    count = 0
    row = np.int64(trees(s)[tree]["best"])
    while row and count < len(out):
        level = levels(s)[row]
        if level["shown_qty"] > 0:
            out[count, 0] = level["price"]
            out[count, 1] = level["shown_qty"]
            out[count, 2] = level["count"]
            count += 1
        row = next_level(s, tree, level["price"])
    return count


@entry
def find_live(s, account, cl_ord_id):
    """The row of the live order of an account with this id, or 0."""
    return find_order(s, account, cl_ord_id)
