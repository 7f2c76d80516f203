"""When each command is due: nanoseconds since the start, rising. Nobody waits for an answer."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import InvalidField

Array = np.ndarray[Any, Any]
SECOND = 10**9
MOST = 2_000_000  # commands of one load: all that comes back is kept until it was checked
LONGEST = 86_400  # seconds


def poisson(rate: float, seconds: float, random: np.random.Generator) -> Array:
    """Gaps are exponential and independent: many clients who do not know of one another."""
    count = int(random.poisson(rate * seconds))
    return np.sort(random.random(count) * seconds * SECOND).astype(np.int64)


def even(rate: float, seconds: float, random: np.random.Generator) -> Array:
    """The same gap between all."""
    count = int(rate * seconds)
    return (np.arange(count) * (SECOND / rate)).astype(np.int64)


def bursts(
    rate: float, seconds: float, random: np.random.Generator, size: int = 100
) -> Array:
    """Bursts of `size` commands that are due at once; bursts come as `poisson` does."""
    return np.repeat(poisson(rate / size, seconds, random), size)


ARRIVALS: dict[str, Callable[..., Array]] = {"poisson": poisson, "bursts": bursts, "even": even}


def arrivals(
    name: str, rate: float, seconds: float, random: np.random.Generator, **more: int
) -> Array:
    """The times of a named kind. Raises InvalidField with what is allowed."""
    if name not in ARRIVALS:
        raise InvalidField("arrivals", name, ", ".join(ARRIVALS))
    count = rate * seconds
    if not 0 < count <= MOST:
        raise InvalidField("rate x seconds", f"{count:,.0f}", f"1 to {MOST:,} commands")
    return ARRIVALS[name](rate, seconds, random, **more)


def from_file(path: Path, speed: float = 1.0) -> Array:
    """Times out of a text file, one a line in seconds, rising; the first is due at once.

    Raises InvalidField that names the line.
    """
    times: list[float] = []
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidField("replay", str(path), f"a text file of times: {error}") from None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            times.append(float(line))
        except ValueError:
            raise InvalidField(f"replay, line {number}", line, "seconds, such as 0.25") from None
        if not isfinite(times[-1]):
            raise InvalidField(f"replay, line {number}", line, "seconds, such as 0.25")
        if len(times) > 1 and not times[-1] >= times[-2]:
            raise InvalidField(f"replay, line {number}", line, "not before the line above")
    if not 1 <= len(times) <= MOST:
        raise InvalidField("replay", f"{len(times)} times", f"1 to {MOST:,}")
    return since_first(np.array(times) * SECOND, speed)


def since_first(times: Array, speed: float) -> Array:
    """Times so that the first is 0, `speed` times as fast. Raises InvalidField."""
    if not 0 < speed < float("inf"):
        raise InvalidField("speed", speed, "greater than 0")
    since = (times - times[0]) / speed
    if not 0 <= since[-1] <= LONGEST * SECOND:
        last = f"{since[-1] / SECOND:g} s"
        raise InvalidField("the last time of the replay", last, f"at most {LONGEST:,} s")
    found: Array = since.astype(np.int64)
    return found
