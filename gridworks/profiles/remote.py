"""A profile on a running server: UpdateInstrument and UpdateLimits through a client."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Scope
from domain.errors import InvalidField
from domain.messages import Setting
from gridworks.api.risk.v1.resources_pb2 import LimitChange, Limits
from gridworks.api.types.v1.instrument_pb2 import Instrument
from gridworks.client.client import Client
from gridworks.client.requests import word
from gridworks.profiles.applying import settings
from gridworks.profiles.reading import Settings, load
from server.codec.people.decimals import Scale
from server.services.settings import put_instrument_setting, put_limit_setting, shown

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of one instrument or node.

    state: "APPLIED", "PENDING" (a second key with the scope risk:approve has to agree), "UNCHANGED"
    (a node's limits were so before) or "CHECKED" (with validate_only). change: the name of the
    pending or applied change of limits.
    """

    target: str
    settings: Mapping[str, str]
    state: str
    change: str = ""


def apply_to_server(
    client: Client,
    profile: str | Path | Mapping[str, Any],
    reason: str,
    *,
    only: Collection[str] | None = None,
    changes: Mapping[str, Settings | None] | None = None,
    validate_only: bool = False,
) -> Iterator[Applied]:
    """Set all instruments and accounts of a server, or those in `only`, one call each.

    client: its key needs admin:read, admin:write, market_data:read, risk:read and risk:write, and
    must see all nodes; reason: for the audit log; profile and changes: as `apply` takes them; only:
    symbols and accounts.

    Yields one Applied after each call, so that a caller knows how far it came. Raises InvalidField
    before the first call for an unknown control, attribute, symbol or account, and errors.CallError
    when the server refuses one; what was set before stays, and applying again goes on from there.
    """
    made = load(profile).changed(changes or {})
    listed = {each.symbol: each for each in client.market_data.list_instruments()}
    nodes = sorted(client.risk.list_nodes(), key=lambda node: node.number)
    names = [_short(node.name) for node in nodes]
    for name in only or ():
        if name not in listed and name not in names:
            raise InvalidField("only", name, "symbols and accounts that the key sees")
    if [node.number for node in nodes] != list(range(1, len(nodes) + 1)):
        raise InvalidField("key", f"sees {len(nodes)} nodes", "a key that sees all nodes")
    wanted = settings(made, _instruments(listed.values()), _nodes(nodes), only)
    digits = {_short(node.name): node.currency_digits for node in nodes}
    options = {"reason": reason, "validate_only": validate_only}
    messages = [
        _instrument(listed[str(name)], each) if scope == Scope.INSTRUMENT
        else _limits(str(name), each, digits[str(name)])
        for (scope, name), each in _by_target(wanted)
    ]  # fmt: skip
    return _sent(client, messages, options)


def _sent(
    client: Client, messages: list[tuple[Any, list[str]]], options: dict[str, Any]
) -> Iterator[Applied]:
    for message, fields in messages:
        values = {name: _value(message, name) for name in fields}
        told = {name: shown(message, name) for name in fields}
        state, change = "CHECKED" if options["validate_only"] else "APPLIED", ""
        if isinstance(message, Instrument):
            client.admin.update_instrument(message.name, values, update_mask=fields, **options)
        else:
            node = message.name.split("/")[1]
            answer = client.risk.update_limits(node, values, update_mask=fields, **options)
            found = answer.change
            if found.state == LimitChange.STATE_PENDING:
                state, change = "PENDING", found.name
            elif not found.items:
                state = "UNCHANGED"
            else:
                change = found.name
        yield Applied(message.name, told, state, change)


def _short(name: str) -> str:
    return name.partition("/")[2]


def _value(message: Any, name: str) -> Any:
    value = getattr(message, name)
    return list(value) if message.DESCRIPTOR.fields_by_name[name].is_repeated else value


def _by_target(wanted: list[Setting]) -> Iterator[tuple[tuple[int, Any], list[Setting]]]:
    """The settings of each instrument and node together, in the order of their first."""
    order: dict[tuple[int, Any], int] = {}
    for each in wanted:
        order.setdefault((each.scope, each.entity), len(order))

    def place(each: Setting) -> int:
        return order[each.scope, each.entity]

    for _, group in groupby(sorted(wanted, key=place), key=place):
        found = list(group)
        yield (found[0].scope, found[0].entity), found


def _instrument(held: Instrument, wanted: list[Setting]) -> tuple[Instrument, list[str]]:
    """A message with the new values, and which of its fields they are."""
    scale = Scale(
        held.number, held.symbol, Decimal(held.tick_size), Decimal(held.lot_size),
        held.currency_digits,
    )  # fmt: skip
    made = Instrument(name=held.name)
    made.charge_buy_ppb.extend(held.charge_buy_ppb)
    made.charge_sell_ppb.extend(held.charge_sell_ppb)
    fields = [put_instrument_setting(made, InstrumentAttr(each.attribute), each.value, scale)
              for each in wanted]  # fmt: skip
    return made, list(dict.fromkeys(fields))


def _limits(name: str, wanted: list[Setting], digits: int) -> tuple[Limits, list[str]]:
    made, scale = Limits(name=f"nodes/{name}/limits"), Scale(0, "", digits=digits)
    fields: list[str] = []
    for each in wanted:
        fields += put_limit_setting(made, NodeAttr(each.attribute), each.value, scale)
    return made, list(dict.fromkeys(fields))


def _instruments(listed: Iterable[Instrument]) -> pd.DataFrame:
    import pandas as pd

    rows = [(each.symbol, word(each, "type")) for each in listed]
    return pd.DataFrame(rows, columns=["instrument", "type"])


def _nodes(nodes: Iterable[Any]) -> pd.DataFrame:
    import pandas as pd

    rows = [(_short(each.name), word(each, "level"), _short(each.parent)) for each in nodes]
    return pd.DataFrame(rows, columns=["node", "level", "parent"])
