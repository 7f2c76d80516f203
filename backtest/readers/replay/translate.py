"""The kernels that turn FACT rows into COMMAND rows, with a hash table of the feed's live orders.

The table exists because feeds say what changed ("100 of order 17 were executed") and commands
say what shall be ("order_qty of order 17 is now 300"; "sell 100 at 2345").
"""

from backtest.readers.cut.table import find, forget
from backtest.readers.facts import FactKind
from domain.codes import Command, OrdType, Phase, Scope, Side, TimeInForce
from domain.jit import entry, kernel

RESTING, TAKER = 1, 2  # accounts
# cells of `state`
LIVE, NEXT_TAKER, TRADES, UNKNOWN, TWICE, OVER, CELLS = range(7)

ADD, REDUCE, DELETE = int(FactKind.ADD), int(FactKind.REDUCE), int(FactKind.DELETE)
EXECUTE, REPLACE, SET = int(FactKind.EXECUTE), int(FactKind.REPLACE), int(FactKind.SET)
CLEAR, LEVEL = int(FactKind.CLEAR), int(FactKind.LEVEL)
HALT, RESUME = int(FactKind.HALT), int(FactKind.RESUME)
NEW_ORDER, CANCEL = int(Command.NEW_ORDER), int(Command.CANCEL_ORDER)
AMEND, MASS, PHASE = int(Command.REPLACE_ORDER), int(Command.MASS_CANCEL), int(Command.PHASE)
LIMIT, IOC, GTC = int(OrdType.LIMIT), int(TimeInForce.IOC), int(TimeInForce.GTC)
BUY, SELL = int(Side.BUY), int(Side.SELL)
CALL, CONTINUOUS = int(Phase.INTRADAY_AUCTION), int(Phase.CONTINUOUS)
INSTRUMENT = int(Scope.INSTRUMENT)


@kernel
def remember(known, at, fact, ref, side):
    """Fill the empty slot `at` with what the fact adds."""
    slot = known[at]
    slot["ref"] = ref
    slot["price"] = fact["price"]
    slot["leaves"] = fact["qty"]
    slot["total"] = fact["qty"]
    slot["instrument"] = fact["instrument"]
    slot["side"] = side


@kernel
def blank(row, fact, command):
    """What all commands have in common; the row is zeros."""
    row["command"] = command
    row["transact_time"] = fact["time"]
    row["instrument"] = fact["instrument"]
    row["account"] = RESTING


@kernel
def order(row, fact, ref, side, price, qty):
    """A limit order that rests."""
    blank(row, fact, NEW_ORDER)
    row["cl_ord_id"] = ref
    row["side"] = side
    row["price"] = price
    row["order_qty"] = qty
    row["ord_type"] = LIMIT
    row["time_in_force"] = GTC


@kernel
def cancel(row, fact, ref):
    """Take an order out of the book."""
    blank(row, fact, CANCEL)
    row["orig_cl_ord_id"] = ref


@kernel
def add(known, fact, ref, side, out, state):
    """A new order; 1 row, or 0 if the reference is in use."""
    at = find(known, ref)
    if known[at]["ref"] != 0:
        state[TWICE] += 1
        return 0
    remember(known, at, fact, ref, side)
    state[LIVE] += 1
    order(out, fact, ref, side, fact["price"], fact["qty"])
    return 1


@kernel
def remove(known, ref, fact, out, state):
    """Cancel a known order; 0 rows if it is not known."""
    at = find(known, ref)
    if known[at]["ref"] == 0:
        state[UNKNOWN] += 1
        return 0
    forget(known, at)
    state[LIVE] -= 1
    cancel(out, fact, ref)
    return 1


@kernel
def reduce(known, fact, out, state):
    """Take quantity from a known order, in place."""
    ref, qty = fact["ref"], fact["qty"]
    at = find(known, ref)
    if known[at]["ref"] == 0:
        state[UNKNOWN] += 1
        return 0
    slot = known[at]
    if qty > slot["leaves"]:
        state[OVER] += 1
    if qty >= slot["leaves"]:
        forget(known, at)
        state[LIVE] -= 1
        cancel(out, fact, ref)
        return 1
    slot["leaves"] -= qty
    slot["total"] -= qty
    blank(out, fact, AMEND)
    out["orig_cl_ord_id"] = ref
    out["order_qty"] = slot["total"]
    return 1


