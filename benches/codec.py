"""Order-entry messages to rows and reports to messages: the kernels beside the generated code.

Workload: limit orders with eleven fields (ids of a day in progress, a flag, a good-till-cancel
price of five digits), and the acknowledgements and trades of them, in batches of 1, 256 and 2,048.
Both sides begin and end with the same: bytes and COMMAND rows, REPORT rows and bytes. "objects"
stands beside it for the generated code without the rows: parsing to, and writing from, messages
that are there already. The ways take turns, each a share of `seconds`, and the best time of each
counts: on a machine that does other things too, that is what the code costs.

    python -m benches.codec [SECONDS]      a few seconds for each line (default 1)
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import perf_counter, perf_counter_ns
from typing import Any

import numpy as np

from domain.codes import Command, ExecInst, ExecType, OrdStatus, OrdType, ReportType, Side
from domain.layout import COMMAND, REPORT
from gridworks.api.trading.v1.order_entry_pb2 import (
    OrderCommand,
    OrderEntryRequest,
    OrderEntryResponse,
    Report,
)
from server.codec.decoder import Decoder
from server.codec.encoder import Encoder

BATCHES = (1, 256, 2048)
Rows = np.ndarray[Any, Any]
Ways = dict[str, Callable[[], object]]
_FIELDS = (
    "command", "cl_ord_id", "account", "instrument", "side", "ord_type", "time_in_force",
    "order_qty", "price", "exec_inst", "stp_mode",
)  # fmt: skip
_REPORTED = tuple(field.name for field in Report.DESCRIPTOR.fields)
_ZEROS = ("exec_type", "ord_status", "time_in_force")


def orders(count: int) -> Rows:
    """New orders as rows."""
    rows, rng = np.zeros(count, COMMAND), np.random.default_rng(1)
    rows["command"], rows["ord_type"], rows["time_in_force"] = Command.NEW_ORDER, OrdType.LIMIT, 1
    rows["exec_inst"], rows["stp_mode"] = ExecInst.POST_ONLY, 2
    rows["cl_ord_id"] = np.arange(count) + 1_500_000
    rows["account"], rows["instrument"] = rng.integers(1, 2000, count), rng.integers(1, 500, count)
    rows["side"] = rng.choice([Side.BUY, Side.SELL], count)
    rows["order_qty"], rows["price"] = rng.integers(1, 500, count), rng.integers(9000, 11000, count)
    return rows


def reports(count: int) -> Rows:
    """Acknowledgements and trades, in turn, of those orders."""
    sent, rows = orders(count), np.zeros(count, REPORT)
    rows["report"], rows["working"] = ReportType.EXECUTION, 1
    for name in ("cl_ord_id", "account", "instrument", "side", "order_qty", "price", "ord_type"):
        rows[name] = sent[name]
    rows["seq"] = rows["exec_id"] = np.arange(count) + 2_500_000
    rows["transact_time"] = 1_800_000_000 * 10**9 + np.arange(count)
    rows["order_id"], rows["command"] = (rows["seq"] << 26) + 5, Command.NEW_ORDER
    rows["leaves_qty"], rows["time_in_force"] = rows["order_qty"], 1
    fills = rows[1::2]
    fills["exec_type"], fills["ord_status"] = ExecType.TRADE, OrdStatus.FILLED
    fills["cum_qty"] = fills["last_qty"] = fills["order_qty"]
    fills["last_px"], fills["trade_id"], fills["fee"] = fills["price"], fills["seq"], 1234
    fills["cum_value"], fills["leaves_qty"] = fills["price"] * fills["cum_qty"], 0
    fills["liquidity"], fills["working"] = 2, 0
    return rows


def message(rows: Rows) -> OrderEntryRequest:
    """Rows as the message that a client would send."""
    commands = []
    for row in rows:
        values: dict[str, Any] = {name: int(row[name]) for name in _FIELDS}
        values["exec_inst"] = [values["exec_inst"]]
        commands.append(OrderCommand(**values))
    return OrderEntryRequest(msg_seq_num=1, commands=commands)


def rows_by_objects(data: bytes, rows: Rows) -> Rows:
    """What a servicer without kernels does: a list of tuples, then columns."""
    table = [
        (
            c.command, c.cl_ord_id, c.account, c.instrument, c.side, c.ord_type,
            c.time_in_force % 48, c.order_qty, c.price, sum(c.exec_inst), c.stp_mode,
        )
        for c in OrderEntryRequest.FromString(data).commands
    ]  # fmt: skip
    for name, column in zip(_FIELDS, zip(*table)):
        rows[name] = column
    return rows


def message_of(rows: Rows) -> OrderEntryResponse:
    """Rows as the message that the server sends."""
    made = []
    for values in zip(*(rows[name].tolist() for name in _REPORTED)):
        cells = dict(zip(_REPORTED, values))
        for name in _ZEROS:
            cells[name] = cells[name] or 48
        made.append(Report(**cells))
    return OrderEntryResponse(msg_seq_num=1, reports=made)


def decoding(count: int) -> Ways:
    """Bytes to COMMAND rows."""
    rows = orders(count)
    data = message(rows).SerializeToString()
    decoder, empty = Decoder(rows=count, data=len(data)), np.zeros(count, COMMAND)
    assert decoder.one(data).tobytes() == rows_by_objects(data, empty).tobytes() == rows.tobytes()
    return {
        "kernel": lambda: decoder.one(data),
        "generated": lambda: rows_by_objects(data, empty),
        "objects": lambda: OrderEntryRequest.FromString(data),
    }


def encoding(count: int) -> Ways:
    """REPORT rows to bytes."""
    rows, encoder = reports(count), Encoder(rows=count)
    made = message_of(rows)

    def kernel() -> bytes:
        encoder.encode(rows)
        return encoder.reply(None, 1)

    assert kernel() == made.SerializeToString()
    return {
        "kernel": kernel,
        "generated": lambda: message_of(rows).SerializeToString(),
        "objects": made.SerializeToString,
    }


def best(ways: Ways, seconds: float) -> dict[str, float]:
    """Least nanoseconds of each way, in turns."""
    found = dict.fromkeys(ways, float("inf"))
    end = perf_counter() + seconds
    while True:
        for name, way in ways.items():
            for _ in range(5):
                start = perf_counter_ns()
                way()
                found[name] = min(found[name], perf_counter_ns() - start)
        if perf_counter() > end:
            return found


def measure(seconds: float = 1.0) -> list[tuple[str, int, dict[str, float]]]:
    """(what, batch, items a second by way) for each line of the table."""
    lines = []
    for what, ways in (("orders decoded", decoding), ("reports encoded", encoding)):
        for count in BATCHES:
            taken = best(ways(count), seconds)
            lines.append((what, count, {n: count * 1e9 / ns for n, ns in taken.items()}))
    return lines


def table(lines: list[tuple[str, int, dict[str, float]]]) -> str:
    """The lines as a Markdown table."""
    head = "| | batch | kernel, a second | generated code | objects only | kernel / generated |"
    out = [head, "|---|---|---|---|---|---|"]
    for what, count, rate in lines:
        times = rate["kernel"] / rate["generated"]
        cells = " | ".join(f"{rate[n]:,.0f}" for n in ("kernel", "generated", "objects"))
        out.append(f"| {what} | {count:,} | {cells} | {times:,.1f} |")
    return "\n".join(out)


if __name__ == "__main__":
    print(table(measure(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0)))
