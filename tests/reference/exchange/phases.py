"""PHASE, HALT, RESUME and UNCROSS, of one instrument or of all in order of their number."""

from __future__ import annotations

from domain.codes import Command as Code
from domain.codes import Phase, Reason, Scope
from tests.reference.exchange import auction, rows, settling
from tests.reference.exchange.model import Instrument, Refusal
from tests.reference.exchange.world import Command, World

_UNNAMEABLE = (Phase.HALT, Phase.VOLATILITY_AUCTION)


def steer(w: World, cmd: Command) -> None:
    refusal = _refusal(w, cmd)
    rows.admin_row(w, cmd, refusal)
    if refusal:
        return
    chosen = list(w.instruments) if cmd.scope == Scope.MARKET else [cmd.entity]
    for number in sorted(chosen):
        _act(w, cmd, w.instruments[number])
        settling.settle(w)


def _refusal(w: World, cmd: Command) -> Refusal | None:
    if cmd.scope not in (Scope.MARKET, Scope.INSTRUMENT):
        return Refusal(Reason.FIELD_OUT_OF_RANGE, 0, Scope.INSTRUMENT, cmd.scope)
    if cmd.scope == Scope.INSTRUMENT and cmd.entity not in w.instruments:
        return Refusal(Reason.UNKNOWN_ENTITY, 0, len(w.instruments), cmd.entity)
    unknown = not Phase.CLOSED <= cmd.value <= Phase.POST_CLOSE or cmd.value in _UNNAMEABLE
    if cmd.command in (Code.PHASE, Code.RESUME) and unknown:
        return Refusal(Reason.PHASE_TRANSITION, 0, Phase.POST_CLOSE, cmd.value)
    if cmd.command == Code.RESUME and cmd.scope == Scope.INSTRUMENT:
        inst = w.instruments[cmd.entity]
        if inst.phase != Phase.HALT:
            return Refusal(Reason.PHASE_TRANSITION, 0, Phase.HALT, inst.phase)
    if cmd.command == Code.UNCROSS and cmd.scope == Scope.INSTRUMENT:
        inst = w.instruments[cmd.entity]
        if not inst.in_call:
            return Refusal(Reason.PHASE_TRANSITION, 0, 0, inst.phase)
    return None


def _act(w: World, cmd: Command, inst: Instrument) -> None:
    if cmd.command == Code.PHASE:
        auction.change_phase(w, inst, cmd.value)
    elif cmd.command == Code.HALT and inst.phase != Phase.HALT:
        inst.resume_phase = inst.phase
        auction.change_phase(w, inst, Phase.HALT)
    elif cmd.command == Code.RESUME and inst.phase == Phase.HALT:
        auction.change_phase(w, inst, cmd.value or inst.resume_phase)
    elif cmd.command == Code.UNCROSS and inst.in_call:
        closing = inst.phase == Phase.CLOSING_AUCTION
        auction.uncross(w, inst, Phase.POST_CLOSE if closing else Phase.CONTINUOUS)