@kernel
def execute(known, fact, out, state):
    """An aggressor for exactly what was executed: matching must find the order by itself."""
    at = find(known, fact["ref"])
    if known[at]["ref"] == 0:
        state[UNKNOWN] += 1
        return 0
    slot = known[at]
    qty = fact["qty"]
    if qty > slot["leaves"]:
        state[OVER] += 1
        qty = slot["leaves"]
    state[NEXT_TAKER] += 1
    state[TRADES] += 1
    side = SELL if slot["side"] == BUY else BUY
    order(out, fact, state[NEXT_TAKER], side, slot["price"], qty)
    out["account"] = TAKER
    out["time_in_force"] = IOC
    slot["leaves"] -= qty
    if slot["leaves"] == 0:
        forget(known, at)
        state[LIVE] -= 1
    return 1


@kernel
def put(known, fact, out, state):
    """An order's quantity and price as they are now: added, reduced in place, or entered again."""
    ref, qty, side = fact["ref"], fact["qty"], fact["side"]
    at = find(known, ref)
    if known[at]["ref"] == 0:
        state[UNKNOWN] += 1
        return 0 if qty == 0 else add(known, fact, ref, side, out[0], state)
    slot = known[at]
    if qty > 0 and slot["price"] == fact["price"] and qty <= slot["leaves"]:
        if qty == slot["leaves"]:
            return 0
        slot["total"] -= slot["leaves"] - qty
        slot["leaves"] = qty
        blank(out[0], fact, AMEND)
        out[0]["orig_cl_ord_id"] = ref
        out[0]["order_qty"] = slot["total"]
        return 1
    side = slot["side"]
    made = remove(known, ref, fact, out[0], state)
    return made if qty == 0 else made + add(known, fact, ref, side, out[made], state)


@kernel
def level(known, fact, out, state):
    """A level as one order that is entered again at each change."""
    made = 0
    if known[find(known, fact["ref"])]["ref"] != 0:
        made = remove(known, fact["ref"], fact, out[0], state)
    if fact["qty"] == 0:
        return made
    return made + add(known, fact, fact["ref"], fact["side"], out[made], state)


@kernel
def replace(known, fact, out, state):
    """Another reference, price and quantity: always the end of the queue."""
    at = find(known, fact["ref"])
    side = known[at]["side"]
    if remove(known, fact["ref"], fact, out[0], state) == 0:
        return 0
    return 1 + add(known, fact, fact["new_ref"], side, out[1], state)


@kernel
def phase(fact, out, value):
    """Lead one instrument to another phase."""
    out["command"] = PHASE
    out["transact_time"] = fact["time"]
    out["scope"] = INSTRUMENT
    out["entity"] = fact["instrument"]
    out["value"] = value
    return 1


@kernel
def clear(fact, out):
    """Cancel all orders of one level."""
    blank(out, fact, MASS)
    out["side"] = fact["side"]
    out["price_low"] = fact["price"]
    out["price_high"] = fact["price"]
    return 1


@entry
def translate(facts, known, calling, trade, out, makers, state):
    """COMMAND rows for FACT rows; returns (facts used, rows).

    Stops early when `out` (rows of zeros) has no room for two more rows or the table is three
    quarters full. With `trade` executions become aggressors (`makers[row]` is the order that
    must be hit), except while `calling[instrument]`, and halts become phases; without it they
    become decreases. `state` cells: see above.
    """
    made = 0
    for k in range(len(facts)):
        if made + 2 > len(out) or 4 * (state[LIVE] + 1) > 3 * len(known):
            return k, made
        fact = facts[k]
        kind = fact["kind"]
        rows = out[made : made + 2]
        if kind == ADD:
            made += add(known, fact, fact["ref"], fact["side"], rows[0], state)
        elif kind == DELETE:
            made += remove(known, fact["ref"], fact, rows[0], state)
        elif kind == EXECUTE and trade and not calling[fact["instrument"]]:
            count = execute(known, fact, rows[0], state)
            if count:
                makers[made] = fact["ref"]
            made += count
        elif kind == REDUCE or kind == EXECUTE:
            made += reduce(known, fact, rows[0], state)
        elif kind == REPLACE:
            made += replace(known, fact, rows, state)
        elif kind == SET:
            made += put(known, fact, rows, state)
        elif kind == LEVEL:
            made += level(known, fact, rows, state)
        elif kind == CLEAR:
            made += clear(fact, rows[0])
        elif trade and (kind == HALT or kind == RESUME):
            halt = kind == HALT
            if calling[fact["instrument"]] != halt:
                calling[fact["instrument"]] = halt
                made += phase(fact, rows[0], CALL if halt else CONTINUOUS)
    return len(facts), made
