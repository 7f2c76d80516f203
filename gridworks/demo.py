"""The story that `gridworks demo` tells: a small market from its first order to its books."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from benches.flows.scene import FIRST_ACCOUNT, GAP_NS, START_NS, array_of, row
from benches.workloads import Flow, Mix, set_up
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import (
    Command,
    ExecType,
    Level,
    OrdType,
    Phase,
    Reason,
    ReportType,
    Scope,
    TimeInForce,
)
from domain.layout import REPORT
from domain.tables import Table
from engine.exchange import Exchange

Rows = np.ndarray[Any, Any]
SYMBOLS = ("ALPHA", "BETA", "GAMMA")
OWNERS = ("Ada", "Bela", "Cleo", "Dora", "Emil", "Finn", "Gwen", "Hugo")
CARELESS = FIRST_ACCOUNT + len(OWNERS)  # the account whose orders the checks stop
BATCH = 1_024
MIX = Mix("demo", 1_500, 120, instruments=len(SYMBOLS), accounts=len(OWNERS))
FIRST_PROBE_ID = 10**12  # ids that the flow never reaches
SECOND = 10**9


@dataclass
class Market:
    """An exchange, all that was sent to it and what came of it."""

    exchange: Exchange = field(default_factory=Exchange)
    sent: list[Rows] = field(default_factory=list)
    commands: int = 0
    reports: int = 0
    trades: int = 0
    refused: list[Rows] = field(default_factory=list)
    busy_ns: int = 0
    now: int = START_NS
    next_id: int = FIRST_PROBE_ID

    def send(self, rows: Rows) -> Rows:
        """Apply a batch and keep it for the replay."""
        start = time.perf_counter_ns()
        reports = self.exchange.apply(rows)
        self.busy_ns += time.perf_counter_ns() - start
        self.sent.append(rows)
        self.now = max(self.now, int(rows["transact_time"][-1]))
        self.commands += len(rows)
        self.reports += len(reports)
        self.trades += int((reports["exec_type"] == ExecType.TRADE).sum()) // 2
        bad = (reports["exec_type"] == ExecType.REJECTED) & (
            reports["report"] == ReportType.EXECUTION
        )
        if bad.any():
            self.refused.append(reports[bad])
        return reports

    def do(self, *rows: dict[str, int]) -> Rows:
        """Apply a few commands, ten microseconds after the last one."""
        batch = array_of(list(rows))
        batch["transact_time"] = self.now + GAP_NS
        return self.send(batch)

    def order(self, account: int, side: int, qty: int, price: int, **more: int) -> dict[str, int]:
        """A limit order with a fresh id."""
        self.next_id += 1
        fields = {"instrument": 1, "ord_type": int(OrdType.LIMIT)} | more
        return row(
            Command.NEW_ORDER, account=account, side=side, order_qty=qty, price=price,
            cl_ord_id=self.next_id, **fields,
        )  # fmt: skip

    @property
    def prices(self) -> list[int]:
        """Last price of each instrument."""
        return [int(p) for p in self.exchange.table(Table.BOOK)["last_px"][1:]]


def node_set(entity: int, attribute: NodeAttr, value: int) -> dict[str, int]:
    """A limit of a node."""
    return row(Command.SET, scope=Scope.NODE, entity=entity, attribute=attribute, value=value)


def open_market(market: Market) -> Rows:
    """Everyone and everything, then an opening auction; returns the auction's trades."""
    market.send(set_up(MIX))
    careless = {
        NodeAttr.MAX_ORDER_QTY: 5_000, NodeAttr.MAX_ORDER_VALUE: 4 * 10**9,
        NodeAttr.FAT_FINGER_BPS: 300, NodeAttr.MAX_POSITION: 1_000,
    }  # fmt: skip
    market.do(
        row(Command.NODE_ADD, entity=CARELESS, index=Level.ACCOUNT, parent=4),
        row(Command.DEPOSIT, account=CARELESS, value=10**9),
        *(node_set(CARELESS, name, value) for name, value in careless.items()),
        row(Command.PHASE, scope=Scope.MARKET, value=Phase.OPENING_AUCTION),
    )
    orders = []
    for k in range(240):
        side, away = 1 + k % 2, (k * 37) % 60
        price = 1_000_010 - away if side == 2 else 999_990 + away
        orders.append(
            market.order(
                FIRST_ACCOUNT + k % len(OWNERS), side, 10 + k % 7, price,
                instrument=1 + k % 3, time_in_force=int(TimeInForce.AT_THE_OPEN),
            )
        )
    market.do(*orders)
    reports = market.do(row(Command.UNCROSS, scope=Scope.MARKET))
    trades: Rows = reports[reports["exec_type"] == ExecType.TRADE]
    return trades


def trade(market: Market, commands: int, told: Callable[[int], None]) -> None:
    """Continuous trading in batches, with a careless order every few batches."""
    flow = Flow(MIX)
    for rows in flow.fill():
        rows["transact_time"] += market.now - START_NS
        market.send(rows)
    start = market.now
    chunk = 50 * BATCH
    done = 0
    while done < commands:
        rows = flow.commands(min(chunk, commands - done))
        rows["transact_time"] += start - START_NS
        for first in range(0, len(rows), BATCH):
            market.send(rows[first : first + BATCH])
            told(len(rows[first : first + BATCH]))
        done += len(rows)
        careless(market)


