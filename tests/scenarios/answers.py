"""What a story's exchange answers, in words: one line a report, one a side of the book."""

from __future__ import annotations

from domain.codes import (
    ExecType,
    Level,
    Liquidity,
    MarketType,
    OrdStatus,
    Phase,
    Reason,
    ReportType,
    Side,
)
from tests.scenarios.language import Desk

INDENT = "    "
SIDE = {Side.BUY: "buy", Side.SELL: "sell", Side.SELL_SHORT: "sell-short"}
SIDE[Side.SELL_SHORT_EXEMPT] = "sell-short-exempt"


class Story:
    """Plays lines on an exchange and puts its answers into words.

    `exchange` is anything with apply(rows) and depth(instrument); `market`, where it has one, is
    asked for indicative prices and phases.
    """

    def __init__(self, exchange) -> None:
        self.exchange = exchange
        self.desk = Desk()
        self.labels: dict[int, str] = {}  # order_id -> label
        self.reasons: set[Reason] = set()

    def play(self, line: str) -> list[str]:
        """The answers to one line."""
        if line.split()[0] == "book":
            return self.book(line.split()[1:])
        found = []
        for row in self.desk.rows(line):
            for report in self.exchange.apply(row):
                text = self.report(report)
                found += [INDENT + text] if text else []
            found += self.market()
        return found

    def book(self, words: list[str]) -> list[str]:
        instrument = self.desk.instruments[words[0]] if words else 1
        sides = zip(("bids", "asks"), self.exchange.depth(instrument), strict=True)
        return [
            INDENT + f"{name} " + (", ".join(f"{q} @ {p} ({n})" for p, q, n in rows) or "none")
            for name, rows in sides
        ]

    def market(self) -> list[str]:
        names = {number: name for name, number in self.desk.instruments.items()}
        found = []
        for row in getattr(self.exchange, "market", list)():
            name = names.get(int(row["instrument"]), "?")
            if row["market"] == MarketType.STATUS:
                found.append(f"{INDENT}* {name} is in {Phase(row['phase']).name}")
            elif row["market"] == MarketType.INDICATIVE:
                price, qty, surplus = (int(row[k]) for k in ("price", "qty", "qty_2"))
                found.append(f"{INDENT}* {name} would uncross {qty} @ {price}, surplus {surplus:+}")
        return found

    def report(self, row) -> str:
        self.reasons.add(Reason(row["reason"]))
        kind = ReportType(row["report"])
        if kind == ReportType.ADMIN:
            return self.refused(row, "REFUSED") if row["reason"] else ""
        if kind == ReportType.MASS_CANCEL:
            return self.refused(row, f"MASS_CANCEL of {row['order_qty']}")
        if kind == ReportType.CANCEL_REJECT:
            number = int(row["orig_cl_ord_id"]) or int(row["cl_ord_id"])
            return self.refused(row, f"CANCEL_REJECT {self.name(number)}")
        if row["exec_type"] == ExecType.REJECTED:
            return self.refused(row, f"REJECTED {self.name(int(row['cl_ord_id']))}")
        return self.execution(row)

    def name(self, number: int) -> str:
        return next((k for k, v in self.desk.orders.items() if v == number), f"#{number}")

    def refused(self, row, head: str) -> str:
        if not row["reason"]:
            return head
        text = f"{head} {Reason(row['reason']).name}"
        if row["level"]:
            text += f" at {Level(row['level']).name}"
        if row["limit"] or row["observed"] or row["headroom"]:
            text += f": limit {row['limit']}, observed {row['observed']}"
            text += f", headroom {row['headroom']}"
        return text

    def execution(self, row) -> str:
        label = self.name(int(row["cl_ord_id"]))
        self.labels[int(row["order_id"])] = label
        side = SIDE[Side(row["side"])]
        left = f"{row['leaves_qty']} of {row['order_qty']}"
        if row["exec_type"] == ExecType.TRADE:
            contra = self.labels.get(int(row["contra_order_id"]), "?")
            text = f"TRADE {label} {side} {row['last_qty']} @ {row['last_px']} with {contra}"
            text += f", {Liquidity(row['liquidity']).name.lower()}, left {left}"
            return text + (f", fee {row['fee']}" if row["fee"] else "")
        original = int(row["orig_cl_ord_id"])
        if row["exec_type"] == ExecType.REPLACED and original not in (0, row["cl_ord_id"]):
            label = f"{self.name(original)} -> {label}"
        text = f"{ExecType(row['exec_type']).name} {label} {side} {left} @ {row['price']}"
        if row["stop_px"]:
            text += f" stop {row['stop_px']}"
        if row["ord_status"] == OrdStatus.SUSPENDED:
            text += " suspended"
        return text + (f" {Reason(row['reason']).name}" if row["reason"] else "")


__all__ = ["INDENT", "Story"]
