"""Objectives that worker processes can import, and a sweep that a test kills."""

import os
import sys
import time
from pathlib import Path
from typing import Any

from backtest.search import sweep

SPACE = {"x": range(12), "y": [1, 2]}


def hill(parameters: dict[str, Any], span: Any = None) -> dict[str, Any]:
    """Highest at x = 7."""
    return {"score": -((parameters["x"] - 7) ** 2) + (span or 0), "pid": os.getpid()}


def brittle(parameters: dict[str, Any]) -> dict[str, Any]:
    if parameters["x"] % 5 == 3:
        raise ValueError(f"no x of {parameters['x']}")
    return hill(parameters)


class Counted:
    """Leaves a file for each call, and takes its time."""

    def __init__(self, folder: Path, seconds: float = 0.0, version: str = "1") -> None:
        self.folder, self.seconds, self.version = folder, seconds, version

    def key(self) -> str:
        return f"counted {self.version}"

    def __call__(self, parameters: dict[str, Any]) -> dict[str, Any]:
        time.sleep(self.seconds)
        name = f"{parameters['x']}-{parameters['y']}-{time.monotonic_ns()}"
        (self.folder / name).touch()
        return {"score": float(parameters["x"] * parameters["y"])}

    @property
    def calls(self) -> list[tuple[int, int]]:
        names = sorted(path.name.split("-")[:2] for path in self.folder.iterdir())
        return [(int(x), int(y)) for x, y in names]


if __name__ == "__main__":
    sweep(Counted(Path(sys.argv[1]), 0.1), SPACE, store=sys.argv[2], jobs=1, progress=False)
