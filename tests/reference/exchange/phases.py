"""PHASE, HALT, RESUME and UNCROSS, of one instrument or of all in order of their number."""

from __future__ import annotations

from domain.codes import Command as Code
from domain.codes import Phase, Reason, Scope
from tests.reference.exchange import auction, matching, rows, settling
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
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    if cmd.scope == Scope.INSTRUMENT and cmd.entity not in w.instruments:
        return Refusal(Reason.UNKNOWN_ENTITY)
    if cmd.command in (Code.PHASE, Code.RESUME):
        if not Phase.CLOSED <= cmd.value <= Phase.POST_CLOSE:
            return Refusal(Reason.VALUE_OUT_OF_RANGE)
        if cmd.value in _UNNAMEABLE:
            return Refusal(Reason.PHASE_TRANSITION)
    if cmd.scope == Scope.MARKET:
        return None
    inst = w.instruments[cmd.entity]
    outside = cmd.command == Code.UNCROSS and not inst.in_call
    running = cmd.command == Code.RESUME and inst.phase != Phase.HALT
    return Refusal(Reason.PHASE_TRANSITION) if outside or running else None


def _act(w: World, cmd: Command, inst: Instrument) -> None:
    if cmd.command == Code.PHASE:
        auction.change_phase(w, inst, cmd.value)
    elif cmd.command == Code.HALT and inst.phase != Phase.HALT:
        inst.resume_phase, inst.phase = inst.phase, Phase.HALT
    elif cmd.command == Code.RESUME and inst.phase == Phase.HALT:
        _resume(w, inst, cmd.value or inst.resume_phase)
    elif cmd.command == Code.UNCROSS and inst.in_call:
        closing = inst.phase == Phase.CLOSING_AUCTION
        auction.uncross(w, inst, Phase.POST_CLOSE if closing else Phase.CONTINUOUS)


def _resume(w: World, inst: Instrument, phase: int) -> None:
    if phase != Phase.VOLATILITY_AUCTION:
        auction.change_phase(w, inst, phase)
        return
    inst.phase = phase
    w.touched.add(inst.number)
    matching.unpark(w, inst)
