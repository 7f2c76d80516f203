"""The state as people read it: instruments, books, nodes, positions."""

from __future__ import annotations

from typing import Any

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Level, Phase
from domain.state import open_lots
from domain.tables import Table
from gridworks.api.market_data.v1.market_data_service_pb2 import Book
from gridworks.api.risk.v1 import resources_pb2 as risk
from gridworks.api.types.v1.instrument_pb2 import Instrument
from risk.derived import VARIATION
from server.codec.people.decimals import Scale, timestamp
from server.sequencer.channels import channel
from server.sequencer.state import State
from server.services import settings

_LEVEL_2 = 4


def phase_on_wire(phase: int) -> Any:
    """The number of a phase on the wire, where CLOSED is 48."""
    return int(phase) or 48


def instrument(state: State, scale: Scale) -> Instrument:
    """An instrument with all settings."""
    engine = state.engine
    values = engine.table(Table.INSTRUMENT)[scale.number]
    about = state.register.about.get(f"instruments/{scale.symbol}", {})
    made: Any = Instrument(
        name=f"instruments/{scale.symbol}", number=scale.number, symbol=scale.symbol,
        display_name=about.get("display_name") or scale.symbol, calendar=about.get("calendar", ""),
        tick_size=str(scale.tick_size), lot_size=str(scale.lot_size),
        currency_digits=scale.digits,
    )  # fmt: skip
    made.type = int(values[InstrumentAttr.TYPE])
    made.phase = phase_on_wire(engine.table(Table.BOOK)[scale.number]["phase"])
    settings.fill_instrument(made, values, scale)
    return made  # type: ignore[no-any-return]


def book(state: State, scale: Scale, depth: int) -> Book:
    """The book of an instrument."""
    engine = state.engine
    row = engine.table(Table.BOOK)[scale.number]
    last = int(row["last_px"])
    made: Any = Book(
        instrument=f"instruments/{scale.symbol}",
        last_px=scale.price(last) if last else "",
        phase=phase_on_wire(row["phase"]),
        msg_seq_num=state.channels.last(channel(scale.number, _feed(_LEVEL_2))),
        as_of=timestamp(state.time),
    )
    for side, levels in zip((made.bids, made.asks), engine.depth(scale.number, depth)):
        for price, qty, orders in levels.tolist():
            side.add(price=scale.price(price), qty=scale.quantity(qty), orders=orders)
    _indicative(made, state, scale)
    return made  # type: ignore[no-any-return]


def _indicative(made: Any, state: State, scale: Scale) -> None:
    """What the auction would do, as it was last published."""
    if made.phase in (int(Phase.CONTINUOUS), 48):
        return
    places = state.channels.places(channel(scale.number, _feed(16)))
    if len(places):
        row = state.channels.window.rows[int(places[-1])]
        if row["price"]:
            made.indicative_px = scale.price(int(row["price"]))
            made.indicative_qty = scale.quantity(int(row["qty"]))
            made.indicative_surplus = scale.quantity(int(row["qty_2"]))


def _feed(number: int) -> Any:
    from domain.codes import Feed

    return Feed(number)


def node(state: State, number: int) -> risk.Node:
    """A node of the hierarchy."""
    row, names = state.engine.table(Table.NODE)[number], state.catalogue.directory.node_names
    parent, name = int(row["parent"]), f"nodes/{names[number]}"
    told = state.register.about.get(name, {}).get("display_name")
    made: Any = risk.Node(
        name=name, number=number, display_name=told or names[number],
        parent=f"nodes/{names[parent]}" if parent else "",
        currency_digits=state.catalogue.node_digits(number),
    )  # fmt: skip
    made.level = int(row["level"])
    return made  # type: ignore[no-any-return]


def limits(state: State, number: int) -> risk.Limits:
    """All limits of a node."""
    name = state.catalogue.directory.node_names[number]
    made = risk.Limits(name=f"nodes/{name}/limits")
    values = state.engine.table(Table.NODE_LIMIT)[number]
    settings.fill_limits(made, values, state.catalogue.money(number))
    return made


def risk_state(state: State, number: int, engine: Any = None) -> risk.RiskState:
    """Where a node stands."""
    engine = engine or state.engine
    row = engine.table(Table.NODE)[number]
    money = state.catalogue.money(number).amount
    limits = engine.table(Table.NODE_LIMIT)[number]
    variation = int(limits[VARIATION] if row["level"] == Level.ACCOUNT else row["unrealised"])
    collateral = int(row["cash"]) + int(limits[NodeAttr.CREDIT]) + min(0, variation)
    used = int(row["margin"]) + int(row["hold_fee"])
    daily = int(row["realised"]) + int(row["unrealised"]) - int(row["base_unrealised"])
    shown = {
        name: money(int(row[name]))
        for name in (
            "cash", "margin", "hold_fee", "realised", "unrealised", "fees", "open_value",
            "long_exposure", "short_exposure",
        )
    }  # fmt: skip
    return risk.RiskState(
        node=f"nodes/{state.catalogue.directory.node_names[number]}",
        collateral=money(collateral), buying_power=money(collateral - used),
        daily_profit=money(daily), peak_profit=money(int(row["peak"])),
        gross_exposure=money(int(row["exposure"])), open_orders=int(row["open_orders"]),
        messages=int(row["messages"]), executions=int(row["executions"]),
        risk_reduction=bool(row["reducing"]), throttled=bool(row["throttled"]),
        killed=bool(row["killed"]), as_of=timestamp(state.time), **shown,
    )  # fmt: skip


def position(state: State, row: Any) -> risk.Position:
    """One row of positions."""
    known = state.catalogue.directory
    number, node_number = int(row["instrument"]), int(row["node"])
    scale = known.scales[number]
    values = state.engine.table(Table.INSTRUMENT)[number]
    last = int(state.engine.table(Table.BOOK)[number]["last_px"])
    mark = last or int(values[InstrumentAttr.REFERENCE_PRICE])
    money = state.catalogue.money(node_number).amount
    qty, multiplier = int(row["qty"]), int(values[InstrumentAttr.MULTIPLIER])
    average = scale.average(abs(int(row["cost"])), abs(qty) * multiplier) if qty else ""
    buys, sells = open_lots(row)
    return risk.Position(
        name=f"nodes/{known.node_names[node_number]}/positions/{scale.symbol}",
        instrument=f"instruments/{scale.symbol}", qty=scale.quantity(qty),
        open_buy_qty=scale.quantity(int(buys)),
        open_sell_qty=scale.quantity(int(sells)), avg_px=average,
        mark_px=scale.price(mark) if mark else "",
        bought_qty=scale.quantity(int(row["bought"])), sold_qty=scale.quantity(int(row["sold"])),
        **{
            name: money(int(row[name]))
            for name in ("cost", "value", "realised", "unrealised", "margin", "exposure")
        },
    )  # fmt: skip
