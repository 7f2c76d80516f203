"""Prices that stand alone among their neighbours, found in a stream."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from backtest.events import EVENT

HALF = 10  # neighbours on either side
WIDTH = 2 * HALF + 1
NORMAL = 1.4826  # median absolute deviation to standard deviation, of a normal distribution
LEAST = 0.001  # of the median: what prices of a quiet market may always be apart
Rows = NDArray[Any]
Places = NDArray[np.int64]


class Spikes:
    """Row numbers whose price is further than `width` deviations from its neighbours' median.

    A price is compared with the median m of the 21 prices around it (those at the ends with the
    first or last 21): a spike is |price - m| > width x max(1.4826 MAD, 0.001 m, 1 tick), where MAD
    is the median of |price - m|. A level that moves and stays moves the median, so only what goes
    and comes back is found. After Brownlees and Gallo, "Financial econometric analysis at ultra-
    high frequency: data handling concerns", Computational Statistics & Data Analysis 51 (2006),
    with medians in place of trimmed means. How the prices are cut into pieces changes nothing.
    """

    def __init__(self, width: float) -> None:
        self._width = width
        self._prices = np.zeros(0)
        self._rows: Rows = np.zeros(0, EVENT)
        self._numbers = np.zeros(0, np.int64)
        self._judged = 0  # of those that are kept

    def add(self, prices: NDArray[Any], rows: Rows, numbers: Places) -> tuple[Rows, Places]:
        """The spikes (rows, their numbers) among those that have all their neighbours now."""
        self._prices = np.concatenate((self._prices, prices))
        self._rows = np.concatenate((self._rows, rows))
        self._numbers = np.concatenate((self._numbers, numbers))
        if len(self._prices) < WIDTH:
            return self._rows[:0], self._numbers[:0]
        found = self._judge(len(self._prices) - HALF)
        drop = min(self._judged - HALF, len(self._prices) - WIDTH)
        if drop > 0:
            self._prices, self._judged = self._prices[drop:], self._judged - drop
            self._rows, self._numbers = self._rows[drop:], self._numbers[drop:]
        return found

    def end(self) -> tuple[Rows, Places]:
        """The spikes among the last rows."""
        return self._judge(len(self._prices))

    def _judge(self, until: int) -> tuple[Rows, Places]:
        prices, first = self._prices, self._judged
        if until <= first:
            return self._rows[:0], self._numbers[:0]
        width = min(WIDTH, len(prices))
        windows = np.lib.stride_tricks.sliding_window_view(prices, width)
        at = np.arange(first, until)
        begins = np.clip(at - HALF, 0, len(prices) - width)
        at, begins = self._far(prices, windows, at, begins)
        around = windows[begins]
        middle = np.median(around, axis=1)
        apart = np.median(np.abs(around - middle[:, None]), axis=1)
        most = self._width * np.maximum(np.maximum(NORMAL * apart, LEAST * np.abs(middle)), 1.0)
        alone = at[np.abs(prices[at] - middle) > most]
        self._judged = until
        return self._rows[alone], self._numbers[alone]

    def _far(self, prices: Any, windows: Any, at: Places, begins: Places) -> tuple[Places, Places]:
        """Those that are far enough from some neighbour to be far from the median.

        The median lies between the lowest and the highest of a window, and the least that a price
        may be apart does not fall below that of the lowest: no median is needed to let others pass.
        """
        low, high = windows.min(axis=1)[begins], windows.max(axis=1)[begins]
        here = prices[at]
        least = self._width * np.maximum(LEAST * np.maximum(low, 0), 1.0)
        far = np.maximum(here - low, high - here) > least
        return at[far], begins[far]
