"""Single orders a second through the project's own client: `python -m benches.layers.fast`.

A server of its own (policy memory, W1's accounts and limits), one `gridworks.fast.FastSession`, an
order and its cancel in turn, each a message of its own, at most 4,096 unanswered. An order counts
when its reports have been read; one that was refused ends the run.
"""

from __future__ import annotations

import ssl
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benches.flows.scene import FIRST_ACCOUNT, MIDDLE
from benches.load import local
from benches.machine import facts
from benches.workloads import MIXES, set_up
from domain.codes import Command, ExecType, OrdType, ReportType, Side, TimeInForce
from domain.errors import Unavailable
from domain.layout import COMMAND
from gridworks.api.trading.v1.order_entry_pb2 import Logon
from gridworks.fast import FastSession

UNANSWERED, PIECE = 4_096, 512
ROUNDS, SECONDS = 5, 2.0


def pairs(first: int, count: int) -> np.ndarray[Any, Any]:
    """An order far from the touch and its cancel, so often; ids from `first` on."""
    rows = np.zeros(count, COMMAND)
    numbers = np.arange(first, first + count)
    rows["instrument"], rows["account"], rows["cl_ord_id"] = 1, FIRST_ACCOUNT, numbers
    rows["command"][::2], rows["command"][1::2] = Command.NEW_ORDER, Command.CANCEL_ORDER
    rows["side"], rows["ord_type"] = Side.BUY, OrdType.LIMIT
    rows["time_in_force"][::2] = TimeInForce.GTC
    rows["price"][::2], rows["order_qty"][::2] = MIDDLE - 1_000, 1
    rows["orig_cl_ord_id"][1::2] = numbers[::2]
    for name in ("side", "ord_type"):
        rows[name][1::2] = 0
    return rows


def rate(session: FastSession, first: int) -> tuple[float, int]:
    """(messages a second over SECONDS, the next free id). Raises Unavailable."""
    sent = answered = 0
    begin = time.perf_counter()
    while (now := time.perf_counter() - begin) < SECONDS or answered < sent:
        if now < SECONDS and sent - answered <= UNANSWERED - PIECE:
            session.send(pairs(first + sent, PIECE))
            sent += PIECE
        found = session.receive(0 if now < SECONDS and sent - answered < UNANSWERED else 1)
        refused = found["exec_type"] == ExecType.REJECTED
        if (refused | (found["report"] != ReportType.EXECUTION)).any():
            raise Unavailable("an order was refused")
        answered += len(found)
    return sent / (time.perf_counter() - begin), first + sent


def main() -> None:
    """Measure with and without TLS and say it."""
    print(", ".join(f"{name} {value}" for name, value in facts().items()))
    with tempfile.TemporaryDirectory(prefix="gridworks-fast-") as folder:
        for tls in (False, True):
            place = Path(folder, str(tls))
            local.seed(place, [set_up(MIXES["W1"])])
            server = local.start(place, tls=tls, policy="memory", snapshot_every=0)
            root = server.target.root
            trust = None if root is None else ssl.create_default_context(cafile=str(root))
            if trust is not None:
                trust.set_alpn_protocols(["h2"])
            logon = Logon(session="fast", account=f"accounts/{FIRST_ACCOUNT}")
            try:
                with FastSession(server.target.gateway, server.target.key, logon, tls=trust) as one:
                    found, first = [], 1
                    for _ in range(1 + ROUNDS):
                        each, first = rate(one, first)
                        found.append(each)
            finally:
                server.stop()
            print(f"TLS {'on' if tls else 'off'}: {median(found[1:]):,.0f} single orders a second, "
                  f"{min(found[1:]):,.0f} to {max(found[1:]):,.0f}")  # fmt: skip


if __name__ == "__main__":
    main()
