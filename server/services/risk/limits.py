"""Limits change here: applied at once, or after a second person has agreed.

A change that lets a node do more than `four_eyes_factor` times as much as before waits as pending;
another key with the scope risk:approve applies or refuses it, or it expires. One change is looked
at at a time, so that nothing moves between the look and the command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import astuple
from typing import Any, NamedTuple

from domain.attributes import NODE_ATTRIBUTES, POSITION_ATTRIBUTES, NodeAttr, PositionAttr
from domain.codes import Scope
from domain.errors import AlreadyExists, CapacityError, InvalidField, NotFound, WrongState
from domain.limits import NO_LIMIT
from domain.messages import Setting
from domain.tables import Table
from gridworks.api.risk.v1 import resources_pb2 as resources
from server.auth.denial import NotPermitted
from server.codec.people.names import masked, segments
from server.records.changes import MOST_PENDING, Change, Item, State
from server.services import settings
from server.services.acts import Acts
from server.services.core import Core, caller
from server.services.risk import looser
from server.services.risk.places import POSITION_FIELDS, Place, place_of, values_of

SECOND = 10**9


class Desk:
    """Asks for, decides on, and shows changes of limits."""

    def __init__(self, core: Core, acts: Acts) -> None:
        self._core, self._acts, self._one = core, acts, asyncio.Lock()

    # ------------------------------------------------------------------ asking

    async def update_node(self, request: Any) -> Change | None:
        """UpdateLimits; None when nothing would change. Raises InvalidField, AlreadyExists."""
        sent, state = request.limits, self._core.state
        [name] = segments("limits.name", sent.name, "nodes/*/limits")
        number = self._core.known.node("limits.name", f"nodes/{name}")
        names = masked("update_mask", sent, request.update_mask.paths, settings.CHANGEABLE_LIMITS)
        async with self._one:
            values = state.engine.table(Table.NODE_LIMIT)[number]
            sides, money = int(values[NodeAttr.ALLOWED_SIDES]), state.catalogue.money(number)
            wanted = settings.limit_settings(number, sent, names, money, sides)
            items = []
            for setting in wanted:
                old = int(values[setting.attribute])
                new = _stored(NODE_ATTRIBUTES[NodeAttr(setting.attribute)], setting.value)
                made = resources.Limits()
                texts = [_text(made, setting.attribute, value, money) for value in (old, new)]
                found = looser.node_factor(setting.attribute, values, new)
                items.append(_Wish(_item(setting.attribute, old, new, texts, found[0]), found[1]))
            return await self._ask(request, name, sent.name, items, wanted)

    async def update_position(self, request: Any) -> Change | None:
        """UpdatePositionLimits; None when nothing would change. Raises InvalidField."""
        sent, state = request.position_limits, self._core.state
        place = place_of(self._core.known, "position_limits.name", sent.name)
        names = masked("update_mask", sent, request.update_mask.paths, place.fields)
        for name in settings.given(sent, POSITION_FIELDS):
            if name not in place.fields:
                raise InvalidField(f"position_limits.{name}", getattr(sent, name),
                                   "only " + ", ".join(place.fields))  # fmt: skip
        async with self._one:
            items, wanted = [], []
            held = values_of(state.engine, place)
            for name in names:
                attribute = POSITION_FIELDS[name]
                value = place.number_of(self._core, name, getattr(sent, name))
                old, new = held[attribute], _stored(POSITION_ATTRIBUTES[attribute], value)
                texts = [place.text(self._core, attribute, each) for each in (old, new)]
                in_force = (place.in_force(state.engine, attribute, each) for each in (old, new))
                found = looser.position_factor(attribute, *in_force)
                item = Item(name, int(attribute), old, new, texts[0], texts[1], found[0])
                items.append(_Wish(item, found[1]))
                wanted.append(place.setting(attribute, value))
            return await self._ask(request, place.node_name, sent.name, items, wanted)

    async def _ask(
        self, request: Any, node: str, target: str, wishes: list[_Wish], wanted: list[Setting]
    ) -> Change | None:
        """Apply what differs, or have it wait."""
        who, core = caller(), self._core
        if not request.reason:
            raise InvalidField("reason", "", "why the limits change")
        before = core.state.register.changes.asked(who.key_id, request.request_id)
        if before is not None:
            asked = {wish.item.attribute: wish.item.new for wish in wishes}
            same = all(asked.get(item.attribute) == item.new for item in before.items)
            if not same or before.target != target or before.reason != request.reason:
                raise AlreadyExists("request_id", request.request_id)
            return before
        pairs = [(w, s) for w, s in zip(wishes, wanted) if w.item.old != w.item.new]
        if not pairs:
            return None
        kind = "limits" if target.count("/") == 2 else "position_limits"
        data = self._acts.trial.require(
            request, ((f"{kind}.{wish.item.field}", setting.pack()) for wish, setting in pairs)
        )
        far = any(wish.factor > core.settings.four_eyes_factor for wish, _ in pairs)
        hold = int(core.settings.approval_seconds * SECOND) if far else 0
        now = core.sequencer.clock()
        if far and core.state.register.changes.pending(now) >= MOST_PENDING:
            raise CapacityError("changes that wait for a second person", MOST_PENDING)
        items = [wish.item for wish, _ in pairs]
        told = {"items": [astuple(item) for item in items], "hold": hold, "node": node,
                "request_id": request.request_id}  # fmt: skip
        method = "UpdateLimits" if target.count("/") == 2 else "UpdatePositionLimits"
        answer = await self._acts.apply(request, b"" if far else data, method, target, limits=told)
        if request.validate_only:
            return Change(0, node, target, items, State.PENDING if far else State.APPLIED,
                          who.label, who.key_id, request.reason, now)  # fmt: skip
        count = 0 if far else len(pairs)
        return core.state.register.changes.get(answer.seq + count)

    # ------------------------------------------------------------------ deciding

    async def decide(self, request: Any, *, approve: bool) -> Change:
        """ApproveLimitChange and RejectLimitChange. Raises NotFound, NotPermitted, WrongState."""
        who, core = caller(), self._core
        node, number = segments("name", request.name, "nodes/*/limitChanges/*")
        async with self._one:
            change = core.state.register.changes.get(int(number) if number.isdecimal() else 0)
            if change is None or change.node != node:
                raise NotFound("change of limits", request.name)
            again = bool(request.request_id) and change.decision_request_id == request.request_id
            if again and change.decider_id == who.key_id:
                return change
            state = change.state_at(core.sequencer.clock())
            if state is not State.PENDING:
                raise WrongState(f"{request.name} is {state.lower()}: nothing is left to decide")
            ring = core.gate.keys()
            if approve and ring.newest(change.key_id) == ring.newest(who.key_id):
                raise NotPermitted(
                    "OWN_REQUEST", f"key {who.label} asked for it: another key has to agree"
                )
            data = self._settings(request, change) if approve else b""
            told = {"change": change.number, "approve": approve, "request_id": request.request_id}
            method = "ApproveLimitChange" if approve else "RejectLimitChange"
            await self._acts.apply(request, data, method, request.name, decide=told)
            return change

    def _settings(self, request: Any, change: Change) -> bytes:
        """The commands of a change, if everything is as it was when it was asked for."""
        core, known = self._core, self._core.known
        number = known.node("name", f"nodes/{change.node}")
        make: Callable[[Item], Setting]
        if change.target.count("/") == 2:
            values: Any = core.state.engine.table(Table.NODE_LIMIT)[number]

            def make(item: Item) -> Setting:
                return Setting(scope=Scope.NODE, entity=number, attribute=item.attribute,
                               value=_given(item.new))  # fmt: skip
        else:
            place: Place = place_of(known, "name", change.target)
            values = values_of(core.state.engine, place)

            def make(item: Item) -> Setting:
                return place.setting(PositionAttr(item.attribute), _given(item.new))

        for item in change.items:
            if int(values[item.attribute]) != item.old:
                raise WrongState(f"{item.field} is no longer {item.old_text}: ask for it again")
        steps = ((item.field, make(item).pack()) for item in change.items)
        return self._acts.trial.require(request, steps)


class _Wish(NamedTuple):
    """An item, and how many times as much it allows."""

    item: Item
    factor: float


def _stored(row: Any, value: int) -> int:
    """A value as the table holds it."""
    return NO_LIMIT if row.none and value == 0 else value


def _given(value: int) -> int:
    """A value of the table as a command gives it."""
    return 0 if value == NO_LIMIT else value


def _item(attribute: int, old: int, new: int, texts: list[str], loosens: bool) -> Item:
    name = settings.field_of_limit(attribute)
    return Item(name, attribute, old, new, texts[0], texts[1], loosens)


def _text(message: Any, attribute: int, value: int, scale: Any) -> str:
    """A value as people read it: what the field of a Limits would show."""
    if attribute == NodeAttr.ALLOWED_SIDES:
        return " and ".join(word for bit, word in ((1, "buy"), (2, "sell")) if value & bit)
    name = settings.field_of_limit(attribute)
    message.ClearField(name)
    settings.put_limit(message, name, value, scale)
    return settings.shown(message, name)


def wire(change: Change, now: int) -> Any:
    """A LimitChange."""
    from server.codec.people.decimals import timestamp

    made: Any = resources.LimitChange(
        name=f"nodes/{change.node}/limitChanges/{change.number}" if change.number else "",
        target=change.target, requested_by=change.by, reason=change.reason,
        create_time=timestamp(change.time), decided_by=change.decided_by,
        decision_reason=change.decision,
    )  # fmt: skip
    made.state = resources.LimitChange.State.Value(f"STATE_{change.state_at(now)}")
    if change.decide_time:
        made.decide_time.CopyFrom(timestamp(change.decide_time))
    for item in change.items:
        made.items.add(field=item.field, old_value=item.old_text, new_value=item.new_text,
                       loosens=item.loosens)  # fmt: skip
    return made
