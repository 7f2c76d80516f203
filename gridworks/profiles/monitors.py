"""Controls that look at many accounts or days: they read an exchange and yield commands.

They hold no lock and are no part of an order's way: whoever runs them decides how often, and what
they yield goes into the log as any command does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.attributes import NodeAttr, PositionAttr
from domain.codes import ExecType, NodeStatus, ReportType, Scope, Side
from domain.errors import InvalidField
from domain.messages import Setting

if TYPE_CHECKING:
    from gridworks.profiles.venue import Venue

_DAY_NS = 86_400 * 10**9
_BPS = 10_000


@dataclass(slots=True)
class MarketWideLimit:
    """The ban on positions of an underlying whose open interest is near its limit (India).

    limits: underlying -> lots that may be open in all; instruments: underlying -> its contracts;
    banned at enter_bps of the limit and more, until leave_bps or less. While banned, an account
    may only bring its positions nearer to 0: with a position its limit is one lot (an order that
    adds nothing passes), without one the contract is closed to it. Position limits of their own
    must be set again after a ban.
    """

    limits: Mapping[str, int]
    instruments: Mapping[str, Collection[str]]
    enter_bps: int = 9_500
    leave_bps: int = 8_000
    banned: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if not 0 < self.leave_bps <= self.enter_bps <= _BPS:
            allowed = "basis points above 0, not above enter_bps, at most 10000"
            raise InvalidField("leave_bps", self.leave_bps, allowed)
        for name, limit in self.limits.items():
            if limit <= 0:
                raise InvalidField(f"limits[{name!r}]", limit, "lots above 0")
            if name not in self.instruments:
                raise InvalidField("instruments", f"no {name!r}", "each underlying with a limit")

    def open_interest(self, exchange: Venue) -> dict[str, int]:
        """Lots that accounts hold long, by underlying."""
        held = _account_positions(exchange)
        long = held[held["qty"] > 0]
        return {
            name: int(long.loc[long["instrument"].isin(list(contracts)), "qty"].sum())
            for name, contracts in self.instruments.items()
        }

    def review(self, exchange: Venue) -> list[Setting]:
        """The commands that today's open interest asks for; apply them with `exchange.send`."""
        interest = self.open_interest(exchange)
        found: list[Setting] = []
        for name, limit in self.limits.items():
            used = interest[name] * _BPS
            if used >= self.enter_bps * limit:
                self.banned.add(name)
            elif name in self.banned and used <= self.leave_bps * limit:
                self.banned.discard(name)
                found += self._limits(exchange, name, lifted=True)
        for name in sorted(self.banned):
            found += self._limits(exchange, name, lifted=False)
        return found

    def _limits(self, exchange: Venue, name: str, lifted: bool) -> list[Setting]:
        held = _account_positions(exchange)
        rows = zip(held["node"], held["instrument"], held["qty"], strict=True)
        quantities = {(node, contract): qty for node, contract, qty in rows}
        nodes = exchange.accounts()
        found = []
        for node in nodes.loc[nodes["level"] == "ACCOUNT", "node"]:
            for contract in self.instruments[name]:
                flat = quantities.get((node, contract), 0) == 0
                for attribute, value in (
                    (PositionAttr.MAX_POSITION, 0 if lifted or flat else 1),
                    (PositionAttr.RESTRICTED, 1 if flat and not lifted else 0),
                ):
                    found.append(
                        Setting(scope=Scope.POSITION, entity=node, instrument=contract,
                                attribute=attribute, value=value)
                    )  # fmt: skip
        return found


def _account_positions(exchange: Venue) -> Any:
    """Rows of accounts; those of desks and above are sums of them."""
    held, nodes = exchange.positions(), exchange.accounts()
    return held[held["node"].isin(nodes.loc[nodes["level"] == "ACCOUNT", "node"])]


@dataclass(slots=True)
class _Today:
    """One account's quantity of one instrument: what it holds, and what of that is from today."""

    day: int = 0
    qty: int = 0
    opened: int = 0  # of qty, bought or sold short today
    closing: bool = False  # the last fill closed what was opened today

    def fill(self, day: int, signed: int) -> bool:
        """Whether this fill is the closing side of a new day trade."""
        if day != self.day:
            self.day, self.opened, self.closing = day, 0, False
        reduces = self.qty * signed < 0
        closed = min(abs(signed), abs(self.opened)) if reduces else 0
        new = closed > 0 and not self.closing
        left = abs(signed) - min(abs(signed), abs(self.qty)) if reduces else abs(signed)
        self.opened += closed if signed > 0 else -closed
        if left:  # opens, or goes through 0 to the other side
            self.opened += left if signed > 0 else -left
        self.closing = closed > 0 and not left
        self.qty += signed
        return new


@dataclass(slots=True)
class PatternDayTrader:
    """Accounts that day trade often may only close while their equity is too small (US, to 2026).

    A day trade opens and closes a position on one day; closing in several fills in a row is one.
    An account is flagged with `day_trades` or more in `days` business days that are more than
    `share_bps` of its trades then, and stays so until it is taken out of `flagged`. Equity is cash
    and unrealised profit, in minor units, which is right where equities are margined (PERCENT), as
    in the profile. utc_offset_ns: of the market's day.
    """

    day_trades: int = 4
    days: int = 5
    share_bps: int = 600
    least_equity: int = 2_500_000
    utc_offset_ns: int = 0
    flagged: set[int] = field(default_factory=set)
    held: set[int] = field(default_factory=set)  # accounts that may only close now
    _books: dict[tuple[int, int], _Today] = field(default_factory=lambda: defaultdict(_Today))
    _trades: dict[int, list[tuple[int, bool]]] = field(default_factory=lambda: defaultdict(list))

    def observe(self, reports: Any) -> None:
        """REPORT rows in their order, each once: what `exchange.apply` has returned."""
        fills = reports[
            (reports["report"] == ReportType.EXECUTION) & (reports["exec_type"] == ExecType.TRADE)
        ]
        columns = ("account", "instrument", "side", "last_qty", "transact_time")
        for account, instrument, side, qty, time in zip(
            *(fills[name].tolist() for name in columns), strict=True
        ):
            day = (time + self.utc_offset_ns) // _DAY_NS
            signed = qty if side == Side.BUY else -qty
            new = self._books[account, instrument].fill(day, signed)
            self._trades[account].append((day, new))
            self._judge(account, day)

    def _judge(self, account: int, day: int) -> None:
        today = np.datetime64(day, "D")
        first = np.busday_offset(today, 1 - self.days, roll="backward").astype(np.int64)
        recent = [(when, new) for when, new in self._trades[account] if when >= first]
        self._trades[account] = recent
        made = sum(new for _, new in recent)
        if made >= self.day_trades and made * _BPS > self.share_bps * len(recent):
            self.flagged.add(account)

    def review(self, exchange: Venue) -> list[Setting]:
        """The commands that accounts' equity asks for; apply them with `exchange.send`."""
        nodes, found = exchange.accounts(), []
        for account in sorted(self.flagged):
            row = nodes.iloc[account - 1]
            short = int(row["cash"] + row["unrealised"]) < self.least_equity
            if short == (account in self.held):
                continue
            status = NodeStatus.CLOSE_ONLY if short else NodeStatus.ACTIVE
            (self.held.add if short else self.held.discard)(account)
            found.append(
                Setting(scope=Scope.NODE, entity=account, attribute=NodeAttr.STATUS, value=status)
            )
        return found
