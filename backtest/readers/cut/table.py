"""Kernels of a hash table of a feed's live orders, by reference.

Open addressing with linear probing: reference 0 is an empty slot, removal shifts back. The owner
keeps count and grows the table before it is three quarters full.
"""

import numpy as np

from domain.bits import mix
from domain.jit import entry, kernel

KNOWN = np.dtype(
    [
        ("ref", "i8"),
        ("price", "i8"),
        ("leaves", "i8"),
        ("total", "i8"),  # order_qty as the exchange knows it
        ("instrument", "i4"),
        ("side", "u1"),
        ("_align", "u1", (3,)),
    ]
)


@kernel
def find(known, ref):
    """The slot of the order, or the empty slot where it would be."""
    mask = len(known) - 1
    at = mix(ref, 0) & mask
    while known[at]["ref"] != 0 and known[at]["ref"] != ref:
        at = (at + 1) & mask
    return at


@kernel
def forget(known, at):
    """Empty slot `at` and close the gap behind it."""
    mask = len(known) - 1
    hole, look = at, at
    while True:
        look = (look + 1) & mask
        if known[look]["ref"] == 0:
            break
        home = mix(known[look]["ref"], 0) & mask
        if ((look - home) & mask) >= ((look - hole) & mask):
            known[hole] = known[look]
            hole = look
    known[hole]["ref"] = 0


@entry
def rehash(old, new):
    """Move every order of the table `old` into the empty table `new`."""
    for k in range(len(old)):
        if old[k]["ref"] != 0:
            new[find(new, old[k]["ref"])] = old[k]
