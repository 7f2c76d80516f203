"""What happens to money and positions besides trades: dividends, splits, rolls, rates, calls.

Everything is a command: cash comes in by DEPOSIT and goes out by WITHDRAW, a split or roll is
traded out of the old position and into the new one without a fee. What the account cannot pay is
its debt, which equity counts and later income pays off.
"""

import numpy as np

from backtest.simulator.core.history.market import held, offer, take_back, tell, tell_held
from backtest.simulator.core.tables import (
    FORCED_IDS,
    HISTORY,
    LARGE,
    OWN,
    flows,
    head,
    items,
    kept_fees,
)
from backtest.simulator.core.wire import apply, blank, withdraw_id
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Command, OrdType, Scope, Side, TimeInForce
from domain.jit import kernel
from domain.tables import instruments, node_limits, nodes, positions
from risk.exact import mul_div

_SPLIT, _DIVIDEND, _FUNDING = 48, 49, 51  # backtest.events.EventKind
_DEPOSIT, _WITHDRAW, _SET = int(Command.DEPOSIT), int(Command.WITHDRAW), int(Command.SET)
_NEW, _MASS = int(Command.NEW_ORDER), int(Command.MASS_CANCEL)
_LIMIT, _MARKET = int(OrdType.LIMIT), int(OrdType.MARKET)
_GTC, _IOC = int(TimeInForce.GTC), int(TimeInForce.IOC)
_BUY, _SELL = int(Side.BUY), int(Side.SELL)
_NODE, _INSTRUMENT = int(Scope.NODE), int(Scope.INSTRUMENT)
_CHECK = int(NodeAttr.CHECK_BUYING_POWER)
_FEES = int(InstrumentAttr.MAKER_PPB)
_FEE_COUNT = int(InstrumentAttr.CHARGE_SELL_PPB_4) - _FEES + 1
_CAP = int(InstrumentAttr.FEE_CAP)
_DAY, _YEAR_SECONDS = 86_400 * 10**9, 31_536_000
_BORROW, _INTEREST = 0, -1


@kernel
def note_flow(w, instrument, kind, value):
    """Write down cash that is no trade."""
    h = head(w)[0]
    row = flows(w)[h["flows"]]
    row["time"] = h["now"]
    row["value"] = value
    row["instrument"] = instrument
    row["kind"] = kind
    h["flows"] += 1


@kernel
def pay(w, instrument, kind, value):
    """Pay an amount into the account (below 0: out of it)."""
    if value == 0:
        return
    h = head(w)[0]
    note_flow(w, instrument, kind, value)
    if value > 0:
        part = min(h["debt"], value)
        h["debt"] -= part
        value -= part
    if value == 0:
        return
    row = blank(w, _DEPOSIT if value > 0 else _WITHDRAW, OWN, 0)
    row["value"] = abs(value)
    before = nodes(h["store"])[OWN]["cash"]
    apply(w)
    if value < 0 and nodes(h["store"])[OWN]["cash"] == before:
        h["debt"] -= value


@kernel
def worth(w, instrument, lots):
    """Lots at the price of the moment, minor units."""
    item = items(w)[instrument]
    return lots * item["px"] * item["multiplier"]


@kernel
def change(w, e):
    """DIVIDEND, FUNDING, SPLIT or ROLL."""
    h = head(w)[0]
    instrument, kind = np.int64(e["instrument"]), np.int64(e["kind"])
    h["now"] = max(h["now"], e["time"])
    lots = held(w, instrument)
    if kind == _DIVIDEND:
        pay(w, instrument, kind, lots * e["price"])
    elif kind == _FUNDING:
        value = worth(w, instrument, abs(lots))
        owed = mul_div(value, abs(e["price"]), 1_000_000_000)
        pay(w, instrument, kind, -owed if (lots > 0) == (e["price"] > 0) else owed)
    elif kind == _SPLIT:
        _split(w, instrument, lots, e["qty"], e["qty_2"])
    else:
        _roll(w, instrument, lots, np.int64(e["ref"]))


@kernel
def _cancel_all(w, instrument):
    """Cancel all orders of ours, in one instrument unless it is 0."""
    blank(w, _MASS, OWN, instrument)
    apply(w)


@kernel
def _set(w, scope, entity, attribute, value):
    row = blank(w, _SET, 0, 0)
    row["scope"] = scope
    row["entity"] = entity
    row["attribute"] = attribute
    row["value"] = value


@kernel
def _order(w, account, instrument, side, price, lots):
    """An order at a price that the simulator sends for an account."""
    h = head(w)[0]
    row = blank(w, _NEW, account, instrument)
    if account == OWN:
        h["forced_id"] = max(h["forced_id"], FORCED_IDS) + 1
        row["cl_ord_id"] = h["forced_id"]
    else:
        row["cl_ord_id"] = h["next_id"]
        h["next_id"] += 1
    row["side"] = side
    row["ord_type"] = _LIMIT
    row["time_in_force"] = _IOC if account == OWN else _GTC
    row["price"] = price
    row["order_qty"] = lots


@kernel
def _cross(w, instrument, lots, price):
    """Trade `lots` (sells below 0) with history at a price, whatever rests elsewhere."""
    side = _BUY if lots > 0 else _SELL
    number = head(w)[0]["next_id"]
    _order(w, HISTORY, instrument, _SELL if lots > 0 else _BUY, price, abs(lots))
    _order(w, OWN, instrument, side, price, abs(lots))
    withdraw_id(w, instrument, number)
    apply(w)


