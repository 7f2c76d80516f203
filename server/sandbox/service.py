"""SandboxService, and what AdminService does to a sandbox."""

from __future__ import annotations

import asyncio
from typing import Any

from domain.errors import InvalidField
from domain.tables import Table
from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1 import resources_pb2 as resources
from gridworks.api.sandbox.v1 import sandbox_service_pb2 as api
from gridworks.api.sandbox.v1.sandbox_service_pb2_grpc import SandboxServiceServicer
from server.auth.denial import NotPermitted
from server.codec.people.decimals import plain, timestamp
from server.codec.people.names import segments
from server.sandbox.outcomes import PREFIX
from server.sandbox.sandbox import Sandbox
from server.sequencer import rows as own
from server.services.acts import Acts
from server.services.core import Core, caller


def sandbox_of(core: Core) -> Sandbox:
    """Raises NotPermitted where trading is live."""
    if core.sandbox is None:
        raise NotPermitted("NOT_A_SANDBOX", "this is a live environment")
    return core.sandbox


class Sandboxes(SandboxServiceServicer):
    """The clock, and accounts with money in them."""

    def __init__(self, core: Core, acts: Acts) -> None:
        self._core, self._acts = core, acts
        self._passing: dict[tuple[int, str], asyncio.Task[None]] = {}

    async def GetSandbox(self, request: Any, context: Any) -> Any:
        return self._shown()

    def _shown(self) -> Any:
        found, core = sandbox_of(self._core), self._core
        settings = core.settings
        return api.Sandbox(
            time=timestamp(core.sequencer.clock()), market=settings.sandbox_market,
            speed=1.0 if found.clock is None else found.clock.speed,
            virtual_clock=found.clock is not None, seed=settings.sandbox_seed,
            faucet=plain(settings.sandbox_faucet),
        )  # fmt: skip

    async def SetClock(self, request: Any, context: Any) -> Any:
        sandbox_of(self._core).set_speed(request.speed, pretend=request.validate_only)
        if not request.validate_only:
            await self._note(request, "SetClock", "sandbox")
        return self._shown()

    async def _note(self, request: Any, method: str, target: str) -> None:
        await self._core.sequencer.call(self._acts.written(request, method, target))

    async def AdvanceClock(self, request: Any, context: Any) -> Any:
        found, who = sandbox_of(self._core), caller()
        by_ns = request.duration.seconds * 10**9 + request.duration.nanos
        found.require_jump(by_ns)
        if not request.validate_only:
            key = (who.key_id, request.request_id)
            task = self._passing.get(key) if request.request_id else None
            if task is None:
                task = asyncio.create_task(self._advance(found, by_ns, request))
                self._passing[key] = task
                task.add_done_callback(lambda _: self._passing.pop(key, None))
            await asyncio.shield(task)  # it goes on when the caller is gone
        return self._shown()

    async def _advance(self, found: Sandbox, by_ns: int, request: Any) -> None:
        """A TICK with the request's id comes last, so that a repeated request is known."""
        key = (caller().key_id, request.request_id)
        last = own.tick(by_ns)
        if not self._core.sequencer.answered(last, *key):
            await found.advance(by_ns)
            await self._core.sequencer.call(last, *key)
            await self._note(request, "AdvanceClock", "sandbox")

    async def OpenAccount(self, request: Any, context: Any) -> Any:
        found, core = sandbox_of(self._core), self._core
        [name] = segments("name", request.name, "accounts/*")
        if request.validate_only:
            return api.OpenAccountResponse(name=request.name)
        if await found.accounts.open([name]):
            await self._note(request, "OpenAccount", request.name)
        number = core.known.account("name", request.name)
        cash = int(core.state.engine.table(Table.NODE)[number]["cash"])
        amount = core.state.catalogue.money(number).amount(cash)
        script = PREFIX + name if PREFIX + name in core.known.symbols else ""
        return api.OpenAccountResponse(
            name=request.name, account=number, cash=amount,
            script_instrument=f"instruments/{script}" if script else "",
        )  # fmt: skip


async def reset(core: Core, acts: Acts, request: Any) -> Any:
    """ResetSandbox. Raises NotPermitted, InvalidField, AlreadyExists."""
    found, who = sandbox_of(core), caller()
    if request.seed:
        raise InvalidField("seed", request.seed, "0: the agents' seed is the server's setting")
    accounts = found.accounts.of(lambda name: core.may_use(who, name))
    outcome = resources.Outcome(transact_time=timestamp(core.sequencer.clock()))
    if accounts and not request.validate_only:
        note = acts.written(request, "ResetSandbox", f"{len(accounts)} accounts")
        answer = await found.accounts.reset(accounts, note, who.key_id, request.request_id)
        outcome = resources.Outcome(seq=answer.seq, transact_time=timestamp(answer.time))
    return admin.ResetSandboxResponse(outcome=outcome)
