"""Data feeds: a pandas table, and the lines that a strategy sees of it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from backtest.compat.backtrader.lines import Line, Times
from backtest.compat.histories import checked
from backtest.views import Bar

NAMES = ("open", "high", "low", "close", "volume")


class PandasData:
    """Bars of a pandas DataFrame with open, high, low, close, volume over a DatetimeIndex.

    Its lines are attributes; `data[0]` is the close. fromdate, todate: which bars to take.
    """

    def __init__(
        self, dataname: pd.DataFrame, name: str = "", fromdate: Any = None, todate: Any = None
    ) -> None:
        self.frame = checked(dataname).loc[fromdate:todate]
        self._name = name
        self.start(1)

    def start(self, number: int) -> None:
        """Empty lines, before a run as the data of that number."""
        self.number = number
        self.open, self.high, self.low = Line(number), Line(number), Line(number)
        self.close, self.volume, self.datetime = Line(number), Line(number), Times(number)
        self.lines = self

    def push(self, bar: Bar) -> None:
        """A bar has closed."""
        for name in NAMES:
            getattr(self, name).values.append(getattr(bar, name))
        self.datetime.values.append(bar.time)

    def __getitem__(self, ago: int) -> float:
        return self.close[ago]

    def __len__(self) -> int:
        return len(self.close)
