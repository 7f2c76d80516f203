"""Whole servers and empty ones under one C++ client, in turns: what a way through gRPC costs.

The servers are processes on loopback with W1's accounts, limits and instrument. `grpcio` and
`gateway` are the two doors of one server; `C++ echo` and `Python echo` send each message back. All
have TLS or none has. Shapes:

    ping-pong     one stream, one order unanswered
    window        one stream, 64 orders unanswered, one order a message
    unary         SubmitOrder and CancelOrder in turn, one call at a time
    batch N       one stream, W1 in messages of N, about 49,000 orders unanswered
    256 clients   256 streams on four connections, one order unanswered in each
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benches.flows.scene import FIRST_ACCOUNT, MIDDLE
from benches.load import local
from benches.load.encoding import messages
from benches.load.local import Local, Target
from benches.peers.drive import Result, Shape, drive, write_flow
from benches.workloads import MIXES, Flow, set_up
from domain.codes import Command
from domain.errors import GridWorksError, Unavailable
from domain.layout import COMMAND

MIX = MIXES["W1"]
STRETCH = 60_000  # commands of the flow that batches send over and over
UNANSWERED = 49_152  # of the 65,536 that the server's inbox holds
ACCOUNT = f"accounts/{FIRST_ACCOUNT}"
OURS: dict[str, Any] = {"accounts": ACCOUNT, "symbol": 1, "price": MIDDLE - 1_000}
SINGLE = {"ping-pong": Shape(), "window": Shape(window=64), "unary": Shape(mode="unary")}
CLIENTS = Shape(sessions=256, channels=4)
BATCHES = (256, 2_048)
POLICIES = ("memory", "disk")
LOGONS_S = 2.0  # 256 of them at once, before what is measured


@dataclass(frozen=True)
class Case:
    """One shape on one server."""

    shape: str
    server: str
    policy: str  # of our log; empty for those who have none
    tls: bool


def round_trip(seed: int = 7) -> np.ndarray[Any, Any]:
    """A stretch of W1 that begins and ends with an empty book, so that it can be sent again."""
    flow = Flow(MIX, seed)
    parts = [*flow.fill(), flow.commands(STRETCH)]
    live = flow.live_ids()
    last = np.zeros(len(live), COMMAND)
    last["command"], last["instrument"] = Command.CANCEL_ORDER, 1
    last["orig_cl_ord_id"], last["account"] = live["id"], live["account"]
    last["cl_ord_id"] = int(max(part["cl_ord_id"].max() for part in parts)) + 1
    last["cl_ord_id"] += np.arange(len(last))
    return np.concatenate([*parts, last])


@dataclass
class Servers:
    """All servers of one kind of transport."""

    client: Path
    tls: bool
    ours: dict[str, Local]
    echoes: dict[str, Target]
    flows: dict[int, Path]

    def run(self, case: Case, seconds: float) -> Result:
        """Drive one case. Raises Unavailable; also if an order was refused, which is less work."""
        warmup = min(0.3, seconds / 3)
        if case.server in self.echoes:
            shape = replace(SINGLE[case.shape], seconds=seconds, warmup=warmup)
            return drive(self.client, self.echoes[case.server], shape, echo=True)
        server = self.ours[case.policy]
        target = server.target
        if case.server == "gateway":
            target = replace(target, address=target.gateway)
        flow = None
        if case.shape == "256 clients":
            shape, warmup = CLIENTS, warmup + LOGONS_S
        elif case.shape in SINGLE:
            shape = SINGLE[case.shape]
        else:
            batch = int(case.shape.removeprefix("batch ").replace(",", ""))
            shape, flow = Shape(window=UNANSWERED // batch), self.flows[batch]
        shape = replace(shape, seconds=seconds, warmup=warmup)
        before = server.processor_seconds
        found = drive(self.client, target, shape, flow=flow, **OURS)
        found["server_cpu"] = server.processor_seconds - before
        if found["refused"]:
            raise Unavailable(f"{found['refused']:,} of the orders were refused")
        return found


@contextmanager
def servers(client: Path, echo: Path, tls: bool) -> Iterator[Servers]:
    """Start everything, stop it at the end. Raises Unavailable."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gridworks-wire-")))
        ours = {}
        for policy in POLICIES:
            local.seed(folder / policy, [set_up(MIX)])
            ours[policy] = local.start(folder / policy, tls=tls, policy=policy, snapshot_every=0)
            stack.callback(ours[policy].stop)
        certs = [str(folder / "memory" / "certs")] if tls else []
        commands = {
            "C++ echo": [str(echo), *(f"--certs={path}" for path in certs)],
            "Python echo": [sys.executable, "-m", "benches.peers.echo", *certs],
        }
        echoes = {}
        for name, command in commands.items():
            port, process = local.launch(command, folder)
            stack.callback(_end, process)
            echoes[name] = Target(f"{local.HOST}:{port}", "", ours["memory"].target.root)
        flows, rows = {}, round_trip()
        for batch in BATCHES:
            flows[batch] = folder / f"flow{batch}"
            write_flow(flows[batch], messages(rows, batch))
        yield Servers(client, tls, ours, echoes, flows)


