"""Runs the C++ client against a server and reads what it says."""

from __future__ import annotations

import json
import struct
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benches.load.local import Target
from domain.errors import Unavailable

Result = dict[str, Any]


@dataclass(frozen=True)
class Shape:
    """How the client works: each session keeps `window` messages unanswered."""

    mode: str = "stream"  # or "unary"
    sessions: int = 1
    window: int = 1
    channels: int = 1
    seconds: float = 3.0
    warmup: float = 0.5
    most: int = 0  # messages; 0: until the time is over

    def options(self) -> list[str]:
        """As the client wants them."""
        return [f"--{name}={getattr(self, name)}" for name in self.__dataclass_fields__]


def drive(
    client: Path, target: Target, shape: Shape, *, echo: bool = False,
    flow: Path | None = None, **more: object,
) -> Result:  # fmt: skip
    """What the client measured. Raises Unavailable with what it said."""
    command = [str(client), f"--target={target.address}", *shape.options()]
    command += [f"--{name}={value}" for name, value in more.items()]
    command += [f"--key={target.key}"] if target.key and not echo else []
    command += ["--echo=1"] if echo else []
    command += [f"--root={target.root}"] if target.root else []
    command += [f"--flow={flow}"] if flow else []
    wait = 60 + 3 * (shape.seconds + shape.warmup)
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=wait, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"the client did not end in {wait:.0f} s") from None
    if done.returncode:
        raise Unavailable(f"the client failed: {done.stderr.strip()[-500:]}")
    found: Result = json.loads(done.stdout)
    if not found["messages"]:
        raise Unavailable("nothing was answered behind the warm-up")
    found["per_second"] = found["messages"] / found["seconds"]
    found["commands_per_second"] = found["commands"] / found["seconds"]
    return found


def write_flow(path: Path, messages: Iterable[tuple[int, bytes]]) -> int:
    """A file for `flow`: (commands, bytes) of each message; returns how many."""
    count = 0
    with path.open("wb") as file:
        for commands, message in messages:
            file.write(struct.pack("<II", len(message), commands) + message)
            count += 1
    return count