@kernel
def _freely(w, instrument, free):
    """Switch fees and the check of buying power off, or on again."""
    s, fees = head(w)[0]["store"], kept_fees(w)
    row = instruments(s)[instrument]
    for place in range(_FEE_COUNT):
        if _FEES + place == _CAP:
            continue
        if free:
            fees[place] = row[_FEES + place]
        if fees[place]:
            _set(w, _INSTRUMENT, instrument, _FEES + place, 0 if free else fees[place])
    if free:
        fees[_FEE_COUNT] = node_limits(s)[OWN, _CHECK]
    if fees[_FEE_COUNT]:
        _set(w, _NODE, OWN, _CHECK, 0 if free else 1)
    apply(w)


@kernel
def _split(w, instrument, lots, new, old):
    """Trade the position for new / old times as many lots at old / new of the price.

    Both prices are chosen so that no cash moves but for a fraction of a lot.
    """
    item = items(w)[instrument]
    _cancel_all(w, instrument)
    unit = max(1, (item["px"] + new // 2) // new)
    after = abs(lots) * new // old
    if lots:
        _freely(w, instrument, True)
        _cross(w, instrument, -lots, unit * new)
        if after:
            _cross(w, instrument, after if lots > 0 else -after, unit * old)
        _freely(w, instrument, False)
    note_flow(w, instrument, _SPLIT, 0)
    item["px"] = item["px"] * old // new
    item["bid"], item["ask"] = item["px"], item["px"]
    item["stale"] = 1


@kernel
def _roll(w, instrument, lots, into):
    """Trade the position out of one instrument and into another, with fees and slippage."""
    if lots == 0 or into < 1 or into > head(w)[0]["instruments"]:
        return
    _cancel_all(w, instrument)
    force(w, instrument, -lots)
    force(w, into, lots)


@kernel
def force(w, instrument, lots):
    """A market order for the account, whatever its buying power.

    In a market without a book it is filled at the price of the moment.
    """
    h = head(w)[0]
    item = items(w)[instrument]
    tell_held(w)
    tell(w, instrument)
    checked = node_limits(h["store"])[OWN, _CHECK]
    if checked:
        _set(w, _NODE, OWN, _CHECK, 0)
    number = h["next_id"]
    if item["bars"]:
        item["budget"] = LARGE
        number = offer(w, instrument, item["px"], np.int64(lots < 0))
    h["forced_id"] = max(h["forced_id"], FORCED_IDS) + 1
    row = blank(w, _NEW, OWN, instrument)
    row["cl_ord_id"] = h["forced_id"]
    row["side"] = _BUY if lots > 0 else _SELL
    row["ord_type"] = _MARKET
    row["time_in_force"] = _IOC
    row["order_qty"] = abs(lots)
    if item["bars"]:
        take_back(w, instrument, number)
    if checked:
        _set(w, _NODE, OWN, _CHECK, 1)
    apply(w)


@kernel
def equity(w):
    """Cash and open positions at the prices of the moment, less debt."""
    h = head(w)[0]
    s = h["store"]
    total = nodes(s)[OWN]["cash"] - h["debt"]
    for instrument in range(1, h["instruments"] + 1):
        lots = held(w, instrument)
        item = items(w)[instrument]
        if item["position"]:
            row = positions(s)[item["position"]]
            total += worth(w, instrument, lots)
            if item["cash_model"] == 0:
                total -= row["cost"] + row["fifo_realised"] - row["realised"]
    return total


@kernel
def accrue(w, now):
    """Count borrow fees and interest until `now`, and pay them once a day."""
    h = head(w)[0]
    if h["borrow"] == 0 and h["interest"] == 0:
        return
    if h["accrued"] == 0:
        h["accrued"] = now
        h["next_payment"] = now - now % _DAY + _DAY
    seconds = (now - h["accrued"]) // 10**9
    if seconds > 0:
        h["accrued"] += seconds * 10**9
        for instrument in range(1, h["instruments"] + 1):
            lots = held(w, instrument)
            if lots < 0:
                h["short_seconds"] += worth(w, instrument, -lots) // 100 * seconds // 10
        h["cash_seconds"] += (nodes(h["store"])[OWN]["cash"] - h["debt"]) // 100 * seconds // 10
    if now >= h["next_payment"]:
        h["next_payment"] = now - now % _DAY + _DAY
        pay_accrued(w)


@kernel
def pay_accrued(w):
    """Pay what borrow and interest have come to."""
    h = head(w)[0]
    fee = _of_a_year(h["short_seconds"], h["borrow"])
    earned = _of_a_year(h["cash_seconds"], h["interest"])
    h["short_seconds"] = 0
    h["cash_seconds"] = 0
    pay(w, 0, _BORROW, -fee)
    pay(w, 0, _INTEREST, earned)


@kernel
def _of_a_year(thousands, bps):
    """Basis points a year of so many thousand unit seconds, towards zero."""
    amount = mul_div(abs(thousands), abs(bps), 10 * _YEAR_SECONDS)
    return amount if (thousands < 0) == (bps < 0) else -amount


@kernel
def call_margin(w):
    """Close by force what the equity does not carry any more: orders first, then positions."""
    h = head(w)[0]
    node = nodes(h["store"])[OWN]
    if node["margin"] == 0 or _is_carried(w):
        return
    _cancel_all(w, 0)
    for instrument in range(1, h["instruments"] + 1):
        if _is_carried(w):
            return
        lots = held(w, instrument)
        if lots:
            force(w, instrument, -lots)


@kernel
def _is_carried(w):
    """Whether equity is at least the maintenance part of the margin in use."""
    h = head(w)[0]
    margin = nodes(h["store"])[OWN]["margin"]
    return margin == 0 or equity(w) >= mul_div(margin, h["maintenance"], 10_000)
