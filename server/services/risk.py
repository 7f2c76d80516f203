"""RiskService: nodes, limits, positions, where each stands, kill switches, money."""

from __future__ import annotations

from typing import Any

import structlog

from domain.attributes import NODE_ATTRIBUTES, NodeAttr
from domain.codes import Scope
from domain.errors import InvalidField, NotFound
from domain.limits import NO_LIMIT
from domain.messages import Deposit, KillOff, KillOn, Rearm, Withdraw
from domain.tables import Table
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as api
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceServicer
from server.codec.people import orders as people
from server.codec.people.decimals import timestamp
from server.codec.people.executions import refusal_of
from server.codec.people.names import masked, segments
from server.sequencer.answers import Answer
from server.services import settings, views
from server.services.core import Core, caller, page
from server.services.trial import Trial

_log = structlog.get_logger(__name__)
_TIGHTER_IS_LESS = {
    code for code, row in NODE_ATTRIBUTES.items() if row.none
}  # upper bounds: 0 is none


class Risk(RiskServiceServicer):
    """What nodes may do, and where they stand."""

    def __init__(self, core: Core, trial: Trial) -> None:
        self._core, self._trial = core, trial

    async def _apply(self, request: Any, data: bytes, act: str) -> Answer:
        answer = await self._trial.answer(request, data)
        if not request.validate_only:
            why = getattr(request, "reason", "")
            _log.info("an act of risk", act=act, by=caller().label, reason=why, seq=answer.seq)
        return answer

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

        def matching() -> Any:
            for number, label in sorted(known.node_names.items()):
                above = list(self._core.above(label))
                if not who.may_use(label, *above) or (under and name not in above):
                    continue
                if request.level in (0, int(nodes[number]["level"])):
                    yield number, number

        found, token = page(matching(), request)
        return api.ListNodesResponse(
            nodes=[views.node(state, number) for number in found], next_page_token=token
        )

    # ------------------------------------------------------------------ limits

    async def GetLimits(self, request: Any, context: Any) -> Any:
        return views.limits(self._core.state, self._node("name", request.name, "nodes/*/limits"))

    async def UpdateLimits(self, request: Any, context: Any) -> Any:
        sent, state = request.limits, self._core.state
        number = self._node("limits.name", sent.name, "nodes/*/limits")
        if not request.reason:
            raise InvalidField("reason", "", "why the limits change")
        names = masked("update_mask", sent, request.update_mask.paths, settings.CHANGEABLE_LIMITS)
        values = state.engine.table(Table.NODE_LIMIT)[number]
        sides, money = int(values[NodeAttr.ALLOWED_SIDES]), state.catalogue.money(number)
        changes = settings.limit_settings(number, sent, names, money, sides)
        for change in changes:
            if self._loosens(int(values[change.attribute]), change.attribute, change.value):
                raise NotImplementedError(
                    f"{NodeAttr(change.attribute).name.lower()} would be loosened beyond "
                    f"{self._core.settings.four_eyes_factor:g} times: that needs a second person, "
                    "which is not there yet; loosen it in smaller steps"
                )
        if changes:
            data = b"".join(change.pack() for change in changes)
            answer = await self._apply(request, data, "UpdateLimits")
            for row in answer.reports:
                if row["reason"]:
                    refusal = refusal_of(row).text
                    raise InvalidField("limits", refusal, "what the exchange's rules allow")
        return api.UpdateLimitsResponse(limits=views.limits(state, number))

    def _loosens(self, old: int, attribute: int, new: int) -> bool:
        """Whether an upper bound grows by more than one person may decide."""
        if NodeAttr(attribute) not in _TIGHTER_IS_LESS or old == NO_LIMIT:
            return False
        return new == 0 or new > old * self._core.settings.four_eyes_factor

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
        cells = ("qty", "open_buy", "open_sell")
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
            reports = self._trial.apply(twin, row)
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

    # ------------------------------------------------------------------ switches

    def _switch(self, name: str) -> tuple[dict[str, Any], Any]:
        """What a switch holds, and the switch without who turned it. Raises InvalidField."""
        [word] = segments("name", name, "killSwitches/*")
        kind, _, rest = word.partition("-")
        known, made = self._core.known, resources.KillSwitch(name=name)
        if word == "market":
            scope, entity = Scope.MARKET, 0
        elif kind == "node" and rest:
            made.target = f"nodes/{rest}"
            scope, entity = Scope.NODE, known.node("name", made.target)
        elif kind == "instrument" and rest:
            made.target = f"instruments/{rest}"
            scope, entity = Scope.INSTRUMENT, known.instrument("name", made.target).number
        elif kind == "algo" and rest.isascii() and rest.isdigit():
            made.target, scope, entity = f"algos/{rest}", Scope.ALGO, int(rest)
        else:
            allowed = "killSwitches/market, …/node-{node}, …/instrument-{symbol} or …/algo-{number}"
            raise InvalidField("name", name, allowed)
        made.scope = int(scope)  # type: ignore[assignment]
        return {"scope": scope, "entity": entity}, made

    async def _turn(self, request: Any, on: bool) -> tuple[Any, int]:
        held, made = self._switch(request.name)
        if not request.reason:
            raise InvalidField("reason", "", "why the switch is turned")
        message = KillOn(**held) if on else KillOff(**held)
        act = "EngageKillSwitch" if on else "ReleaseKillSwitch"
        answer = await self._apply(request, message.pack(), act)
        if answer.reports[0]["reason"]:
            raise InvalidField("name", request.name, refusal_of(answer.reports[0]).text)
        made.on, made.changed_by, made.reason = on, caller().label, request.reason
        made.change_time.CopyFrom(timestamp(answer.time))
        return made, int((answer.reports["exec_type"][1:] == 4).sum())

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
        await self._apply(request, Rearm(scope=Scope.NODE, entity=number).pack(), "RearmNode")
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
        answer = await self._apply(request, data, "Deposit")
        return api.DepositResponse(**self._after(account, answer))

    async def Withdraw(self, request: Any, context: Any) -> Any:
        account, data = self._moved(request, Withdraw)
        answer = await self._apply(request, data, "Withdraw")
        return api.WithdrawResponse(**self._after(account, answer))

    def _after(self, account: int, answer: Answer) -> dict[str, Any]:
        row = answer.reports[0]
        return {
            "refusal": refusal_of(row) if row["reason"] else None,
            "state": views.risk_state(self._core.state, account),
            "transact_time": timestamp(answer.time),
        }
