"""Lines: series whose [0] is the present, [-1] the value before.

While a strategy is being made, arithmetic and comparisons of lines make new lines; later they
work on the present values, as in backtrader.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from domain.errors import InvalidField

NAN = float("nan")


class Clock:
    """All lines of one strategy, in the order in which they are worked out."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.sources: dict[str, Line] = {}  # of the first data, for indicators that name none

    def tick(self, numbers: set[int]) -> None:
        """Work out the lines that hang on data with a new bar, each after those it is made of."""
        for line in self.lines:
            if line.number in numbers:
                line.values.append(line.work())
        numbers.clear()

    @property
    def warm(self) -> bool:
        """Whether each line has a value."""
        return all(line.values and line.values[-1] == line.values[-1] for line in self.lines)


_building: list[Clock] = []


@contextmanager
def building(clock: Clock) -> Iterator[None]:
    """A strategy is being made: what its lines are combined to are lines."""
    _building.append(clock)
    try:
        yield
    finally:
        _building.pop()


def clock_now() -> Clock:
    """The clock of the strategy that is being made. Raises InvalidField outside of one."""
    if not _building:
        raise InvalidField("indicator", "in next()", "made in the __init__ of a strategy")
    return _building[-1]


class Line:
    """Values up to the present. `number`: of the data that they hang on, from 1."""

    def __init__(self, number: int = 1) -> None:
        self.number = number
        self.values: list[float] = []

    def work(self) -> float:
        """The value of the present."""
        raise NotImplementedError

    def __getitem__(self, ago: int) -> float:
        place = len(self.values) - 1 + ago
        if ago > 0:
            raise IndexError(f"line[{ago}] is in the future")
        return self.values[place] if place >= 0 else NAN

    def __len__(self) -> int:
        return len(self.values)

    def __call__(self, ago: int) -> Line:
        """The same line, delayed: `line(-1)`."""
        if ago > 0:
            raise IndexError(f"line({ago}) is in the future")
        return Derived(lambda: self[ago], self.number)

    @property
    def lines(self) -> Line:
        """The line itself: an indicator's `lines.top` is its `top`."""
        return self

    def get(self, ago: int = 0, size: int = 1) -> list[float]:
        """The last `size` values up to `ago`; [] if there are not so many."""
        stop = len(self.values) + ago
        return self.values[stop - size : stop] if stop >= size else []

    def __bool__(self) -> bool:
        return bool(self[0])

    def __float__(self) -> float:
        return float(self[0])

    def _with(self, other: Any, what: Callable[[Any, Any], Any], swap: bool = False) -> Any:
        def now() -> float:
            right = other[0] if isinstance(other, Line) else other
            return float(what(right, self[0]) if swap else what(self[0], right))

        return Derived(now, self.number) if _building else now()

    def __add__(self, other: Any) -> Any:
        return self._with(other, operator.add)

    def __radd__(self, other: Any) -> Any:
        return self._with(other, operator.add, swap=True)

    def __sub__(self, other: Any) -> Any:
        return self._with(other, operator.sub)

    def __rsub__(self, other: Any) -> Any:
        return self._with(other, operator.sub, swap=True)

    def __mul__(self, other: Any) -> Any:
        return self._with(other, operator.mul)

    def __rmul__(self, other: Any) -> Any:
        return self._with(other, operator.mul, swap=True)

    def __truediv__(self, other: Any) -> Any:
        return self._with(other, _quotient)

    def __rtruediv__(self, other: Any) -> Any:
        return self._with(other, _quotient, swap=True)

    def __lt__(self, other: Any) -> Any:
        return self._with(other, _known(operator.lt))

    def __le__(self, other: Any) -> Any:
        return self._with(other, _known(operator.le))

    def __gt__(self, other: Any) -> Any:
        return self._with(other, _known(operator.gt))

    def __ge__(self, other: Any) -> Any:
        return self._with(other, _known(operator.ge))


def _quotient(top: float, bottom: float) -> float:
    return top / bottom if bottom else NAN


def _known(what: Callable[[Any, Any], bool]) -> Callable[[Any, Any], float]:
    """A comparison that is NaN as long as one side is."""

    def compared(left: float, right: float) -> float:
        return NAN if left != left or right != right else float(what(left, right))

    return compared


class Derived(Line):
    """A line that a function works out; it joins the clock of the strategy that is being made."""

    def __init__(self, work: Callable[[], float], number: int = 1) -> None:
        super().__init__(number)
        self._work = work
        clock_now().lines.append(self)

    def work(self) -> float:
        return self._work()


class Times(Line):
    """Times of bars: `date(0)`, `datetime(0)`, `time(0)`; [0] is ns since 1970 UTC."""

    def datetime(self, ago: int = 0) -> Any:
        """As a datetime, UTC without saying so."""
        import pandas as pd

        return pd.Timestamp(int(self[ago])).to_pydatetime()

    def date(self, ago: int = 0) -> Any:
        """The day."""
        return self.datetime(ago).date()

    def time(self, ago: int = 0) -> Any:
        """The time of day."""
        return self.datetime(ago).time()
