"""What the checks know about the candidate: its value, what it would close, what it would add."""

import numpy as np

from domain.attributes import InstrumentAttr
from domain.jit import kernel
from domain.limits import MAX_VALUE
from domain.tables import candidates, instruments, positions
from risk.exact import value_of
from risk.fees import worst_fee
from risk.margin import assess, held_value
from risk.span.exchange import by_scenarios, lots_of, too_large, what_if

_MULTIPLIER = int(InstrumentAttr.MULTIPLIER)


@kernel
def scenario_excess(s):
    """What a sum of the account's scenario margin could come to with the order; 0 if it may."""
    c = candidates(s)[0]
    if not by_scenarios(s, np.int64(c["instrument"])):
        return np.int64(0)
    return too_large(s, np.int64(c["position"]), position_with(s))


@kernel
def complete(s):
    """Fill value, old_value and hold_fee of the candidate; False if the value is out of range."""
    c = candidates(s)[0]
    i = np.int64(c["instrument"])
    multiplier = instruments(s)[i, _MULTIPLIER]
    value = value_of(c["leaves_qty"], c["worst_px"], multiplier)
    c["value"] = value
    if value > MAX_VALUE:
        return False
    c["old_value"] = c["old_leaves"] * c["old_worst_px"] * multiplier
    c["hold_fee"] = worst_fee(s, i, np.int64(c["side"]), value, c["leaves_qty"])
    return True


@kernel
def free_lots(s):
    """Lots of the account's position that its open orders on this side do not yet close.

    The open quantity of a replaced order does not count.
    """
    c = candidates(s)[0]
    r = positions(s)[c["position"]]
    return c["old_leaves"] - (r["short_qty"] if c["side"] else r["long_qty"])


@kernel
def reduces(s):
    """Whether the order can only bring the account's position nearer to zero."""
    return candidates(s)[0]["leaves_qty"] <= free_lots(s)


@kernel
def change(s):
    """(lots, buy value, sell value) that the order adds to the account's open orders."""
    c = candidates(s)[0]
    worth = c["value"] - c["old_value"]
    if c["side"] == 0:
        return c["leaves_qty"] - c["old_leaves"], worth, np.int64(0)
    return c["leaves_qty"] - c["old_leaves"], np.int64(0), worth


@kernel
def position_with(s):
    """The account's row with the order: lots held, lots of pending purchases and sales."""
    c = candidates(s)[0]
    r, lots, side = positions(s)[c["position"]], c["leaves_qty"] - c["old_leaves"], c["side"]
    held, buys, sells = lots_of(r)
    return held, buys + lots * (1 - np.int64(side)), sells + lots * side


@kernel
def outlook(s, weight):
    """(gross, exposure, margin, value) of the account's row, marked now.

    `weight` 1: with the order's change; 0: without it.
    """
    c = candidates(s)[0]
    r = positions(s)[c["position"]]
    i = np.int64(c["instrument"])
    qty, bought, sold = change(s)
    long, short = r["long_qty"], r["short_qty"]
    if c["side"] == 0:
        long += weight * qty
    else:
        short += weight * qty
    value = held_value(s, i, r["qty"], r["cost"])
    gross, exposure, margin = assess(
        s,
        i,
        long,
        short,
        r["buy_value"] + weight * bought,
        r["sell_value"] + weight * sold,
        value,
    )
    if by_scenarios(s, i):
        row = np.int64(c["position"])
        margin = r["margin"] + (what_if(s, row, position_with(s)) if weight else 0)
    return gross, exposure, margin, value


# what `facts` returns, by place: the account's row marked now, before and after the order
LOTS, BOUGHT, SOLD, MOVED = 0, 1, 2, 3
GROSS, EXPOSURE, MARGIN = 4, 6, 8  # before; after is the place behind it


@kernel
def facts(s):
    """All that the exposure and capital checks need to know about the account's row.

    (lots, buy value, sell value) that the order adds, how far the row's value has moved since it
    was marked, then gross, exposure and margin before and after, less what the row holds now: the
    differences that a node's sums would see.
    """
    account = positions(s)[candidates(s)[0]["position"]]
    qty, bought, sold = change(s)
    gross_0, exposure_0, margin_0, value = outlook(s, 0)
    gross_1, exposure_1, margin_1, _ = outlook(s, 1)
    gross, exposure, margin = account["gross"], account["exposure"], account["margin"]
    return (
        qty,
        bought,
        sold,
        value - account["value"],
        gross_0 - gross,
        gross_1 - gross,
        exposure_0 - exposure,
        exposure_1 - exposure,
        margin_0 - margin,
        margin_1 - margin,
    )
