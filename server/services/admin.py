"""AdminService: instruments, nodes, phases, the end of the day, snapshots, the health of parts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any

import structlog

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
from journal import verify
from server.codec.people.decimals import Scale, decimal, timestamp
from server.codec.people.executions import refusal_of
from server.codec.people.names import code, masked, segments
from server.sequencer.answers import Answer
from server.sequencer.catalogue import DIGITS, instrument_row, node_row
from server.services import settings, views
from server.services.core import Core, caller
from server.services.trial import Trial

_NODES = {Level.ACCOUNT: Account, Level.DESK: Desk, Level.CLIENT: Client, Level.FIRM: Firm}
_log = structlog.get_logger(__name__)


class Refused(InvalidField):
    """An administrative command that the exchange has refused."""


class Admin(AdminServiceServicer):
    """What only operators do."""

    def __init__(self, core: Core, trial: Trial) -> None:
        self._core, self._trial = core, trial
        self._started = core.sequencer.clock()
        self._adding = asyncio.Lock()  # the next number is taken and used as one

    async def _apply(self, request: Any, data: bytes, act: str) -> Answer:
        """The answer to commands, or to what they would be with validate_only."""
        answer = await self._trial.answer(request, data)
        if not request.validate_only:
            _log.info("an operator's act", act=act, by=caller().label, reason=request.reason,
                      seq=answer.seq)  # fmt: skip
        return answer

    async def _add(self, request: Any, data: bytes, act: str) -> None:
        """Apply commands that must all be done. Raises Refused with the first refusal."""
        answer = await self._apply(request, data, act)
        for row in answer.reports:
            if row["reason"]:
                raise Refused(act, refusal_of(row).text, "what the exchange's rules allow")

    async def CreateInstrument(self, request: Any, context: Any) -> Any:
        sent, known = request.instrument, self._core.known
        segments("instrument.symbol", f"instruments/{sent.symbol}", "instruments/*")
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
            data = instrument_row(add, tick, lot, digits)
            data += self._settings(scale, sent, settings.given(sent, _CREATABLE))
            await self._add(request, data, "CreateInstrument")
        return _shown(self._core, sent.symbol, request, sent)

    def _settings(self, scale: Scale, sent: Any, names: Iterable[str]) -> bytes:
        made = settings.instrument_settings(scale.number, sent, names, scale)
        return b"".join(message.pack() for message in made)

    async def UpdateInstrument(self, request: Any, context: Any) -> Any:
        sent = request.instrument
        scale = self._core.known.instrument("instrument.name", sent.name)
        names = masked("update_mask", sent, request.update_mask.paths, _CREATABLE)
        if names:
            await self._add(request, self._settings(scale, sent, names), "UpdateInstrument")
        return views.instrument(self._core.state, scale)

    async def CreateNode(self, request: Any, context: Any) -> Any:
        sent, known = request.node, self._core.known
        segments("node_id", f"nodes/{request.node_id}", "nodes/*")
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
            await self._add(request, node_row(message, digits), "CreateNode")
        found = known.nodes.get(request.node_id)
        return views.node(self._core.state, found) if found else sent

    async def CreateAlgo(self, request: Any, context: Any) -> Any:
        number = request.algo.number
        if not 1 <= number <= 65_535:
            raise InvalidField("algo.number", number, "1 to 65535")
        await self._add(request, Algo(entity=number).pack(), "CreateAlgo")
        name = request.algo.display_name
        return resources.Algo(name=f"algos/{number}", number=number, display_name=name)

    # ------------------------------------------------------------------ phases

    def _target(self, name: str) -> dict[str, Any]:
        if name == "market":
            return {"scope": Scope.MARKET}
        scale = self._core.known.instrument("target", name)
        return {"scope": Scope.INSTRUMENT, "entity": scale.number}

    async def _outcome(self, request: Any, message: Message, act: str) -> Any:
        answer = await self._apply(request, message.pack(), act)
        first = answer.reports[0]
        refusal = refusal_of(first) if first["reason"] else None
        return resources.Outcome(
            seq=answer.seq, transact_time=timestamp(answer.time), refusal=refusal
        )

    async def SetPhase(self, request: Any, context: Any) -> Any:
        phase = code("phase", Phase, request.phase)
        message = SetPhase(phase=phase, **self._target(request.target))
        return api.SetPhaseResponse(outcome=await self._outcome(request, message, "SetPhase"))

    async def HaltTrading(self, request: Any, context: Any) -> Any:
        made = await self._outcome(request, Halt(**self._target(request.target)), "HaltTrading")
        return api.HaltTradingResponse(outcome=made)

    async def ResumeTrading(self, request: Any, context: Any) -> Any:
        if request.phase:
            raise NotImplementedError("ResumeTrading: a phase other than the one before the halt")
        message = Resume(**self._target(request.target))
        made = await self._outcome(request, message, "ResumeTrading")
        return api.ResumeTradingResponse(outcome=made)

    async def Uncross(self, request: Any, context: Any) -> Any:
        made = await self._outcome(request, Uncross(**self._target(request.target)), "Uncross")
        return api.UncrossResponse(outcome=made)

    async def EndDay(self, request: Any, context: Any) -> Any:
        return api.EndDayResponse(outcome=await self._outcome(request, EndOfDay(), "EndDay"))

    # ------------------------------------------------------------------ the log and the parts

    async def CreateSnapshot(self, request: Any, context: Any) -> Any:
        state = self._core.state
        made = resources.Snapshot(name=f"snapshots/{state.seq}", seq=state.seq)
        made.state_hash = state.engine.state_hash()
        made.create_time.CopyFrom(timestamp(self._core.sequencer.clock()))
        if not request.validate_only:
            seq = await self._core.sequencer.snapshot()
            if self._core.sequencer.snapshot_error is not None:
                raise StorageFull("the command log")
            _log.info("an operator's act", act="CreateSnapshot", by=caller().label, seq=seq)
        return made

    async def VerifyLog(self, request: Any, context: Any) -> Any:
        if request.begin_seq > 1 or request.replay:
            raise NotImplementedError("VerifyLog reads the whole log, and does not replay it yet")
        path = self._core.sequencer.book.log.path
        found = await asyncio.to_thread(verify, path)
        seq = found.head.seq if found.head else 0
        yield api.VerifyLogResponse(
            seq=seq, last_seq=max(seq, self._core.sequencer.book.durable_seq), done=True,
            sound=found.ok, damaged_seq=found.first_bad_seq or 0, detail=found.reason,
        )  # fmt: skip

    async def GetSystemStatus(self, request: Any, context: Any) -> Any:
        core, made = self._core, resources.SystemStatus()
        kinds = resources.SystemStatus
        sequencer = core.sequencer
        worst = kinds.STATE_FAILED if sequencer.failed else (
            kinds.STATE_DRAINING if sequencer.closing else kinds.STATE_SERVING
        )
        held = sequencer.clock.held_ns
        parts: list[tuple[str, Any, str, dict[str, float]]] = [
            ("engine", worst, "", {"seq": core.state.seq, "bytes": core.state.engine.nbytes}),
            ("sequencer", worst, "", {"inbox": sequencer.waiting, "clock_held_ns": held}),
            (
                "log",
                kinds.STATE_DEGRADED if sequencer.snapshot_error else worst,
                "no snapshot could be written: the disk is full" if sequencer.snapshot_error
                else "",
                {"durable_seq": sequencer.book.durable_seq},
            ),
            ("grpc", worst, "", {"streams": core.fanout.readers}),
        ]  # fmt: skip
        for name, state, detail, gauges in parts:
            made.parts.add(name=name, state=state, detail=detail, gauges=gauges)
        made.state = max(part.state for part in made.parts)
        made.version, made.environment = version("gridworks-infra"), core.settings.environment
        made.start_time.CopyFrom(timestamp(self._started))
        made.seq, made.durable_seq = core.state.seq, sequencer.book.durable_seq
        made.config_hash = core.settings.fingerprint()
        return made


_CREATABLE = settings.CHANGEABLE_INSTRUMENT


def _shown(core: Core, symbol: str, request: Any, sent: Any) -> Any:
    scale = core.known.symbols.get(symbol)
    return sent if scale is None or request.validate_only else views.instrument(core.state, scale)


