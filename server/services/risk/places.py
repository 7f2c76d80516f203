"""Limits of a node in one instrument or in one group of instruments: where they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from domain.attributes import NodeAttr, PositionAttr
from domain.codes import Scope
from domain.errors import InvalidField
from domain.limits import NO_LIMIT
from domain.messages import Setting
from domain.tables import Table
from engine.exchange import Exchange
from gridworks.api.risk.v1 import resources_pb2 as resources
from server.codec.people.names import Directory, segments
from server.services.core import Core

POSITION_FIELDS = {
    "max_position": PositionAttr.MAX_POSITION, "max_exposure": PositionAttr.MAX_EXPOSURE,
    "restricted": PositionAttr.RESTRICTED, "max_group_gross": PositionAttr.MAX_GROUP_GROSS,
    "max_group_net": PositionAttr.MAX_GROUP_NET,
}  # fmt: skip
OF_INSTRUMENT = ("max_position", "max_exposure", "restricted")
OF_GROUP = ("max_group_gross", "max_group_net")
_KINDS = {"products": 1, "currencies": 2}
_CELLS = {
    PositionAttr.MAX_POSITION: "max_position", PositionAttr.MAX_EXPOSURE: "max_exposure",
    PositionAttr.RESTRICTED: "restricted", PositionAttr.MAX_GROUP_GROSS: "max_gross",
    PositionAttr.MAX_GROUP_NET: "max_net",
}  # fmt: skip
_DEFAULTS = {
    PositionAttr.MAX_POSITION: NodeAttr.MAX_POSITION,
    PositionAttr.MAX_EXPOSURE: NodeAttr.MAX_INSTRUMENT_EXPOSURE,
}
_MOST_GROUP = 10**6


@dataclass(frozen=True)
class Place:
    """A node with an instrument (kind 0), a product (1) or a currency (2), by its number."""

    node: int
    node_name: str
    kind: int
    number: int

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of PositionLimits that it has."""
        return OF_GROUP if self.kind else OF_INSTRUMENT

    def setting(self, attribute: PositionAttr, value: int) -> Setting:
        """The command that sets one."""
        scope = Scope.GROUP if self.kind else Scope.POSITION
        return Setting(scope=scope, entity=self.node, instrument=self.number, index=self.kind,
                       attribute=attribute, value=value)  # fmt: skip

    def number_of(self, core: Core, name: str, value: Any) -> int:
        """A field's value as the command gives it. Raises InvalidField."""
        path = f"position_limits.{name}"
        if name == "restricted":
            return int(value)
        if name == "max_position":
            return core.known.scales[self.number].lots(path, value)
        return core.state.catalogue.money(self.node).minor(path, value)

    def text(self, core: Core, attribute: PositionAttr, value: int) -> str:
        """A value of the table as people read it."""
        if value == NO_LIMIT:
            return "0"
        if attribute is PositionAttr.RESTRICTED:
            return "true" if value else "false"
        if attribute is PositionAttr.MAX_POSITION:
            return core.known.scales[self.number].quantity(value)
        return core.state.catalogue.money(self.node).amount(value)

    def in_force(self, engine: Exchange, attribute: PositionAttr, value: int) -> int:
        """What holds: the value, or the node's own limit where there is none."""
        if value == NO_LIMIT and attribute in _DEFAULTS:
            return int(engine.table(Table.NODE_LIMIT)[self.node][_DEFAULTS[attribute]])
        return value


def place_of(known: Directory, path: str, name: str) -> Place:
    """The place of "nodes/*/instruments/*/limits" and its like. Raises InvalidField, NotFound."""
    parts = name.split("/")
    collection = parts[2] if len(parts) == 5 else "instruments"
    if collection != "instruments" and collection not in _KINDS:
        raise InvalidField(path, name, "nodes/*/instruments/*/limits, or products, or currencies")
    node, rest = segments(path, name, f"nodes/*/{collection}/*/limits")
    number = known.node(path, f"nodes/{node}")
    if collection == "instruments":
        return Place(number, node, 0, known.scale(f"instruments/{rest}", rest).number)
    if not (rest.isascii() and rest.isdigit() and int(rest) <= _MOST_GROUP):
        raise InvalidField(path, name, f"a group by its number, 0 to {_MOST_GROUP}")
    return Place(number, node, _KINDS[collection], int(rest))


def values_of(engine: Exchange, place: Place) -> dict[int, int]:
    """The limits of a place as the table holds them; those of a row that is not there yet."""
    found = {int(code): 0 if code is PositionAttr.RESTRICTED else NO_LIMIT for code in _CELLS}
    if place.kind:
        rows = engine.table(Table.GROUP)
        mine = (rows["node"] == place.node) & (rows["kind"] == place.kind)
        mine &= rows["id"] == place.number
    else:
        rows = engine.table(Table.POSITION)
        mine = (rows["node"] == place.node) & (rows["instrument"] == place.number)
    for at in np.flatnonzero(mine)[:1].tolist():
        for code, cell in _CELLS.items():
            if cell in rows.dtype.names:
                found[int(code)] = int(rows[at][cell])
    return found


def position_limits(core: Core, path: str, name: str) -> Any:
    """The PositionLimits of a name. Raises InvalidField, NotFound."""
    place = place_of(core.known, path, name)
    values, made = values_of(core.state.engine, place), resources.PositionLimits(name=name)
    for field in place.fields:
        value = values[int(POSITION_FIELDS[field])]
        if field == "restricted":
            made.restricted = bool(value)
        else:
            setattr(made, field, place.text(core, POSITION_FIELDS[field], value))
    return made
