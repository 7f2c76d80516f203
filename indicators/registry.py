"""The registry: one `Row` for each indicator, found by walking `indicators.catalogue`.

A row names the kernel and all that is needed to run, document and test it. Nothing is compiled
here: a row holds the plain Python function, and `indicators.plan` compiles it at its first use.

A kernel has the signature ``update(x, y, s, start, stop, base)``. `x` is a tuple of input columns
(float64); rows start .. stop - 1 are new, and up to `Row.history` rows before them may be read
(zeros before the first row of all). `y` is a tuple of output columns: row j goes to
``y[k][j - base]``. `s` is the state, a float64 vector: the parameters (`Row.held`), then the
slots the kernel works with, all zero at the start (the rest is `indicators.scan`'s). A kernel
reads its state, walks the rows, writes the state back. It never sees a row with a gap.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from indicators.scan import TAIL, tape_width

MAX_LENGTH = 100_000
INPUTS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True)
class Param:
    """One parameter: its default, its closed range, and its names if it is a choice.

    A `bound` one only chooses what `Row.bindings` names: the kernel does not find it in its state.
    """

    name: str
    default: float | str
    low: float = 0.0
    high: float = 0.0
    integer: bool = False
    choices: tuple[str, ...] = ()
    meaning: str = ""
    bound: bool = False

    def number(self, owner: str, given: Any) -> float:
        """The value as the kernel sees it; ValueError or TypeError says what is wrong."""
        if self.choices:
            return self._choice(owner, given)
        try:
            value = float(given)
        except (TypeError, ValueError):
            raise TypeError(f"{owner}: {self.name} must be a number, got {given!r}") from None
        if isinstance(given, str):
            raise TypeError(f"{owner}: {self.name} must be a number, got {given!r}")
        if self.integer and not value.is_integer():
            raise ValueError(f"{owner}: {self.name} must be a whole number, got {given!r}")
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{owner}: {self.name} must lie in {self.low:g} .. {self.high:g}, got {given!r}"
            )
        return value

    def _choice(self, owner: str, given: Any) -> float:
        if isinstance(given, str) and given in self.choices:
            given = self.choices.index(given)
        if not isinstance(given, str) and given in range(len(self.choices)):
            own = self.choices[int(given)] == "default"
            return float(self.choices.index(str(self.default)) if own else given)
        raise ValueError(f"{owner}: {self.name} must be one of {self.choices}, got {given!r}")


def length(default: int, low: int = 2, name: str = "length", meaning: str = "rows") -> Param:
    """A window or smoothing length in rows."""
    return Param(name, default, low, MAX_LENGTH, True, meaning=meaning)


def real(name: str, default: float, low: float, high: float, meaning: str = "") -> Param:
    """A real-valued parameter."""
    return Param(name, default, low, high, meaning=meaning)


def choice(name: str, default: str, choices: tuple[str, ...], meaning: str = "") -> Param:
    """A parameter with named values; the kernel sees the index."""
    return Param(name, default, choices=choices, meaning=meaning)


SEED = choice("seed", "sma", ("sma", "first"), "what the recursion starts from")
SEED_STEP = Param("seed", "sma", choices=SEED.choices, meaning=SEED.meaning, bound=True)
MA_TYPES = (
    "sma", "ema", "wma", "dema", "tema", "trima", "kama", "mama", "t3", "hma", "none", "default",
    "zlema", "rma",
)  # fmt: skip


def matype(default: str = "sma", name: str = "matype") -> Param:
    """The kind of a moving average; the numbers are TA-Lib's."""
    return choice(name, default, MA_TYPES, "kind of moving average")


@dataclass(frozen=True)
class Row:
    """All there is to know about one indicator.

    `inputs` and `outputs` are blank-separated names. `slots` and `warmup` are functions of the
    parameters (in order, numbers): how many state slots the kernel needs after the parameters,
    and how many leading rows have no value; `history` how many rows back it reads. `talib` is
    TA-Lib's name followed by its parameter names, `ta` the classes of the `ta` package.
    `bindings` names functions that the kernel calls and that depend on the parameters (kinds of
    averages).
    """

    name: str
    title: str
    inputs: str
    params: tuple[Param, ...]
    outputs: str
    kernel: Callable[..., Any]
    slots: Callable[..., int]
    warmup: Callable[..., int]
    formula: str
    source: str
    history: Callable[..., int] | None = None
    seeding: str = "none: a finite window"
    talib: str = ""
    ta: str = ""
    integer_outputs: tuple[int, ...] = ()
    elementwise: bool = False
    check: Callable[..., str] | None = None
    bindings: Callable[..., dict[str, Callable[..., Any]]] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the input columns."""
        return tuple(self.inputs.split())

    @property
    def results(self) -> tuple[str, ...]:
        """The names of the output columns."""
        return tuple(self.outputs.split())

    @property
    def group(self) -> str:
        """The group: the folder the kernel lives in."""
        return str(self.kernel.__module__).split(".")[2]

    @property
    def talib_name(self) -> str:
        """TA-Lib's name or an empty text."""
        return self.talib.split(" ", 1)[0]

    def numbers(self, values: Mapping[str, Any]) -> tuple[float, ...]:
        """The parameters as numbers in their order; missing ones take their default."""
        unknown = set(values) - {p.name for p in self.params}
        if unknown:
            known = ", ".join(p.name for p in self.params) or "none"
            raise TypeError(f"{self.name}: no parameter {sorted(unknown)[0]!r} (known: {known})")
        out = tuple(p.number(self.name, values.get(p.name, p.default)) for p in self.params)
        problem = self.check(*out) if self.check else ""
        if problem:
            raise ValueError(f"{self.name}: {problem}")
        return out

    def state_size(self, numbers: tuple[float, ...]) -> int:
        """The length of the state vector for these parameters."""
        own = len(self.held(numbers)) + int(self.slots(*numbers))
        return own + self.tape_size(numbers) + TAIL

    def tape_size(self, numbers: tuple[float, ...]) -> int:
        """How much of it is past inputs."""
        return len(self.columns) * tape_width(self.past(numbers))

    def held(self, numbers: tuple[float, ...]) -> tuple[float, ...]:
        """The parameters that the state begins with."""
        return tuple(v for p, v in zip(self.params, numbers, strict=True) if not p.bound)

    def past(self, numbers: tuple[float, ...]) -> int:
        """How many rows back the kernel reads its inputs."""
        return int(self.history(*numbers)) if self.history else 0

    def lookback(self, **values: Any) -> int:
        """How many leading rows have no value."""
        return int(self.warmup(*self.numbers(values)))


@functools.cache
def rows() -> Mapping[str, Row]:
    """Every registry row by its name (imports the catalogue, compiles nothing)."""
    found: dict[str, Row] = {}
    package = importlib.import_module("indicators.catalogue")
    for module in pkgutil.walk_packages(package.__path__, "indicators.catalogue."):
        for row in getattr(importlib.import_module(module.name), "ROWS", ()):
            if row.name in found:
                raise RuntimeError(f"two indicators are called {row.name}")
            found[row.name] = row
    return MappingProxyType(dict(sorted(found.items())))


def get(name: str) -> Row:
    """The row of that name, of that TA-Lib name, or KeyError with the nearest names."""
    known = rows()
    if name.lower() in known:
        return known[name.lower()]
    for row in known.values():
        if row.talib_name and row.talib_name == name.upper():
            return row
    near = [n for n in known if name.lower()[:3] in n][:5]
    raise KeyError(f"no indicator {name!r}" + (f"; near: {', '.join(near)}" if near else ""))
