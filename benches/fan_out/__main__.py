"""How long it takes until thousands of readers of market data have an update.

A server of its own on loopback, a market of `--instruments`, `--readers` that follow the best bid
and ask (L1) of one of them each, and `--rate` orders a second in all, each of which changes the
best bid of one instrument; so every order is a message to readers / instruments readers. Ends with
1 when an update did not reach everybody, with 2 when it could not be measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from benches.fan_out.outcome import Outcome
from benches.fan_out.run import Wish, on_own_server
from benches.machine import facts
from domain.errors import GridWorksError

HELP = {
    "readers": "streams, each of one instrument",
    "instruments": "that they follow, readers shared out evenly",
    "rate": "orders a second in all",
    "seconds": "how long",
    "warmup": "seconds whose updates do not count",
    "door": "gateway or grpcio",
    "connections": "that carry the readers; 0: one for each 100",
    "conflation_ms": "tell the readers at most once in so long; 0: of every update",
    "price": "of the orders, in ticks",
}


def options(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(
        "python -m benches.fan_out", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    for each in fields(Wish):
        name, kind = f"--{each.name.replace('_', '-')}", type(each.default)
        text = f"{HELP[each.name]} ({each.default})"
        parser.add_argument(name, type=kind, default=each.default, help=text)
    parser.add_argument("--tls", action="store_true", help="readers and orders come over TLS")
    parser.add_argument("--policy", default="disk", choices=("disk", "memory"),
                        help="when the server answers an order (disk)")  # fmt: skip
    parser.add_argument("--within", type=float, default=0.0, metavar="MS",
                        help="end with 1 when the p99 from due to the last reader is longer"
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    return parser.parse_args(arguments)


def show(outcome: Outcome) -> None:
    """The outcome as text."""
    print(f"{'ms':28}{'count':>9}" + "".join(f"{n:>9}" for n in ("p50", "p90", "p99", "max")))
    for name, line in outcome.times().items():
        if line["count"]:
            cells = "".join(f"{line[key]:>9.2f}" for key in ("p50", "p90", "p99", "max"))
            print(f"{name:28}{line['count']:>9,}{cells}")
    made = outcome.document()
    print(f"{made['messages']:,} messages to readers in {made['seconds']:.1f} s, "
          f"{made['messages_per_second']:,.0f} a second")  # fmt: skip
    server, readers = made["server_us_per_message"], made["readers_us_per_message"]
    print(f"processor time a message: server {server:.1f} us ({made['server_cores']:.2f} cores), "
          f"readers {readers:.1f} us")  # fmt: skip
    for problem in outcome.problems:
        print(f"WRONG: {problem}")


def verdict(outcome: Outcome, within: float) -> bool:
    """Whether every update reached everybody, and the p99 soon enough if that was asked."""
    p99 = outcome.times()["last reader, from due"].get("p99", float("inf"))
    if within and p99 > within:
        outcome.problems.append(f"p99 is {p99:.1f} ms, wanted within {within:g} ms")
    return not outcome.problems


def main(arguments: list[str] | None = None) -> int:
    """Measure and print; the exit code."""
    given = options(arguments)
    wish = Wish(**{each.name: getattr(given, each.name) for each in fields(Wish)})
    try:
        outcome = on_own_server(wish, tls=given.tls, policy=given.policy)
    except GridWorksError as error:
        print(error, file=sys.stderr)
        return 2
    good = verdict(outcome, given.within)
    shown: dict[str, Any] = {"tls": given.tls, "policy": given.policy, "within_ms": given.within}
    machine = facts()
    print(f"{wish.readers:,} readers of {wish.instruments:,} instruments on {wish.sockets:,} "
          f"connections through {wish.door}, {wish.rate:g} orders a second; "
          + ", ".join(f"{name} {value}" for name, value in machine.items()))  # fmt: skip
    show(outcome)
    if given.json:
        made = {"machine": machine, "wish": asdict(wish) | shown, "ok": good, **outcome.document()}
        given.json.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