def careless(market: Market) -> None:
    """Orders that the checks are there for."""
    px = market.prices[0]
    ioc = int(TimeInForce.IOC)
    market.do(
        market.order(CARELESS, 1, 100, px + px // 10, time_in_force=ioc),
        market.order(CARELESS, 2, 1_500, px + 60, time_in_force=ioc),
        market.order(CARELESS, 1, 6_000, px, time_in_force=ioc),
        market.order(CARELESS, 1, 4_500, px, time_in_force=ioc),
        market.order(CARELESS, 1, 999, px - 40, time_in_force=ioc),
    )


def kill_switch(market: Market) -> tuple[int, Reason, int]:
    """Stop a desk: (orders canceled, why its next order is refused, orders left of it)."""
    reports = market.do(row(Command.KILL_ON, scope=Scope.NODE, entity=5))
    gone = int((reports["exec_type"] == ExecType.CANCELED).sum())
    account = next(n for n in range(FIRST_ACCOUNT, CARELESS) if n % 4 == 1)
    refused = market.do(market.order(account, 1, 1, market.prices[0] - 50))
    left = int(market.exchange.table(Table.NODE)["open_orders"][5])
    market.do(row(Command.KILL_OFF, scope=Scope.NODE, entity=5))
    return gone, Reason(int(refused["reason"][0])), left


def volatility_auction(market: Market) -> tuple[int, int, int, Phase, Phase]:
    """A sweep through the band: (last before, trades before the stop, auction price, phases)."""
    number = len(SYMBOLS)
    values = {
        InstrumentAttr.DYNAMIC_BPS: 1,
        InstrumentAttr.VOLATILITY_AUCTION: 1,
        InstrumentAttr.VOLATILITY_NS: 30 * SECOND,
    }
    market.do(
        *(
            row(Command.SET, scope=Scope.INSTRUMENT, entity=number, attribute=a, value=v)
            for a, v in values.items()
        ),
        row(Command.SET, scope=Scope.INSTRUMENT, entity=number,
            attribute=InstrumentAttr.REFERENCE_PRICE, value=market.prices[-1]),
    )  # fmt: skip
    before = market.prices[-1]
    far = before + 300  # the band is 1 basis point: 100 ticks
    market.do(market.order(FIRST_ACCOUNT + 2, 2, 50, far, instrument=number))
    asks = market.exchange.depth(number)[1]
    qty, ceiling = int(asks[asks[:, 0] <= far, 1].sum()), far
    reports = market.do(market.order(FIRST_ACCOUNT, 1, qty, ceiling, instrument=number))
    fills = int((reports["exec_type"] == ExecType.TRADE).sum()) // 2
    during = Phase(int(market.exchange.table(Table.BOOK)["phase"][number]))
    tick = array_of([row(Command.TICK)])
    tick["transact_time"] = market.now + 31 * SECOND
    market.send(tick)
    after = Phase(int(market.exchange.table(Table.BOOK)["phase"][number]))
    assert before > 0
    return before, fills, market.prices[-1], during, after


def refusals(market: Market) -> list[tuple[Reason, int, Rows]]:
    """(reason, how many, the first of them), most frequent first."""
    if not market.refused:
        return []
    rows = np.concatenate(market.refused)
    reasons, first, counts = np.unique(rows["reason"], return_index=True, return_counts=True)
    found = [
        (Reason(int(r)), int(n), rows[i]) for r, i, n in zip(reasons, first, counts, strict=True)
    ]
    return sorted(found, key=lambda item: (-item[1], item[0]))


def laws(market: Market) -> list[tuple[str, bool, str]]:
    """(law, whether it holds, figures)."""
    exchange = market.exchange
    nodes, positions = exchange.table(Table.NODE), exchange.table(Table.POSITION)
    accounts = nodes["level"] == Level.ACCOUNT
    held = accounts[positions["node"]]
    sums = [
        int(positions["qty"][held & (positions["instrument"] == k)].sum())
        for k in range(1, len(SYMBOLS) + 1)
    ]
    sent = np.concatenate(market.sent)
    paid_in = int(sent["value"][sent["command"] == Command.DEPOSIT].sum())
    cash, fees = int(nodes["cash"][accounts].sum()), int(nodes["fees"][accounts].sum())
    crossed = 0
    for number in range(1, len(SYMBOLS) + 1):
        bids, asks = exchange.depth(number, 1)
        crossed += bool(len(bids) and len(asks) and bids[0, 0] >= asks[0, 0])
    return [
        ("positions of each instrument sum to zero", not any(sums), str(sums)),
        ("cash + fees = deposits", cash + fees == paid_in, f"{cash + fees:,} = {paid_in:,}"),
        ("no book is crossed", crossed == 0, f"{crossed} crossed"),
    ]


def replayed(market: Market) -> tuple[str, float]:
    """The state hash of a second exchange fed the same commands, and the seconds it took."""
    again = Exchange()
    start = time.perf_counter()
    again.replay(market.sent)
    seconds = time.perf_counter() - start
    return again.state_hash(), seconds


def warm_up() -> None:
    """Compile, or load, the kernels."""
    exchange = Exchange()
    exchange.apply(array_of([row(Command.TICK, transact_time=START_NS)]))
    assert REPORT.itemsize


def holdings(market: Market) -> list[tuple[str, list[int], float, float, int]]:
    """(owner, lots of each instrument, profit and fees in money, open orders) of each account."""
    nodes, positions = market.exchange.table(Table.NODE), market.exchange.table(Table.POSITION)
    found = []
    for k, owner in enumerate((*OWNERS, "Careless")):
        account = FIRST_ACCOUNT + k
        lots = [0] * len(SYMBOLS)
        for position in positions[positions["node"] == account]:
            lots[int(position["instrument"]) - 1] = int(position["qty"])
        node = nodes[account]
        profit = (int(node["realised"]) + int(node["unrealised"])) / 100
        found.append((owner, lots, profit, int(node["fees"]) / 100, int(node["open_orders"])))
    return found
