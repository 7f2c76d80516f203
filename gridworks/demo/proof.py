"""What the traders wrote down against what the server says: each proof with its figures."""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from gridworks.client import Client, codes
from gridworks.demo.flow import Flow, Trader
from gridworks.demo.market import CARELESS, DEPOSIT, OWNERS, SYMBOLS, lots


class Proof(NamedTuple):
    """A statement, whether it holds, and its figures."""

    what: str
    holds: bool
    figures: str


def of_the_flow(broker: Client, flow: Flow) -> list[Proof]:
    """Nothing lost, nothing doubled: the sessions' records against the server's executions."""
    traders = flow.traders
    heard = sum(len(trader.record) for trader in traders)
    sent = sum(trader.session.sent for trader in traders)
    applied = sum(trader.session.applied for trader in traders)
    gaps = [t.owner for t in traders if sorted(t.record) != list(range(1, len(t.record) + 1))]
    doubled = sum(trader.repeated for trader in traders) + _doubled(traders)
    told = {t.owner: _told(broker, t.owner, flow.first_exec_id) for t in traders}
    differ = [trader.owner for trader in traders if _mine(trader) != told[trader.owner]]
    moved = {trader.owner: _moved(trader, flow) for trader in traders}
    held = {trader.owner: lots(broker, trader.owner) for trader in traders}
    away = [owner for owner in moved if moved[owner] != held[owner]]
    return [
        Proof("every command that was sent was applied", sent == applied,
              f"{sent:,} sent, {applied:,} applied"),
        Proof("the numbers of the reports have no gap", not gaps and heard > 0,
              f"{heard:,} reports in {len(traders)} sessions"),
        Proof("no order and no report came twice", doubled == 0, f"{doubled} repetitions"),
        Proof("what the traders heard is what the server has", not differ,
              f"{sum(map(len, told.values())):,} executions compared, one by one"),
        Proof("positions added up from the fills are the server's", not away,
              ", ".join(f"{owner} {sum(held[owner].values()):+,}" for owner in held)),
    ]  # fmt: skip


def _mine(trader: Trader) -> list[tuple[int, int, int, int]]:
    rows = (trader.record[number] for number in sorted(trader.record))
    return [(r.exec_id, r.cl_ord_id, r.exec_type, r.last_qty) for r in rows]


def _told(broker: Client, owner: str, after: int) -> list[tuple[int, int, int, int]]:
    listed = broker.trading.list_executions(owner, after_exec_id=after, page_size=1000)
    return [(e.exec_id, e.cl_ord_id, e.exec_type, int(e.last_qty or 0)) for e in listed]


def _doubled(traders: list[Trader]) -> int:
    """Orders that were accepted more than once."""
    new = [
        r.cl_ord_id for t in traders for r in t.record.values()
        if r.exec_type == codes.EXEC_TYPE_NEW
    ]  # fmt: skip
    return len(new) - len(set(new))


def _moved(trader: Trader, flow: Flow) -> dict[str, int]:
    """What an account holds by its own record."""
    held, names = dict(trader.held), {s.number: s.symbol for s in flow.scales.values()}
    for report in trader.record.values():
        if report.last_qty:
            sign = 1 if report.side == codes.SIDE_BUY else -1
            held[names[report.instrument]] += sign * report.last_qty
    return held


def of_the_books(operator: Client, broker: Client) -> list[Proof]:
    """The laws of every market, and the same state out of the log."""
    owners = (*OWNERS, CARELESS)
    held = [lots(broker, owner) for owner in owners]
    sums = [sum(each[symbol] for each in held) for symbol in SYMBOLS]
    states = [broker.risk.get_risk_state(owner) for owner in owners]
    kept = sum((Decimal(s.cash) + Decimal(s.fees) for s in states), Decimal(0))
    paid = DEPOSIT * len(owners)
    return [
        Proof("positions of each instrument sum to zero", not any(sums), str(sums)),
        Proof("cash and fees are what was paid in", kept == paid, f"{kept:,} = {paid:,}"),
        _replayed(operator),
    ]


def _replayed(operator: Client) -> Proof:
    """The whole log, verified and applied again, against the state of the running server."""
    for _ in range(20):  # time is a command too: take a moment at which none came in between
        found = list(operator.admin.verify_log(replay=True))[-1]
        now = operator.admin.create_snapshot(validate_only=True)
        if found.seq == now.seq:
            break
    same = bool(found.sound and found.seq == now.seq and found.state_hash == now.state_hash)
    what = f"the log's {found.seq:,} commands, applied again, end in the server's state"
    return Proof(what, same, f"{now.state_hash[:16]} = {found.state_hash[:16]}")
