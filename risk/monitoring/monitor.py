"""The monitor: one look at an exchange, the commands of the next step."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from domain.attributes import NodeAttr
from domain.codes import NodeStatus
from domain.limits import BPS
from domain.messages import Message
from domain.tables import Table
from risk.monitoring import rows
from risk.monitoring.ladder import Case, next_rows
from risk.monitoring.policy import Policy
from risk.monitoring.rows import Rows
from risk.monitoring.state import AccountState, Exchange, Status, accounts


@dataclass(frozen=True, slots=True)
class Step:
    """What a look has found: rows to apply, and the accounts that are not healthy."""

    commands: Rows
    accounts: tuple[AccountState, ...]


class Monitor:
    """Margin calls and liquidation, one step at a time.

        monitor = Monitor(Policy(insurance=9))
        while len((step := monitor.step(exchange)).commands):
            exchange.apply(step.commands)

    An account whose margin in use reaches `call_bps` of its collateral is called: it may only
    close (STATUS CLOSE_ONLY), and when it is healthy again the monitor lets it trade. It is
    liquidated when its collateral falls below maintenance, or when the call is unmet for
    `grace_ns` of the exchange's time: its orders are canceled; its positions are closed bit by bit
    with price protection, the largest margin first; what does not trade in `attempts` orders goes
    to the insurance account at the mark; the debt that is left is paid by it. Liquidation stops as
    soon as collateral covers maintenance; the call goes on until the account is healthy. `step`
    costs O(accounts + positions).

    extra: margin of an account that the exchange does not know of, minor units.

    The same states and steps give the same commands. Two monitors for one exchange would get in
    each other's way.
    """

    def __init__(
        self, policy: Policy | None = None, extra: Callable[[int], int] | None = None
    ) -> None:
        self.policy, self.extra = policy or Policy(), extra
        self._cases: dict[int, Case] = {}

    def step(self, exchange: Exchange) -> Step:
        """The commands of the next step; none: nothing is to be done, or nothing can be now."""
        commands: list[Message] = []
        found = []
        now, seq = self._clock(exchange)
        for state in accounts(exchange, self.policy, self.extra):
            case = self._cases.get(state.account)
            if state.status in (Status.HEALTHY, Status.REDUCING):
                if case is not None:
                    commands += self._cured(state, case)
                if state.status is Status.HEALTHY:
                    continue
            else:
                case = case or self._cases.setdefault(state.account, Case(now))
                commands += self._called(exchange, state, case)
                overdue = now - case.called_at >= self.policy.grace_ns
                if overdue and state.status is Status.CALLED:
                    state = replace(state, status=Status.LIQUIDATING)
                if state.status is not Status.CALLED:
                    number = seq + len(commands)
                    commands += next_rows(exchange, state, case, self.policy, number)
            found.append(state)
        return Step(rows.rows_of(commands), tuple(found))

    def square_off(self, exchange: Exchange, chosen: Iterable[int]) -> Step:
        """The next step of closing everything that some accounts hold, however they stand.

        For positions that may not be kept over night: whole positions instead of shares of them.
        """
        commands: list[Message] = []
        wanted, found = set(chosen), []
        whole, (now, seq) = replace(self.policy, share_bps=BPS), self._clock(exchange)
        for state in accounts(exchange, self.policy, self.extra):
            if state.account in wanted:
                case = self._cases.setdefault(state.account, Case(now))
                made = next_rows(exchange, state, case, whole, seq + len(commands))
                if not made:
                    commands += self._cured(state, case)
                commands += made
                found.append(state)
        return Step(rows.rows_of(commands), tuple(found))

    @staticmethod
    def _clock(exchange: Exchange) -> tuple[int, int]:
        core = exchange.table(Table.CORE)[0]
        return int(core["time"]), int(core["seq"])

    def _called(self, exchange: Exchange, state: AccountState, case: Case) -> list[Message]:
        limits = exchange.table(Table.NODE_LIMIT)[state.account]
        if case.closed or limits[NodeAttr.STATUS] != NodeStatus.ACTIVE:
            return []
        case.closed = True
        return [rows.set_status(state.account, NodeStatus.CLOSE_ONLY)]

    def _cured(self, state: AccountState, case: Case) -> list[Message]:
        del self._cases[state.account]
        return [rows.set_status(state.account, NodeStatus.ACTIVE)] if case.closed else []
