"""Risk: nodes, limits, positions, where each stands, kill switches, money."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Unpack

from google.protobuf.message import Message

from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as api
from gridworks.client.faces import Items, M, call, pager, stream
from gridworks.client.plans import Plan
from gridworks.client.requests import Code, Number, under
from gridworks.client.service import Listing, Mutation, Options, Remote


class Risk(Remote[M]):
    """`client.risk`. A node is an account, a desk, a client or a firm: "nodes/north"."""

    proto = api.DESCRIPTOR.services_by_name["RiskService"]

    @call
    def get_node(self, name: str, **options: Unpack[Options]) -> Plan[resources.Node]:
        """A node."""
        return self._call("GetNode", resources.Node, options, name=under("nodes", name))

    @pager
    def list_nodes(
        self, parent: str = "", *, level: Code | None = None, **options: Unpack[Listing]
    ) -> Items[resources.Node]:
        """The nodes that the key may see, or those below `parent`."""
        return self._list(
            "ListNodes", api.ListNodesResponse, "nodes", options,
            parent=under("nodes", parent), level=level,
        )  # fmt: skip

    # ------------------------------------------------------------------ limits

    @call
    def get_limits(self, node: str, **options: Unpack[Options]) -> Plan[resources.Limits]:
        """The limits of a node."""
        return self._call("GetLimits", resources.Limits, options, name=_limits(node))

    @call
    def update_limits(
        self, node: str, limits: dict[str, Any] | Message, reason: str, *,
        update_mask: Iterable[str] | None = None, **options: Unpack[Mutation],
    ) -> Plan[api.UpdateLimitsResponse]:  # fmt: skip
        """Change limits of a node; what loosens much waits for a second person."""
        return self._call(
            "UpdateLimits", api.UpdateLimitsResponse, options,
            limits=_named(limits, _limits(node)), reason=reason, update_mask=update_mask,
        )  # fmt: skip

    @call
    def get_position_limits(
        self, name: str, **options: Unpack[Options]
    ) -> Plan[resources.PositionLimits]:
        """The limits of "nodes/{node}/instruments/{symbol}/limits", or of a product, a currency."""
        return self._call("GetPositionLimits", resources.PositionLimits, options, name=name)

    @call
    def update_position_limits(
        self, name: str, limits: dict[str, Any] | Message, reason: str, *,
        update_mask: Iterable[str] | None = None, **options: Unpack[Mutation],
    ) -> Plan[api.UpdatePositionLimitsResponse]:  # fmt: skip
        """Change them, under the same rule."""
        return self._call(
            "UpdatePositionLimits", api.UpdatePositionLimitsResponse, options,
            position_limits=_named(limits, name), reason=reason, update_mask=update_mask,
        )  # fmt: skip

    @pager
    def list_limit_changes(
        self, node: str, *, states: Iterable[Code] = (), **options: Unpack[Listing]
    ) -> Items[resources.LimitChange]:
        """The history of changes, newest first."""
        return self._list(
            "ListLimitChanges", api.ListLimitChangesResponse, "limit_changes", options,
            parent=under("nodes", node), states=list(states),
        )  # fmt: skip

    @call
    def approve_limit_change(
        self, name: str, reason: str = "", **options: Unpack[Mutation]
    ) -> Plan[api.ApproveLimitChangeResponse]:
        """Agree to a pending change; not by who asked for it."""
        return self._call(
            "ApproveLimitChange", api.ApproveLimitChangeResponse, options, name=name, reason=reason
        )

    @call
    def reject_limit_change(
        self, name: str, reason: str = "", **options: Unpack[Mutation]
    ) -> Plan[api.RejectLimitChangeResponse]:
        """Refuse a pending change."""
        return self._call(
            "RejectLimitChange", api.RejectLimitChangeResponse, options, name=name, reason=reason
        )

    # ------------------------------------------------------------------ where a node stands

    @call
    def get_position(self, name: str, **options: Unpack[Options]) -> Plan[resources.Position]:
        """The position "nodes/{node}/positions/{symbol}"."""
        return self._call("GetPosition", resources.Position, options, name=name)

    @pager
    def list_positions(
        self, node: str, *, include_flat: bool = False, **options: Unpack[Listing]
    ) -> Items[resources.Position]:
        """The positions of a node."""
        return self._list(
            "ListPositions", api.ListPositionsResponse, "positions", options,
            parent=under("nodes", node), include_flat=include_flat,
        )  # fmt: skip

    @call
    def get_risk_state(self, node: str, **options: Unpack[Options]) -> Plan[resources.RiskState]:
        """Cash, profit, margin, buying power and exposure of a node."""
        return self._call(
            "GetRiskState", resources.RiskState, options, node=under("nodes", node)
        )

    @pager
    def list_utilisations(
        self, node: str, *, min_ratio: float = 0.0, **options: Unpack[Listing]
    ) -> Items[resources.Utilisation]:
        """How much of every limit is in use, fullest first; only those from `min_ratio` on."""
        return self._list(
            "ListUtilisations", api.ListUtilisationsResponse, "utilisations", options,
            parent=under("nodes", node), min_ratio=min_ratio,
        )  # fmt: skip

    @stream
    def stream_risk(
        self, *nodes: str, interval: timedelta | float | None = None,
        include_positions: bool = False, min_ratio: float = 0.0,
    ) -> Items[api.StreamRiskResponse]:  # fmt: skip
        """Follow nodes as they change; after a loss it begins with their state then."""
        return self._stream(
            "StreamRisk", api.StreamRiskResponse, means="state",
            nodes=[under("nodes", name) for name in nodes], interval=interval,
            include_positions=include_positions, min_ratio=min_ratio,
        )  # fmt: skip

    @call
    def evaluate_orders(
        self, account: str, orders: Iterable[dict[str, Any] | Message], **options: Unpack[Options]
    ) -> Plan[api.EvaluateOrdersResponse]:
        """What orders would do, one after the other, without entering them."""
        made = [_priced(order) if isinstance(order, dict) else order for order in orders]
        return self._call(
            "EvaluateOrders", api.EvaluateOrdersResponse, options,
            parent=under("accounts", account), orders=made,
        )  # fmt: skip

    @call
    def evaluate_scenarios(
        self, node: str, scenarios: Mapping[str, Mapping[str, float]], *,
        confidence: float = 0.99, **options: Unpack[Options],
    ) -> Plan[api.EvaluateScenariosResponse]:  # fmt: skip
        """What positions would make under moves of prices: name -> symbol -> relative move.

        The symbol "*" is the move of every instrument that is not named. The response has the
        outcome of each scenario, and value at risk and expected shortfall over all of them.
        """
        made = [
            api.Scenario(name=name, other_move=moves.get("*", 0.0),
                         moves={s: move for s, move in moves.items() if s != "*"})
            for name, moves in scenarios.items()
        ]  # fmt: skip
        return self._call(
            "EvaluateScenarios", api.EvaluateScenariosResponse, options,
            parent=under("nodes", node), scenarios=made, confidence=confidence,
        )  # fmt: skip

    # ------------------------------------------------------------------ switches

    @pager
    def list_kill_switches(
        self, *, on_only: bool = False, **options: Unpack[Listing]
    ) -> Items[resources.KillSwitch]:
        """The kill switches that have ever been turned."""
        return self._list(
            "ListKillSwitches", api.ListKillSwitchesResponse, "kill_switches", options,
            on_only=on_only,
        )  # fmt: skip

    @call
    def engage_kill_switch(
        self, name: str, reason: str, **options: Unpack[Mutation]
    ) -> Plan[api.EngageKillSwitchResponse]:
        """Refuse new orders in a scope and cancel what rests: "market", "node-{node}", ..."""
        return self._call(
            "EngageKillSwitch", api.EngageKillSwitchResponse, options,
            name=under("killSwitches", name), reason=reason,
        )  # fmt: skip

    @call
    def release_kill_switch(
        self, name: str, reason: str, **options: Unpack[Mutation]
    ) -> Plan[api.ReleaseKillSwitchResponse]:
        """Allow orders again."""
        return self._call(
            "ReleaseKillSwitch", api.ReleaseKillSwitchResponse, options,
            name=under("killSwitches", name), reason=reason,
        )  # fmt: skip

    @call
    def rearm_node(
        self, node: str, reason: str, **options: Unpack[Mutation]
    ) -> Plan[api.RearmNodeResponse]:
        """Release a node that repeated executions have stopped."""
        return self._call(
            "RearmNode", api.RearmNodeResponse, options, name=under("nodes", node), reason=reason
        )

    # ------------------------------------------------------------------ money

    @call
    def deposit(
        self, account: str, amount: Number | None = None, *, instrument: str | None = None,
        qty: Number | None = None, price: Number | None = None, **options: Unpack[Mutation],
    ) -> Plan[api.DepositResponse]:  # fmt: skip
        """Cash (`amount`), or `qty` of an instrument at a `price`, into an account."""
        return self._call(
            "Deposit", api.DepositResponse, options, parent=under("accounts", account),
            amount=amount, instrument=under("instruments", instrument), qty=qty, price=price,
        )  # fmt: skip

    @call
    def withdraw(
        self, account: str, amount: Number | None = None, *, instrument: str | None = None,
        qty: Number | None = None, price: Number | None = None, **options: Unpack[Mutation],
    ) -> Plan[api.WithdrawResponse]:  # fmt: skip
        """Cash (`amount`), or `qty` of an instrument, out of an account."""
        return self._call(
            "Withdraw", api.WithdrawResponse, options, parent=under("accounts", account),
            amount=amount, instrument=under("instruments", instrument), qty=qty, price=price,
        )  # fmt: skip


def _limits(node: str) -> str:
    name = str(under("nodes", node))
    return name if name.endswith("/limits") else f"{name}/limits"


def _named(limits: dict[str, Any] | Message, name: str) -> Any:
    """Limits under a name."""
    if isinstance(limits, Message):
        made: Any = type(limits)()
        made.CopyFrom(limits)
        made.name = name
        return made
    return {**limits, "name": name}


def _priced(order: dict[str, Any]) -> dict[str, Any]:
    """An order as people write it: a limit order if it has a price, a plain symbol is a name."""
    kind = "LIMIT" if order.get("price") is not None else "MARKET"
    instrument = under("instruments", order.get("instrument"))
    return {"ord_type": kind, **order, "instrument": instrument}
