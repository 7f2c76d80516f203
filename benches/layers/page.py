"""The results of `benches.end_to_end` as a page, with what the targets ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benches.page import table

Line = dict[str, Any]


def inside(lines: list[Line]) -> str:
    """Nanoseconds a command by layer and size of batch."""
    batches = sorted({line["batch"] for line in lines})
    columns = ("layer", *(f"{b:,}: ns" for b in batches), *(f"{b:,}: CPU ns" for b in batches))
    names = list(dict.fromkeys(line["layer"] for line in lines))
    cells = {(line["layer"], line["batch"]): line for line in lines}
    rows = [
        (name, *(f"{cells[name, b][key]:,.0f}" for key in ("wall_ns", "cpu_ns") for b in batches))
        for name in names
    ]  # fmt: skip
    return table(columns, rows)


def wire(lines: list[Line], tls: bool) -> str:
    """One row for each shape and server."""
    columns = (
        "shape", "server", "log", "messages/s", "orders/s", "p50 us", "p90", "p99", "p99.9",
        "server cores", "client cores", "refused",
    )  # fmt: skip
    rows = [
        (
            line["shape"], line["server"], line["policy"], f"{line['per_second']:,.0f}",
            f"{line['commands_per_second']:,.0f}",
            *(f"{line[f'{name}_ns'] / 1e3:,.0f}" for name in ("p50", "p90", "p99", "p99.9")),
            f"{line['server_cpu_cores']:.2f}" if line["policy"] else "",
            f"{line['client_cpu_cores']:.2f}", f"{line['refused']:,}",
        )
        for line in lines if line["tls"] == tls
    ]  # fmt: skip
    return table(columns, rows, 3)


class Found:
    """Looks figures up; missing ones are None."""

    def __init__(self, lines: list[Line], tls: bool) -> None:
        self._lines = {
            (each["shape"], each["server"], each["policy"]): each
            for each in lines if each["tls"] == tls
        }  # fmt: skip

    def get(self, shape: str, server: str, policy: str, name: str) -> float | None:
        """A figure."""
        line = self._lines.get((shape, server, policy))
        return None if line is None else float(line[name])

    def ratio(self, name: str, shape: str, ours: tuple[str, str], peer: str) -> float | None:
        """Ours over a peer's."""
        top, under = self.get(shape, *ours, name), self.get(shape, peer, "", name)
        return None if top is None or not under else top / under


Goal = tuple[str, float | None, Callable[[float], bool], str]


def goals(found: Found) -> list[Goal]:
    """(what is asked, figure, whether that is enough, how to show it)."""
    gateway, grpcio = ("gateway", "memory"), ("grpcio", "memory")
    return [
        ("window: gateway messages/s over the C++ echo's, more than 1",
         found.ratio("per_second", "window", gateway, "C++ echo"), lambda x: x > 1, "{:.2f}"),
        ("window: gateway messages/s over the Python echo's, at least 8",
         found.ratio("per_second", "window", gateway, "Python echo"), lambda x: x >= 8, "{:.1f}"),
        ("ping-pong: gateway p50 over the C++ echo's, at most 1",
         found.ratio("p50_ns", "ping-pong", gateway, "C++ echo"), lambda x: x <= 1, "{:.2f}"),
        ("ping-pong: grpcio p50 over the Python echo's, at most 1.3",
         found.ratio("p50_ns", "ping-pong", grpcio, "Python echo"), lambda x: x <= 1.3, "{:.2f}"),
        ("unary: grpcio p50 over the Python echo's, at most 1.3",
         found.ratio("p50_ns", "unary", grpcio, "Python echo"), lambda x: x <= 1.3, "{:.2f}"),
        ("batch 2,048, disk: orders/s, at least 2,000,000",
         _best(found, "batch 2,048"), lambda x: x >= 2e6, "{:,.0f}"),
        ("batch 256, disk: orders/s, at least 500,000",
         _best(found, "batch 256"), lambda x: x >= 5e5, "{:,.0f}"),
        ("256 clients, disk: p99 in ms, under 25",
         _milliseconds(found.get("256 clients", "gateway", "disk", "p99_ns")),
         lambda x: x < 25, "{:.1f}"),
    ]  # fmt: skip


def _best(found: Found, shape: str) -> float | None:
    """The better door under the policy disk."""
    doors = ("gateway", "grpcio")
    rates = [found.get(shape, door, "disk", "commands_per_second") for door in doors]
    known = [rate for rate in rates if rate is not None]
    return max(known) if known else None


def _milliseconds(ns: float | None) -> float | None:
    return None if ns is None else ns / 1e6


def targets(lines: list[Line]) -> str:
    """What is asked, and what there is with TLS off and on."""
    off, on = (goals(Found(lines, tls)) for tls in (False, True))
    rows = [(first[0], *_met(first), *_met(second)) for first, second in zip(off, on)]
    return table(("target", "TLS off", "met", "TLS on", "met"), rows)


def _met(goal: Goal) -> tuple[str, str]:
    _, value, enough, shown = goal
    if value is None:
        return "-", ""
    return shown.format(value), "yes" if enough(value) else "no"


def markdown(document: Line) -> str:
    """The whole page."""
    machine = ", ".join(f"{key} {value}" for key, value in document["machine"].items())
    parts = ["# From the wire to the disk, measured", machine + ".", document["how"]]
    if document["wire"]:
        parts += ["## Targets", targets(document["wire"])]
    parts += ["## Layers in one process, W1, nanoseconds a command", inside(document["inside"])]
    for tls in (False, True):
        if any(line["tls"] == tls for line in document["wire"]):
            parts += [f"## On the wire, TLS {'on' if tls else 'off'}", wire(document["wire"], tls)]
    parts += [f"{name}: {why}." for name, why in document["missing"].items()]
    return "\n\n".join(parts) + "\n"
