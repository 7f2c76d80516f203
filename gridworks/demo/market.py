"""The market of the demo: who trades, and the acts of its day, each through the client."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple

from gridworks.api.types.v1.refusal_pb2 import Refusal
from gridworks.client import Client, codes, word

SYMBOLS = ("ALPHA", "BETA")
OWNERS = ("ada", "bela", "cleo", "dora")
CARELESS = "careless"
OPENING = Decimal(100)
CENT = Decimal("0.01")
DEPOSIT = Decimal(10_000_000)
LIMITS = {
    "max_order_qty": 5_000, "max_order_value": "400000", "fat_finger_bps": 300,
    "max_position": 1_000,
}  # fmt: skip


class Refused(NamedTuple):
    """An order that was stopped."""

    order: str
    refusal: Refusal


class Holding(NamedTuple):
    """Where an account stands."""

    owner: str
    lots: dict[str, int]
    profit: Decimal
    fees: Decimal
    open_orders: int


def set_up(operator: Client) -> None:
    """Instruments, a firm with accounts, money, and the limits of one of them."""
    for symbol in SYMBOLS:
        settings = {"taker_ppb": 200_000, "reference_price": OPENING}  # 2 basis points
        operator.admin.create_instrument(symbol, CENT, 1, settings=settings, reason="demo")
    operator.admin.create_node("north", "FIRM", reason="demo")
    for owner in (*OWNERS, CARELESS):
        operator.admin.create_node(owner, "ACCOUNT", "north", reason="demo")
        operator.risk.deposit(owner, DEPOSIT)
    short = {"short_sale": "ALLOWED"}
    for owner in OWNERS:
        operator.risk.update_limits(owner, short, "demo: they may be short")
    operator.risk.update_limits(CARELESS, LIMITS, "demo: somebody has to be stopped")


def collect(operator: Client, broker: Client) -> dict[str, Any]:
    """An opening auction with orders of all; the books with their indicative prices."""
    operator.admin.set_phase("OPENING_AUCTION", reason="demo")
    for n in range(32):
        side, away = ("BUY", "SELL")[n % 2], CENT * ((n * 37) % 60 - 20)
        price = OPENING + away if side == "SELL" else OPENING - away
        broker.trading.submit_order(
            OWNERS[n // 2 % 4], SYMBOLS[n // 8 % 2], side, 10 + n % 7, price,
            time_in_force="AT_THE_OPEN",
        )  # fmt: skip
    return {symbol: broker.market_data.get_book(symbol) for symbol in SYMBOLS}


def uncross(operator: Client, broker: Client) -> dict[str, tuple[Decimal, int]]:
    """End the auction: price and lots of each instrument."""
    operator.admin.uncross(reason="demo")
    operator.admin.set_phase("CONTINUOUS", reason="demo")
    found = {}
    for symbol in SYMBOLS:
        trades = list(broker.market_data.list_trades(symbol))
        lots = sum(int(trade.qty) for trade in trades)
        found[symbol] = (Decimal(trades[0].price), lots)
    return found


def careless(broker: Client) -> list[Refused]:
    """Orders that the checks are there for."""
    last = Decimal(broker.market_data.get_book("ALPHA").last_px)
    orders = [
        ("BUY", 100, last * Decimal("1.10")), ("SELL", 1_500, last), ("BUY", 6_000, last),
        ("BUY", 4_500, last),
    ]  # fmt: skip
    found = []
    for side, qty, price in orders:
        price = price.quantize(CENT)
        made = broker.trading.submit_order(
            CARELESS, "ALPHA", side, qty, price, time_in_force="IOC"
        )
        if made.order.HasField("refusal"):
            found.append(Refused(f"{side} {qty:,} at {price:,}", made.order.refusal))
    return found


def kill_switch(operator: Client, broker: Client) -> tuple[int, str, int]:
    """Stop an account: orders canceled, why its next is refused, orders that are left."""
    owner = OWNERS[-1]
    gone = operator.risk.engage_kill_switch(f"node-{owner}", "demo").canceled_count
    refused = broker.trading.submit_order(owner, "ALPHA", "BUY", 1, OPENING).order
    left = len(list(broker.trading.list_orders(owner, open_only=True)))
    operator.risk.release_kill_switch(f"node-{owner}", "demo")
    return gone, word(refused.refusal, "reason"), left


def volatility(operator: Client, broker: Client) -> tuple[Decimal, int, list[str], Decimal]:
    """A sweep through the band: price before, fills, phases that the channel tells, price after."""
    symbol, owner = SYMBOLS[-1], OWNERS[0]
    before = Decimal(broker.market_data.get_book(symbol).last_px)
    operator.admin.update_instrument(symbol, {
        "dynamic_bps": 100, "volatility_auction": True, "volatility_duration": 1.0,
        "reference_price": before,
    }, reason="demo")  # fmt: skip
    far = (before * Decimal("1.03")).quantize(CENT)
    broker.trading.submit_order(OWNERS[1], symbol, "SELL", 50, far)
    with broker.market_data.subscribe(symbol, "STATUS") as status:
        next(status)  # as it is now
        asks = broker.market_data.get_book(symbol, depth=1000).asks
        lots = sum(int(level.qty) for level in asks if Decimal(level.price) <= far)
        swept = broker.trading.submit_order(owner, symbol, "BUY", lots, far)
        phases: list[str] = []
        for message in status:
            phases += [word(update, "phase") for update in message.updates]
            if phases[-1:] == ["CONTINUOUS"]:
                break
    fills = sum(1 for each in swept.executions if each.exec_type == codes.EXEC_TYPE_TRADE)
    return before, fills, phases, Decimal(broker.market_data.get_book(symbol).last_px)


def holdings(broker: Client) -> list[Holding]:
    """Where everybody stands."""
    found = []
    for owner in (*OWNERS, CARELESS):
        state = broker.risk.get_risk_state(owner)
        profit = Decimal(state.realised) + Decimal(state.unrealised)
        found.append(
            Holding(owner, lots(broker, owner), profit, Decimal(state.fees), state.open_orders)
        )
    return found


def lots(broker: Client, owner: str) -> dict[str, int]:
    """The lots that an account holds of each instrument."""
    held = dict.fromkeys(SYMBOLS, 0)
    for position in broker.risk.list_positions(owner):
        held[position.instrument.partition("/")[2]] = int(position.qty)
    return held
