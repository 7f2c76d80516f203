"""RiskService: nodes, limits, positions, where each stands, kill switches, money."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

from domain.codes import ExecType, Level, Scope
from domain.errors import InvalidField, NotFound
from domain.messages import Deposit, KillOff, KillOn, Rearm, Withdraw
from domain.tables import Table
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as api
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceServicer
from server.codec.people import orders as people
from server.codec.people.decimals import timestamp
from server.codec.people.executions import refusal_of
from server.codec.people.names import code, segments
from server.records.changes import Change
from server.sequencer.answers import Answer
from server.services import views
from server.services.acts import Acts
from server.services.core import Core, caller, page
from server.services.risk import live, scenarios, switches, utilisation
from server.services.risk.limits import Desk, wire
from server.services.risk.places import position_limits


class Risk(RiskServiceServicer):
    """What nodes may do, and where they stand."""

    def __init__(self, core: Core, acts: Acts) -> None:
        self._core, self._acts = core, acts
        self._desk = Desk(core, acts)

    def _node(self, path: str, name: str, pattern: str = "nodes/*") -> int:
        return self._core.known.node(path, "/".join(name.split("/")[:2])) if segments(
            path, name, pattern
        ) else 0  # fmt: skip

    async def GetNode(self, request: Any, context: Any) -> Any:
        return views.node(self._core.state, self._node("name", request.name))

    async def ListNodes(self, request: Any, context: Any) -> Any:
        state, known, who = self._core.state, self._core.known, caller()
        nodes = state.engine.table(Table.NODE)
        under = known.node("parent", request.parent) if request.parent not in (
            "", "nodes/-", "accounts/-",
        ) else 0  # fmt: skip
        name = known.node_names.get(under, "")
        level = code("level", Level, request.level) if request.level else None

        def matching() -> Any:
            for number, label in sorted(known.node_names.items()):
                above = list(self._core.above(label))
                if not who.may_use(label, *above) or (under and name not in above):
                    continue
                if level in (None, int(nodes[number]["level"])):
                    yield number, number

        found, token = page(matching(), request)
        return api.ListNodesResponse(
            nodes=[views.node(state, number) for number in found], next_page_token=token
        )

    # ------------------------------------------------------------------ limits

    async def GetLimits(self, request: Any, context: Any) -> Any:
        return views.limits(self._core.state, self._node("name", request.name, "nodes/*/limits"))

    async def GetPositionLimits(self, request: Any, context: Any) -> Any:
        return position_limits(self._core, "name", request.name)

    async def UpdateLimits(self, request: Any, context: Any) -> Any:
        change = await self._desk.update_node(request)
        number = self._node("limits.name", request.limits.name, "nodes/*/limits")
        held = views.limits(self._core.state, number)
        return api.UpdateLimitsResponse(limits=held, change=self._wire(change))

    async def UpdatePositionLimits(self, request: Any, context: Any) -> Any:
        change = await self._desk.update_position(request)
        name = request.position_limits.name
        held = position_limits(self._core, "position_limits.name", name)
        return api.UpdatePositionLimitsResponse(position_limits=held, change=self._wire(change))

    def _wire(self, change: Change | None) -> Any:
        return None if change is None else wire(change, self._core.sequencer.clock())

    async def ListLimitChanges(self, request: Any, context: Any) -> Any:
        core, who, now = self._core, caller(), self._core.sequencer.clock()
        if request.parent not in ("", "nodes/-"):
            core.known.node("parent", request.parent)
        known = {number: name.removeprefix("STATE_")
                 for name, number in resources.LimitChange.State.items() if number}  # fmt: skip
        for number in request.states:
            if number not in known:
                raise InvalidField("states", number, ", ".join(known.values()))
        states = {known[number] for number in request.states}

        def newest_first() -> Iterator[tuple[int, Change]]:
            for change in reversed(list(core.state.register.changes)):
                mine = f"nodes/{change.node}" == request.parent or (
                    request.parent in ("", "nodes/-") and core.may_use(who, change.node)
                )
                if mine and (not states or change.state_at(now) in states):
                    yield -change.number, change

        found, token = page(newest_first(), request)
        shown = [wire(change, now) for change in found]
        return api.ListLimitChangesResponse(limit_changes=shown, next_page_token=token)

    async def ApproveLimitChange(self, request: Any, context: Any) -> Any:
        change = await self._desk.decide(request, approve=True)
        return api.ApproveLimitChangeResponse(change=self._wire(change))

    async def RejectLimitChange(self, request: Any, context: Any) -> Any:
        change = await self._desk.decide(request, approve=False)
        return api.RejectLimitChangeResponse(change=self._wire(change))

    # ------------------------------------------------------------------ where a node stands

    async def GetPosition(self, request: Any, context: Any) -> Any:
        node, symbol = segments("name", request.name, "nodes/*/positions/*")
        number = self._core.known.node("name", f"nodes/{node}")
        instrument = self._core.known.scale(f"instruments/{symbol}", symbol).number
        for row in self._positions(number):
            if row["instrument"] == instrument:
                return views.position(self._core.state, row)
        raise NotFound("position", request.name)

    async def ListPositions(self, request: Any, context: Any) -> Any:
        number = self._core.known.node("parent", request.parent)
        cells = ("qty", "long_qty", "short_qty")
        chosen = (
            (int(row["instrument"]), row) for row in self._positions(number)
            if request.include_flat or any(row[cell] for cell in cells)
        )  # fmt: skip
        found, token = page(chosen, request)
        shown = [views.position(self._core.state, row) for row in found]
        return api.ListPositionsResponse(positions=shown, next_page_token=token)

    def _positions(self, node: int) -> list[Any]:
        """The rows of a node, by instrument."""
        rows = self._core.state.engine.table(Table.POSITION)
        return sorted(rows[rows["node"] == node], key=lambda row: int(row["instrument"]))

    async def GetRiskState(self, request: Any, context: Any) -> Any:
        return views.risk_state(self._core.state, self._core.known.node("node", request.node))

    async def ListUtilisations(self, request: Any, context: Any) -> Any:
        core, who = self._core, caller()
        number, names = core.known.node("parent", request.parent), core.known.node_names
        if not 0 <= request.min_ratio <= 1:
            raise InvalidField("min_ratio", request.min_ratio, "0 to 1")
        shown = utilisation.listed(
            core.state, number, core.sequencer.clock(), request.min_ratio,
            lambda node: core.may_use(who, names.get(node, "")),
        )  # fmt: skip
        found, token = page(enumerate(shown, 1), request)
        return api.ListUtilisationsResponse(utilisations=found, next_page_token=token)

    async def StreamRisk(  # type: ignore[override]  # it writes to the context itself
        self, request: Any, context: Any
    ) -> None:
        await live.stream(self._core, request, context)

    async def EvaluateOrders(self, request: Any, context: Any) -> Any:
        state, known = self._core.state, self._core.known
        account = known.account("parent", request.parent)
        if not 1 <= len(request.orders) <= 100:
            raise InvalidField("orders", len(request.orders), "1 to 100 orders")
        data = [
            people.order_of(order, account, known, f"orders[{at}].").pack()
            for at, order in enumerate(request.orders)
        ]
        made: Any = api.EvaluateOrdersResponse(before=views.risk_state(state, account))
        twin, money = state.twin(), state.catalogue.money(account).amount
        margin = int(twin.table(Table.NODE)[account]["margin"])
        for row in data:
            reports = self._acts.trial.apply(twin, row)
            made.evaluations.append(self._evaluation(reports[reports["account"] == account]))
            after = int(twin.table(Table.NODE)[account]["margin"])
            made.evaluations[-1].margin_change = money(after - margin)
            margin = after
        made.after.CopyFrom(views.risk_state(state, account, twin))
        return made

    def _evaluation(self, mine: Any) -> Any:
        if not len(mine):
            return api.OrderEvaluation()
        first = mine[0]
        made = api.OrderEvaluation(accepted=not first["reason"])
        if first["reason"]:
            made.refusal.CopyFrom(refusal_of(first))
            return made
        fills = mine[(mine["last_qty"] > 0) & (mine["order_id"] == first["order_id"])]
        scale = self._core.known.scales[int(first["instrument"])]
        qty = int(fills["last_qty"].sum())
        value = sum(int(row["last_px"]) * int(row["last_qty"]) for row in fills)
        made.executable_qty, made.executable_px = scale.quantity(qty), scale.average(value, qty)
        return made

    async def EvaluateScenarios(self, request: Any, context: Any) -> Any:
        state, known = self._core.state, self._core.known
        node = known.node("parent", request.parent)
        worth, seq = scenarios.values(state.engine, node), state.engine.seq
        symbols = {scale.symbol: number for number, scale in known.scales.items()}
        moved = scenarios.moves(request.scenarios, symbols, list(worth))
        names = [one.name for one in request.scenarios] + [
            known.scales[number].symbol for number in worth
        ]
        made: Any = await asyncio.to_thread(
            scenarios.evaluated, worth, moved, names, request.confidence,
            state.catalogue.money(node).amount,
        )  # fmt: skip
        made.seq = seq
        return made

    # ------------------------------------------------------------------ switches

    async def ListKillSwitches(self, request: Any, context: Any) -> Any:
        found, token = page(switches.listed(self._core, caller(), request.on_only), request)
        return api.ListKillSwitchesResponse(kill_switches=found, next_page_token=token)

    async def _turn(self, request: Any, on: bool) -> tuple[Any, int]:
        held, made = switches.switch(self._core.known, request.name)
        if not request.reason:
            raise InvalidField("reason", "", "why the switch is turned")
        message = KillOn(**held) if on else KillOff(**held)
        act = "EngageKillSwitch" if on else "ReleaseKillSwitch"
        turn = {"name": request.name, "on": on}
        answer = await self._acts.apply(request, message.pack(), act, request.name, switch=turn)
        if answer.reports[0]["reason"]:
            raise InvalidField("name", request.name, refusal_of(answer.reports[0]).text)
        made = switches.turned(self._core, made)
        made.on = on
        return made, int((answer.reports["exec_type"][1:] == ExecType.CANCELED).sum())

    async def EngageKillSwitch(self, request: Any, context: Any) -> Any:
        made, canceled = await self._turn(request, on=True)
        return api.EngageKillSwitchResponse(kill_switch=made, canceled_count=canceled)

    async def ReleaseKillSwitch(self, request: Any, context: Any) -> Any:
        made, _ = await self._turn(request, on=False)
        return api.ReleaseKillSwitchResponse(kill_switch=made)

    async def RearmNode(self, request: Any, context: Any) -> Any:
        number = self._core.known.node("name", request.name)
        if not request.reason:
            raise InvalidField("reason", "", "why the node is released")
        data = Rearm(scope=Scope.NODE, entity=number).pack()
        await self._acts.apply(request, data, "RearmNode", request.name)
        return api.RearmNodeResponse(state=views.risk_state(self._core.state, number))

    # ------------------------------------------------------------------ money

    def _moved(self, request: Any, message: Any) -> tuple[int, bytes]:
        account = self._core.known.account("parent", request.parent)
        if bool(request.amount) == bool(request.instrument):
            raise InvalidField("amount", request.amount, "an amount, or an instrument with qty")
        if request.amount:
            value = self._core.state.catalogue.money(account).minor("amount", request.amount)
            fields: dict[str, Any] = {}
        else:
            scale = self._core.known.instrument("instrument", request.instrument)
            value = scale.lots("qty", request.qty)
            price = scale.ticks("price", request.price)
            fields = {"instrument": scale.number, "price": price, "scope": Scope.POSITION}
        if value <= 0:
            raise InvalidField("amount", request.amount or request.qty, "greater than 0")
        return account, message(account=account, value=value, **fields).pack()

    async def Deposit(self, request: Any, context: Any) -> Any:
        account, data = self._moved(request, Deposit)
        answer = await self._acts.apply(request, data, "Deposit", request.parent)
        return api.DepositResponse(**self._after(account, answer))

    async def Withdraw(self, request: Any, context: Any) -> Any:
        account, data = self._moved(request, Withdraw)
        answer = await self._acts.apply(request, data, "Withdraw", request.parent)
        return api.WithdrawResponse(**self._after(account, answer))

    def _after(self, account: int, answer: Answer) -> dict[str, Any]:
        row = answer.reports[0]
        return {
            "refusal": refusal_of(row) if row["reason"] else None,
            "state": views.risk_state(self._core.state, account),
            "transact_time": timestamp(answer.time),
        }
