"""A REPORT row as an object: fields are read when they are asked for, codes come back by name."""

from __future__ import annotations

from collections import deque
from decimal import Decimal
from enum import IntEnum
from typing import Any

import numpy as np

from domain import layout
from domain.codes import (
    Command,
    ExecType,
    Level,
    Liquidity,
    OrdStatus,
    OrdType,
    Reason,
    ReportType,
    Side,
    TimeInForce,
)

CODES: dict[str, type[IntEnum]] = {
    "reason": Reason, "report": ReportType, "command": Command, "exec_type": ExecType,
    "ord_status": OrdStatus, "side": Side, "ord_type": OrdType, "time_in_force": TimeInForce,
    "liquidity": Liquidity, "level": Level,
}  # fmt: skip
_SHOWN = ("seq", "exec_type", "ord_status", "account", "instrument", "side", "order_id",
          "cl_ord_id", "price", "order_qty", "leaves_qty", "last_px", "last_qty")  # fmt: skip


class Report:
    """One report. Its fields are those of `domain.layout.REPORT`: prices in ticks, quantities in
    lots, money in minor units, times in ns; codes are members of `domain.codes`.
    """

    __slots__ = ("_at", "_rows")

    def __init__(self, rows: np.ndarray[Any, Any], at: int) -> None:
        self._rows, self._at = rows, at

    def __getattr__(self, name: str) -> Any:
        try:
            value = int(self._rows[name][self._at])
        except (ValueError, IndexError, TypeError):
            raise AttributeError(f"a report has no field {name!r}") from None
        kind = CODES.get(name)
        try:
            return kind(value) if kind is not None else value
        except ValueError:  # what a refused row held
            return value

    @property
    def refused(self) -> bool:
        """Whether the command was refused, rather than an order having ended."""
        if self.report == ReportType.EXECUTION:
            return bool(self.exec_type == ExecType.REJECTED)
        return bool(self.reason != Reason.NONE)

    @property
    def avg_px(self) -> Decimal:
        """Average price of all fills so far, in ticks; 0 without a fill."""
        return Decimal(self.cum_value) / self.cum_qty if self.cum_qty else Decimal(0)

    def explain(self) -> str:
        """In words: which check refused, at which level, and by how much."""
        if not self.reason:
            return "accepted"
        name = getattr(self.reason, "name", str(self.reason))
        if not self.refused:
            what = "was restated" if self.exec_type == ExecType.RESTATED else "ended"
            return f"order {self.order_id} {what}: {name}"
        level = f" at {self.level.name.lower()} level" if self.level else ""
        numbers = ""
        if self.limit or self.observed or self.headroom:
            numbers = f": limit {self.limit}, observed {self.observed}, headroom {self.headroom}"
        return f"refused by {name}{level}{numbers}"

    def __repr__(self) -> str:
        if self.report in (ReportType.ADMIN, ReportType.MASS_CANCEL):
            return f"<Report seq={self.seq} {getattr(self.command, 'name', '?')} {self.explain()}>"
        pairs = ((name, getattr(self, name)) for name in _SHOWN)
        shown = " ".join(f"{n}={getattr(v, 'name', v)}" for n, v in pairs if v != 0 or n == "seq")
        return f"<Report {shown} {self.explain()}>"


class Newest:
    """The newest report rows, at least `keep` of them where there were so many."""

    def __init__(self, keep: int) -> None:
        self._keep, self._kept, self._count = keep, deque[np.ndarray[Any, Any]](), 0

    def add(self, reports: np.ndarray[Any, Any]) -> None:
        """Keep these; let go of what is too old."""
        self._kept.append(reports)
        self._count += len(reports)
        while self._kept and self._count - len(self._kept[0]) >= self._keep:
            self._count -= len(self._kept.popleft())

    def rows(self) -> np.ndarray[Any, Any]:
        """All of them, as one array of REPORT rows."""
        data = bytearray().join(rows.tobytes() for rows in self._kept)
        return np.ndarray(len(data) // layout.REPORT.itemsize, layout.REPORT, data)
