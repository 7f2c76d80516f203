"""What one order changes: the sums of its contract, and one commodity worked out anew."""

from domain.jit import entry, kernel
from risk.span.columns import AT, COUNT, DELTAS, OF, PARTS, SCENARIOS, SUMS
from risk.span.requirement import assess, gather
from risk.span.store import (
    contract_rows,
    delta_rows,
    found_rows,
    kept_rows,
    list_rows,
    loss_rows,
    position_rows,
    sum_rows,
)
from risk.span.sums import add


@kernel
def _listed(s, commodity):
    """Put a commodity into the list of the account if it is not there; an empty one stays."""
    for at in range(1, list_rows(s)[0, 0] + 1):
        if list_rows(s)[at, 0] == commodity:
            return
    last = list_rows(s)[0, 0] + 1
    list_rows(s)[0, 0] = last
    list_rows(s)[last, 0] = commodity


@kernel
def exchanged(s, place, before, after):
    """Put a position (held, open_buy, open_sell) in a contract in the place of another."""
    if before[0] | before[1] | before[2]:
        add(s, (place, before[0], before[1], before[2]), -1)
    if after[0] | after[1] | after[2]:
        commodity = add(s, (place, after[0], after[1], after[2]), 1)
        if sum_rows(s)[commodity, COUNT] == 1:
            _listed(s, commodity)


@kernel
def _copied(source, target, first, count):
    for at in range(count):
        target[first + at] = source[at]


@kernel
def _put_back(source, first, target, count):
    for at in range(count):
        target[at] = source[first + at]


@kernel
def keep(s, commodity, period):
    kept, width = kept_rows(s)[0], 2 * SCENARIOS
    _copied(loss_rows(s)[commodity], kept, 0, width)
    _copied(sum_rows(s)[commodity], kept, width, SUMS)
    _copied(found_rows(s)[commodity], kept, width + SUMS, PARTS)
    _copied(delta_rows(s)[period], kept, width + SUMS + PARTS, DELTAS)


@kernel
def restore(s, commodity, period):
    kept, width = kept_rows(s)[0], 2 * SCENARIOS
    _put_back(kept, 0, loss_rows(s)[commodity], width)
    _put_back(kept, width, sum_rows(s)[commodity], SUMS)
    _put_back(kept, width + SUMS, found_rows(s)[commodity], PARTS)
    _put_back(kept, width + SUMS + PARTS, delta_rows(s)[period], DELTAS)


@kernel
def _positions(row, change):
    """A position before and after a change."""
    before = row[0], row[1], row[2]
    return before, (row[0] + change[1], row[1] + change[2], row[2] + change[3])


@entry
def changed(s, change, out):
    """Add `change` (contract, held, open_buy, open_sell) to the account; returns the margin after.

    out (PARTS,): the parts.
    """
    place = change[0]
    row = position_rows(s)[place]
    before, after = _positions(row, change)
    exchanged(s, place, before, after)
    row[0], row[1], row[2] = after
    assess(s, contract_rows(s)[place, OF])
    return gather(s, out)


@entry
def what_if(s, changes, out, added):
    """What each of the changes alone would add to the margin; the account stays as it is.

    changes (n, POSITION), out (PARTS,), added (n,). Returns the margin without any of them.
    """
    before = gather(s, out)
    for at in range(len(changes)):
        change = changes[at]
        place = change[0]
        commodity, period = contract_rows(s)[place, OF], contract_rows(s)[place, AT]
        keep(s, commodity, period)
        held, then = _positions(position_rows(s)[place], change)
        exchanged(s, place, held, then)
        assess(s, commodity)
        added[at] = gather(s, out) - before
        restore(s, commodity, period)
    gather(s, out)
    return before
