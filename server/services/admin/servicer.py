"""AdminService: instruments, nodes, phases, the end of the day, snapshots, the health of parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from domain.codes import InstrumentType, Level, Phase, Scope
from domain.errors import AlreadyExists, InvalidField, StorageFull
from domain.messages import (
    Account,
    Algo,
    Client,
    Desk,
    EndOfDay,
    Firm,
    Halt,
    Instrument,
    Message,
    Resume,
    SetPhase,
    Uncross,
)
from domain.tables import Table
from gridworks.api.admin.v1 import admin_service_pb2 as api
from gridworks.api.admin.v1 import resources_pb2 as resources
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceServicer
from server.codec.people.decimals import Scale, decimal, timestamp
from server.codec.people.executions import refusal_of
from server.codec.people.names import code, identifier, masked
from server.sandbox.service import reset
from server.sequencer.catalogue import DIGITS, instrument_row, node_row
from server.services import settings, views
from server.services.acts import Acts
from server.services.admin import health, log
from server.services.admin.margin import MarginDesk
from server.services.calendars import Calendars
from server.services.core import Core
from server.services.trial import Steps

_NODES = {Level.ACCOUNT: Account, Level.DESK: Desk, Level.CLIENT: Client, Level.FIRM: Firm}


class Admin(AdminServiceServicer):
    """What only operators do."""

    def __init__(self, core: Core, acts: Acts, calendars: Calendars) -> None:
        self._core, self._acts, self._calendars = core, acts, calendars
        self._margin = MarginDesk(core, acts)
        self._started = core.sequencer.clock()
        self._adding = asyncio.Lock()  # the next number is taken and used as one

    async def _add(
        self, request: Any, steps: Steps, act: str, target: str, **more: Any
    ) -> None:
        """Apply commands: all, or none at all. Raises Refused."""
        data = self._acts.trial.require(request, steps)
        await self._acts.apply(request, data, act, target, **more)

    async def CreateInstrument(self, request: Any, context: Any) -> Any:
        sent, known = request.instrument, self._core.known
        identifier("instrument.symbol", sent.symbol)
        tick = decimal("instrument.tick_size", sent.tick_size or "1")
        lot = decimal("instrument.lot_size", sent.lot_size or "1")
        digits = sent.currency_digits or DIGITS
        kind = code("instrument.type", InstrumentType, sent.type, InstrumentType.EQUITY)
        async with self._adding:
            there = known.symbols.get(sent.symbol)
            if there is not None and not request.request_id:
                raise AlreadyExists("instrument", sent.symbol)
            number = there.number if there else len(known.scales) + 1
            scale = Scale(number, sent.symbol, tick, lot, digits)
            add = Instrument(label=sent.symbol, entity=number, type=kind)
            steps = [("instrument", instrument_row(add, tick, lot, digits))]
            steps += self._settings(scale, sent, settings.given(sent, _CREATABLE))
            target, about = f"instruments/{sent.symbol}", self._about(sent, _ABOUT)
            await self._add(request, steps, "CreateInstrument", target, about=about)
        return _shown(self._core, sent.symbol, request, sent)

    def _settings(self, scale: Scale, sent: Any, names: Iterable[str]) -> Steps:
        made = settings.instrument_settings(scale.number, sent, names, scale)
        return [(f"instrument.{settings.field_of_instrument(each.attribute)}", each.pack())
                for each in made]  # fmt: skip

    def _about(self, sent: Any, names: Iterable[str], *, cleared: bool = False) -> dict[str, str]:
        """What the exchange itself does not keep. Raises NotFound, InvalidField."""
        found = {name: getattr(sent, name) for name in names if cleared or getattr(sent, name)}
        for name, text in found.items():
            if len(text) > _MOST_WORDS:
                raise InvalidField(f"instrument.{name}", text, f"at most {_MOST_WORDS} characters")
        if found.get("calendar"):
            self._calendars.require("instrument.calendar", found["calendar"])
        return found

    async def UpdateInstrument(self, request: Any, context: Any) -> Any:
        sent = request.instrument
        scale = self._core.known.instrument("instrument.name", sent.name)
        allowed = (*_CREATABLE, *_ABOUT)
        names = masked("update_mask", sent, request.update_mask.paths, allowed)
        if not request.update_mask.paths:
            _require_same(sent, views.instrument(self._core.state, scale))
        if names:
            steps = self._settings(scale, sent, [name for name in names if name in _CREATABLE])
            about = self._about(sent, [name for name in names if name in _ABOUT], cleared=True)
            await self._add(request, steps, "UpdateInstrument", sent.name, about=about)
        return views.instrument(self._core.state, scale)

    async def CreateNode(self, request: Any, context: Any) -> Any:
        sent, known = request.node, self._core.known
        identifier("node_id", request.node_id)
        level = code("node.level", Level, sent.level)
        if level not in _NODES:
            raise InvalidField("node.level", sent.level, "ACCOUNT, DESK, CLIENT or FIRM")
        parent = known.node("node.parent", sent.parent) if sent.parent else 0
        async with self._adding:
            there = known.nodes.get(request.node_id)
            if there is not None and not request.request_id:
                raise AlreadyExists("node", request.node_id)
            number = there or len(self._core.state.engine.table(Table.NODE))
            message = _NODES[level](label=request.node_id, entity=number, parent=parent)
            digits = sent.currency_digits or DIGITS
            about = self._about(sent, ("display_name",))
            steps, target = [("node", node_row(message, digits))], f"nodes/{request.node_id}"
            await self._add(request, steps, "CreateNode", target, about=about)
        found = known.nodes.get(request.node_id)
        return views.node(self._core.state, found) if found else sent

    async def CreateAlgo(self, request: Any, context: Any) -> Any:
        number = request.algo.number
        if not 1 <= number <= 65_535:
            raise InvalidField("algo.number", number, "1 to 65535")
        name = request.algo.display_name
        about, target = self._about(request.algo, ("display_name",)), f"algos/{number}"
        steps = [("algo", Algo(entity=number).pack())]
        await self._add(request, steps, "CreateAlgo", target, about=about)
        return resources.Algo(name=f"algos/{number}", number=number, display_name=name)

    # ------------------------------------------------------------------ calendars, phases

    async def GetCalendar(self, request: Any, context: Any) -> Any:
        return self._calendars.get(request)

    async def ListCalendars(self, request: Any, context: Any) -> Any:
        return self._calendars.listed(request)

    async def UpdateCalendar(self, request: Any, context: Any) -> Any:
        return await self._calendars.update(request)

    async def ListScheduledPhases(self, request: Any, context: Any) -> Any:
        return await self._calendars.phases(request)

    def _target(self, name: str) -> dict[str, Any]:
        if name == "market":
            return {"scope": Scope.MARKET}
        scale = self._core.known.instrument("target", name)
        return {"scope": Scope.INSTRUMENT, "entity": scale.number}

    async def _outcome(self, request: Any, message: Message, act: str) -> Any:
        target = getattr(request, "target", "market")
        answer = await self._acts.apply(request, message.pack(), act, target)
        first = answer.reports[0]
        refusal = refusal_of(first) if first["reason"] else None
        return resources.Outcome(
            seq=answer.seq, transact_time=timestamp(answer.time), refusal=refusal
        )

    async def SetMarginParameters(self, request: Any, context: Any) -> Any:
        answer = await self._margin.put(request)
        made = resources.Outcome(seq=answer.seq, transact_time=timestamp(answer.time))
        return api.SetMarginParametersResponse(outcome=made)

    async def SetPhase(self, request: Any, context: Any) -> Any:
        phase = code("phase", Phase, request.phase)
        message = SetPhase(phase=phase, **self._target(request.target))
        return api.SetPhaseResponse(outcome=await self._outcome(request, message, "SetPhase"))

    async def HaltTrading(self, request: Any, context: Any) -> Any:
        made = await self._outcome(request, Halt(**self._target(request.target)), "HaltTrading")
        return api.HaltTradingResponse(outcome=made)

    async def ResumeTrading(self, request: Any, context: Any) -> Any:
        phase = code("phase", Phase, request.phase, Phase.CLOSED)
        if request.phase and phase in (Phase.CLOSED, Phase.HALT, Phase.VOLATILITY_AUCTION):
            raise InvalidField("phase", phase.name, "a phase in which a halt can end")
        message = Resume(phase=phase, **self._target(request.target))
        made = await self._outcome(request, message, "ResumeTrading")
        return api.ResumeTradingResponse(outcome=made)

    async def Uncross(self, request: Any, context: Any) -> Any:
        made = await self._outcome(request, Uncross(**self._target(request.target)), "Uncross")
        return api.UncrossResponse(outcome=made)

    async def EndDay(self, request: Any, context: Any) -> Any:
        return api.EndDayResponse(outcome=await self._outcome(request, EndOfDay(), "EndDay"))

    # ------------------------------------------------------------------ the log and the parts

    async def CreateSnapshot(self, request: Any, context: Any) -> Any:
        core = self._core
        if request.validate_only:
            seq, now = core.state.seq, timestamp(core.sequencer.clock())
            made = resources.Snapshot(name=f"snapshots/{seq}", seq=seq, create_time=now)
            made.state_hash = core.state.engine.state_hash()
            return made
        await self._acts.apply(request, b"", "CreateSnapshot", "market")
        seq = await core.sequencer.snapshot()
        if core.sequencer.snapshot_error is not None:
            raise StorageFull("the command log")
        found = await asyncio.to_thread(log.snapshots, core.sequencer.book.log.path)
        return next(made for made in found if made.seq == seq)

    async def ListSnapshots(self, request: Any, context: Any) -> Any:
        return await log.list_snapshots(self._core, request)

    async def VerifyLog(self, request: Any, context: Any) -> Any:
        async for made in log.verify_log(self._core, request):
            yield made

    async def ListAuditEntries(self, request: Any, context: Any) -> Any:
        return log.list_audit_entries(self._core, request)

    async def ResetSandbox(self, request: Any, context: Any) -> Any:
        return await reset(self._core, self._acts, request)

    async def GetSystemStatus(self, request: Any, context: Any) -> Any:
        return health.status(self._core, self._started)


_CREATABLE = settings.CHANGEABLE_INSTRUMENT
_ABOUT = ("display_name", "calendar")
_FIXED = ("symbol", "type", "tick_size", "lot_size", "currency_digits")
_MOST_WORDS = 200


def _require_same(sent: Any, held: Any) -> None:
    """What can never change may be sent as it is. Raises InvalidField."""
    for name in _FIXED:
        value, kept = getattr(sent, name), getattr(held, name)
        if value and value != kept:
            if name.endswith("_size") and decimal(f"instrument.{name}", value) == Decimal(kept):
                continue
            raise InvalidField(f"instrument.{name}", value, f"{kept}: it never changes")


def _shown(core: Core, symbol: str, request: Any, sent: Any) -> Any:
    scale = core.known.symbols.get(symbol)
    return sent if scale is None or request.validate_only else views.instrument(core.state, scale)


