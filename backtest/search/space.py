"""What parameters may be: ranges of values, and lists of parameter sets out of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from domain.errors import InvalidField

Parameters = dict[str, Any]
Condition = Callable[[Parameters], bool]


@dataclass(frozen=True, slots=True)
class Real:
    """A number from `low` to `high`; `log`: each factor is as likely as any other."""

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise InvalidField("Real", (self.low, self.high), "low below high, above 0 if log")

    def draw(self, generator: np.random.Generator) -> float:
        if self.log:
            return float(np.exp(generator.uniform(np.log(self.low), np.log(self.high))))
        return float(generator.uniform(self.low, self.high))


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number from `low` to `high`, both included."""

    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise InvalidField("Integer", (self.low, self.high), "low not above high")

    def draw(self, generator: np.random.Generator) -> int:
        return int(generator.integers(self.low, self.high, endpoint=True))


@dataclass(frozen=True, slots=True)
class Choice:
    """One of some values."""

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        if not self.values:
            raise InvalidField("Choice", self.values, "at least one value")

    def draw(self, generator: np.random.Generator) -> Any:
        return self.values[int(generator.integers(len(self.values)))]


Range = Real | Integer | Choice
Space = Mapping[str, Range | Iterable[Any]]


def ranges(space: Mapping[str, Any]) -> dict[str, Range]:
    """A space with every range spelled out: a sequence of values is a Choice.

    Raises InvalidField for a space without names, and for a range that is none.
    """
    if not space:
        raise InvalidField("parameters", space, "at least one name with its values")
    found: dict[str, Range] = {}
    for name, values in space.items():
        if isinstance(values, Real | Integer | Choice):
            found[name] = values
        elif isinstance(values, Iterable) and not isinstance(values, str):
            found[name] = Choice(tuple(plain(value) for value in values))
        else:
            allowed = "a sequence of values, Real, Integer or Choice"
            raise InvalidField(f"parameters[{name}]", values, allowed)
    return found


def plain(value: Any) -> Any:
    """numpy's scalars as Python's, so that they can be written down."""
    return value.item() if isinstance(value, np.generic) else value


def grid(space: Space, where: Condition | None = None) -> list[Parameters]:
    """Every combination, the last name fastest; `where` says which to keep.

    Raises InvalidField for a Real, which has no end of values, and if nothing is left.
    """
    chosen = ranges(space)
    values: list[Iterable[Any]] = []
    for name, span in chosen.items():
        if isinstance(span, Real):
            raise InvalidField(f"parameters[{name}]", span, "values that can be listed")
        listed = span.values if isinstance(span, Choice) else range(span.low, span.high + 1)
        values.append(listed)
    every = (dict(zip(chosen, combination)) for combination in product(*values))
    return _some(p for p in every if where is None or where(p))


def random(
    space: Space, count: int, seed: int, where: Condition | None = None
) -> list[Parameters]:
    """`count` draws, the same for a seed; those that `where` refuses are drawn again.

    Raises InvalidField if `where` refuses nearly everything.
    """
    chosen, generator = ranges(space), np.random.default_rng(seed)
    found: list[Parameters] = []
    for _ in range(1_000 * max(count, 1)):
        if len(found) == count:
            break
        drawn = {name: span.draw(generator) for name, span in chosen.items()}
        if where is None or where(drawn):
            found.append(drawn)
    if len(found) < count:
        raise InvalidField("where", where, "a condition that one draw in a thousand meets")
    return _some(found)


def _some(found: Iterable[Parameters]) -> list[Parameters]:
    kept = list(found)
    if not kept:
        raise InvalidField("parameters", "no combination", "at least one that meets the condition")
    return kept


def listed(parameters: Space | Sequence[Parameters], where: Condition | None) -> list[Parameters]:
    """A grid of a space, or parameter sets as they are."""
    if isinstance(parameters, Mapping):
        return grid(parameters, where)
    return _some({k: plain(v) for k, v in p.items()} for p in parameters)


def aim(metric: str) -> tuple[str, float]:
    """A measure and its sign: of "sharpe" the highest is best, of "-volatility" the lowest."""
    return (metric[1:], -1.0) if metric.startswith("-") else (metric, 1.0)


def names_of(rows: Sequence[Parameters]) -> Iterator[str]:
    """All names of parameters, in the order of their first use."""
    return iter(dict.fromkeys(name for row in rows for name in row))