def _end(process: Any) -> None:
    process.kill()
    process.wait(10)
    process.stdout.close()


def cases(tls: bool) -> list[Case]:
    """Everything that is measured; neighbours are those that are compared."""
    found = []
    for shape in SINGLE:
        found += [Case(shape, name, "", tls) for name in ("C++ echo", "Python echo")]
        found += [Case(shape, name, "memory", tls) for name in ("gateway", "grpcio")]
    found += [Case("ping-pong", "gateway", "disk", tls), Case("unary", "grpcio", "disk", tls)]
    for batch in BATCHES:
        for policy in reversed(POLICIES):
            names = ("gateway", "grpcio") if policy == "disk" else ("gateway",)
            found += [Case(f"batch {batch:,}", name, policy, tls) for name in names]
    found += [Case("256 clients", name, "disk", tls) for name in ("gateway", "grpcio")]
    return found


def measure(
    client: Path, echo: Path, rounds: int, seconds: float, say: Callable[[str], None]
) -> tuple[dict[Case, list[Result]], dict[str, str]]:
    """(results of each case by round, what could not be measured and why)."""
    found: dict[Case, list[Result]] = {}
    missing: dict[str, str] = {}
    for tls in (False, True):
        say(f"servers, TLS {'on' if tls else 'off'}")
        with servers(client, echo, tls) as running:
            for number in range(rounds):
                for case in cases(tls):
                    told = f"{case.shape}, {case.server} {case.policy}".strip()
                    if told in missing:
                        continue
                    say(f"TLS {'on' if tls else 'off'}, {number + 1} of {rounds}: {told}")
                    try:
                        found.setdefault(case, []).append(running.run(case, seconds))
                    except GridWorksError as problem:
                        missing[told] = str(problem)
    return {case: lines for case, lines in found.items() if lines}, missing


def summary(found: dict[Case, list[Result]]) -> list[dict[str, Any]]:
    """Medians of the rounds, as plain data; latencies in ns a message."""
    lines = []
    for case, results in found.items():
        line: dict[str, Any] = {
            "shape": case.shape, "server": case.server, "policy": case.policy, "tls": case.tls,
        }  # fmt: skip
        for name in ("per_second", "commands_per_second"):
            line[name] = median(each[name] for each in results)
            line[f"{name}_all"] = [each[name] for each in results]
        for name in ("p50", "p90", "p99", "p99.9", "max"):
            line[f"{name}_ns"] = median(each["ns"].get(name, 0) for each in results)
        for name, over in (("server_cpu", "elapsed"), ("client_cpu", "seconds")):
            cores = [each.get(name, 0.0) / each[over] for each in results]
            line[f"{name}_cores"] = median(cores)
        line["cancels_p50_ns"] = median(each["cancels_ns"].get("p50", 0) for each in results)
        line["refused"] = sum(each["refused"] for each in results)
        lines.append(line)
    return lines
