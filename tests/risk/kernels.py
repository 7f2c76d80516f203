"""Risk kernels as Python calls them: one lazily compiled entry each."""

from domain.jit import entry
from domain.tables import books, candidates, commands
from risk import administration, checks, exact, fees, fills, marking, positions, throttle
from risk.admission import clearance
from risk.admission.candidate import complete


@entry
def mul_div(a, b, c):
    return exact.mul_div(a, b, c)


@entry
def saturating_mul(a, b):
    return exact.saturating_mul(a, b)


@entry
def value_of(qty, price, multiplier):
    return exact.value_of(qty, price, multiplier)


@entry
def bps(x, rate):
    return exact.bps_down(x, rate), exact.bps_up(x, rate)


@entry
def ppb_half_away(value, rate):
    return exact.ppb_half_away(value, rate)


@entry
def node_add(s):
    return administration.node_add(s, commands(s)[0])


@entry
def instrument_add(s):
    return administration.instrument_add(s, commands(s)[0])


@entry
def algo_add(s):
    return administration.algo_add(s, commands(s)[0])


@entry
def set_attribute(s):
    return administration.set_attribute(s, commands(s)[0])


@entry
def deposit(s):
    return administration.deposit(s, commands(s)[0])


@entry
def withdraw(s):
    return administration.withdraw(s, commands(s)[0])


@entry
def rearm(s):
    return administration.rearm(s, commands(s)[0])


@entry
def kill_flag(s, on):
    return administration.kill_flag(s, commands(s)[0], on)


@entry
def position_row(s, node, instrument):
    return positions.position_row(s, node, instrument)


@entry
def rebuild_position_index(s):
    return positions.rebuild_position_index(s)


@entry
def positions_room(s):
    return positions.positions_room(s)


@entry
def reserve(s):
    positions.reserve(s)


@entry
def unreserve(s, slot):
    positions.unreserve(s, slot)


@entry
def release(s, slot, qty):
    positions.release(s, slot, qty)


@entry
def fill(s, slot, price, qty, liquidity):
    return fills.fill(s, slot, price, qty, liquidity)


@entry
def lots_room(s, n):
    return fills.lots_room(s, n)


@entry
def fill_fee(s, instrument, side, value, qty, liquidity):
    return fees.fill_fee(s, instrument, side, value, qty, liquidity)


@entry
def worst_fee(s, instrument, side, value, qty):
    return fees.worst_fee(s, instrument, side, value, qty)


@entry
def mark_all(s):
    for instrument in range(1, len(books(s))):  # prices are set by hand here
        books(s)[instrument]["moved"] = 1
    marking.mark_all(s)


@entry
def start_day(s):
    marking.start_day(s)


@entry
def admit(s):
    return checks.admit(s)


@entry
def clear(s):
    return complete(s) and clearance.clear(s)


@entry
def explain(s):
    complete(s)
    return checks.explain(s)


@entry
def accepted(s):
    checks.accepted(s)


@entry
def canceled(s, account):
    checks.canceled(s, account)


@entry
def recents_room(s):
    return throttle.recents_room(s)


@entry
def rebuild_recents(s, old):
    throttle.rebuild_recents(s, old)


@entry
def order_flow(s, slot, rounds):
    """admit, accepted, reserve, unreserve of one candidate, `rounds` times (benchmark)."""
    refused = 0
    for _ in range(rounds):
        candidates(s)[0]["now"] += 1
        refused += checks.admit(s) != 0
        checks.accepted(s)
        positions.reserve(s)
        positions.unreserve(s, slot)
    return refused
