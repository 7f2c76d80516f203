"""Every layer from an order's bytes to its durable answer, in one run, in turns.

    python -m benches.end_to_end [--rounds 3] [--seconds 1.5] [--out benches/results/end_to_end]

First the layers in one process (`benches.layers.inside`), then whole servers and empty ones in C++
and in Python, under one C++ client (`benches.layers.wire`), TLS off and on; medians of the rounds.
The default takes about seven minutes on a machine without other work; `--quick` a minute, for a
look. Without libgrpc++-dev it says what is missing and measures the layers only.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from benches.layers import inside, page, wire
from benches.machine import facts
from benches.peers.build import Missing, programs

HOW = (
    "`python -m benches.end_to_end`: {rounds} rounds of {seconds:g} s a case, in turns; medians of "
    "the rounds. Client and servers share the machine. docs/benchmarks.md says how to read it."
)


def run(rounds: int, seconds: float, commands: int, say: Any) -> dict[str, Any]:
    """Everything as plain data."""
    document: dict[str, Any] = {
        "machine": facts(), "how": HOW.format(rounds=rounds, seconds=seconds),
        "wire": [], "missing": {},
    }  # fmt: skip
    document["inside"] = inside.summary(inside.measure(rounds, commands, say))
    try:
        say("building the C++ client and echo")
        client, echo = programs()
    except Missing as reason:
        document["missing"]["C++ client and echo"] = str(reason)
        return document
    found, missing = wire.measure(client, echo, rounds, seconds, say)
    document["wire"], document["missing"] = wire.summary(found), missing
    return document


class Progress:
    """One line that changes, or in a file a line now and then."""

    def __init__(self) -> None:
        self._live, self._next = sys.stderr.isatty(), 0.0

    def __call__(self, text: str) -> None:
        """Show what is being done."""
        if self._live:
            print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
        elif time.monotonic() >= self._next:
            print(text, file=sys.stderr, flush=True)
            self._next = time.monotonic() + 10


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="of each case and round")
    parser.add_argument("--commands", type=int, default=65_536, help="of a round of the layers")
    parser.add_argument("--quick", action="store_true", help="one short round")
    parser.add_argument("--out", type=Path, help="write FILE.json and FILE.md")
    given = parser.parse_args()
    if given.quick:
        given.rounds, given.seconds, given.commands = 1, 0.5, 8_192
    document = run(given.rounds, given.seconds, given.commands, Progress())
    text = page.markdown(document)
    print(("\n" if sys.stderr.isatty() else "") + text)
    if given.out is not None:
        data = json.dumps(document, indent=1)
        given.out.with_suffix(".json").write_text(data + "\n", encoding="utf-8")
        given.out.with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
