"""Kill switches: what each holds, whether it is on, and who last turned it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from domain.codes import Scope
from domain.errors import InvalidField
from domain.tables import Table
from gridworks.api.risk.v1 import resources_pb2 as resources
from server.auth.principal import Principal
from server.codec.people.decimals import timestamp
from server.codec.people.names import Directory, segments
from server.sequencer.state import State
from server.services.core import Core

MOST_ALGO = 65_535


def switch(known: Directory, name: str) -> tuple[dict[str, Any], Any]:
    """What a switch holds, as a command says it, and the switch. Raises InvalidField, NotFound."""
    [word] = segments("name", name, "killSwitches/*")
    kind, _, rest = word.partition("-")
    made: Any = resources.KillSwitch(name=name)
    if word == "market":
        scope, entity = Scope.MARKET, 0
    elif kind == "node" and rest:
        made.target = f"nodes/{rest}"
        scope, entity = Scope.NODE, known.node("name", made.target)
    elif kind == "instrument" and rest:
        made.target = f"instruments/{rest}"
        scope, entity = Scope.INSTRUMENT, known.instrument("name", made.target).number
    elif kind == "algo" and rest.isascii() and rest.isdigit() and int(rest) <= MOST_ALGO:
        made.target, scope, entity = f"algos/{rest}", Scope.ALGO, int(rest)
    else:
        allowed = "killSwitches/market, …/node-{node}, …/instrument-{symbol} or …/algo-{number}"
        raise InvalidField("name", name, allowed)
    made.scope = int(scope)
    return {"scope": scope, "entity": entity}, made


def turned(core: Core, made: Any) -> Any:
    """The switch with who last turned it and when."""
    turn = core.state.register.switches.get(made.name)
    made.on = made.name in on_now(core.state)
    if turn is not None:
        made.changed_by, made.reason = turn.by, turn.reason
        made.change_time.CopyFrom(timestamp(turn.time))
    return made


def on_now(state: State) -> set[str]:
    """The names of the switches that hold something, by the exchange's own word."""
    engine, known = state.engine, state.catalogue.directory
    found = {"killSwitches/market"} if engine.table(Table.CORE)[0]["killed"] else set()
    for number in np.flatnonzero(engine.table(Table.NODE)["killed"]).tolist():
        found.add(f"killSwitches/node-{known.node_names.get(number, number)}")
    for number in np.flatnonzero(engine.table(Table.BOOK)["killed"]).tolist():
        found.add(f"killSwitches/instrument-{known.instrument_name(number).partition('/')[2]}")
    for number in np.flatnonzero(engine.table(Table.ALGO)["killed"]).tolist():
        found.add(f"killSwitches/algo-{number}")
    return found


def listed(core: Core, who: Principal, on_only: bool) -> Iterator[tuple[int, Any]]:
    """(place, switch) of all that were ever turned and that the caller may know of, by name."""
    on = on_now(core.state)
    names = sorted(on if on_only else on | core.state.register.switches.keys())
    for place, name in enumerate(names, 1):
        _, made = switch(core.known, name)
        if made.scope == Scope.NODE and not core.may_use(who, made.target.partition("/")[2]):
            continue
        yield place, turned(core, made)
