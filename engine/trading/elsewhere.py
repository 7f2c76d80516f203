"""A price from elsewhere: a TICK may say at what price an instrument has traded last."""

from domain.jit import kernel
from domain.tables import books
from engine.states import STIRRED, TRADED


@kernel
def price_elsewhere(s, instrument, cmd):
    """What a TICK says is the last price from now on, as after a trade, but nothing traded here."""
    price = cmd["price"]
    if price == 0 or cmd["instrument"] != instrument:
        return
    book = books(s)[instrument]
    book["last_px"] = price
    book["moved"] = 1
    book["dirty"] |= TRADED | STIRRED
    if price > book["trail_high"]:
        book["trail_high"] = price
    if price < book["trail_low"] or book["trail_low"] == 0:
        book["trail_low"] = price
