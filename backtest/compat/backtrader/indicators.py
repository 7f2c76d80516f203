"""Indicators by backtrader's names, over the streams of `indicators`.

Each takes a line (default: the close of the first data) and `period`. Averages begin as
backtrader's do: with the simple average of the first `period` values.
"""

from __future__ import annotations

from typing import Any

import indicators
from backtest.compat.backtrader.lines import NAN, Derived, Line, clock_now


def source(data: Any, name: str = "close") -> Line:
    """The line that is meant: a line, the close of a data, or that of the first data."""
    if data is None:
        return clock_now().sources[name]
    if isinstance(data, Line):
        return data
    found = getattr(data, name)
    assert isinstance(found, Line)
    return found


class Streamed(Derived):
    """One stream over one or more lines; NaN until they all have a value."""

    def __init__(self, stream: Any, *inputs: Line) -> None:
        super().__init__(self._next, inputs[0].number)
        self._stream, self._inputs = stream, inputs

    def _next(self) -> float:
        now = [line[0] for line in self._inputs]
        return NAN if any(v != v for v in now) else float(self._stream.update(*now))


def SMA(data: Any = None, period: int = 30) -> Line:
    """Simple moving average."""
    return Streamed(indicators.SMA(period), source(data))


def EMA(data: Any = None, period: int = 30) -> Line:
    """Exponential moving average, alpha = 2 / (period + 1)."""
    return Streamed(indicators.EMA(period), source(data))


def WMA(data: Any = None, period: int = 30) -> Line:
    """Linearly weighted moving average."""
    return Streamed(indicators.WMA(period), source(data))


def SMMA(data: Any = None, period: int = 30) -> Line:
    """Wilder's moving average, alpha = 1 / period."""
    return Streamed(indicators.RMA(period), source(data))


def RSI(data: Any = None, period: int = 14) -> Line:
    """Relative strength index, Wilder's averages."""
    return Streamed(indicators.RSI(period), source(data))


def ATR(data: Any = None, period: int = 14) -> Line:
    """Average true range of a data, Wilder's average."""
    high, low, close = (source(data, name) for name in ("high", "low", "close"))
    return Streamed(indicators.ATR(period), high, low, close)


def Highest(data: Any = None, period: int = 30) -> Line:
    """Highest value of a period."""
    return Streamed(indicators.MAX(period), source(data))


def Lowest(data: Any = None, period: int = 30) -> Line:
    """Lowest value of a period."""
    return Streamed(indicators.MIN(period), source(data))


def Momentum(data: Any = None, period: int = 12) -> Line:
    """Difference to the value `period` bars before."""
    return Streamed(indicators.MOM(period), source(data))


def ROC(data: Any = None, period: int = 12) -> Line:
    """Change over `period` bars, as a fraction."""
    return Streamed(indicators.ROCP(period), source(data))


def StdDev(data: Any = None, period: int = 20) -> Line:
    """Standard deviation of the population."""
    return Streamed(indicators.STDDEV(period, 1.0), source(data))


class MACD(Derived):
    """Difference of two exponential averages (also `.macd`), and its own average, `.signal`."""

    def __init__(
        self, data: Any = None, period_me1: int = 12, period_me2: int = 26, period_signal: int = 9
    ) -> None:
        line = source(data)
        fast, slow = EMA(line, period_me1), EMA(line, period_me2)
        super().__init__(lambda: fast[0] - slow[0], line.number)
        self.macd = self
        self.signal = EMA(self, period_signal)


class BollingerBands(Derived):
    """The middle (also `.mid`), with `.top` and `.bot` `devfactor` deviations away."""

    def __init__(self, data: Any = None, period: int = 20, devfactor: float = 2.0) -> None:
        line = source(data)
        mean, deviation = SMA(line, period), StdDev(line, period)
        super().__init__(lambda: mean[0], line.number)
        self.mid = self
        self.top = Derived(lambda: mean[0] + devfactor * deviation[0], line.number)
        self.bot = Derived(lambda: mean[0] - devfactor * deviation[0], line.number)


class CrossOver(Derived):
    """1 when the first line crosses the second upwards, -1 downwards, else 0.

    Touching is no crossing: what counts is the side on which the line was last.
    """

    def __init__(self, first: Any, second: Any) -> None:
        line = source(first)
        self._first, self._second, self._side = line, second, NAN
        super().__init__(self._next, line.number)

    def _next(self) -> float:
        second = self._second[0] if isinstance(self._second, Line) else float(self._second)
        gap = self._first[0] - second
        if gap != gap:
            return NAN
        before, side = self._side, float((gap > 0) - (gap < 0))
        self._side = side or (0.0 if before != before else before)
        if before != before:
            return NAN  # there is no bar before
        return side if before * side < 0 else 0.0


def CrossUp(first: Any, second: Any) -> Line:
    """1 when the first line crosses the second upwards, else 0."""
    both = CrossOver(first, second)
    return Derived(lambda: both[0] if both[0] != both[0] else float(both[0] > 0), both.number)


def CrossDown(first: Any, second: Any) -> Line:
    """1 when the first line crosses the second downwards, else 0."""
    both = CrossOver(first, second)
    return Derived(lambda: both[0] if both[0] != both[0] else float(both[0] < 0), both.number)


SimpleMovingAverage = MovingAverageSimple = SMA
ExponentialMovingAverage = MovingAverageExponential = EMA
WeightedMovingAverage = MovingAverageWeighted = WMA
SmoothedMovingAverage = SMMA
RelativeStrengthIndex = RSI
AverageTrueRange = ATR
RateOfChange = ROC
StandardDeviation = StdDev
BBands = BollingerBands
