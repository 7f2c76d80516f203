"""`Strategy`: what user classes inherit from, with the names that backtesting.py has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from backtest.compat.backtesting.house import House
from backtest.compat.backtesting.ledger import Order, Position, Price, Trade
from backtest.compat.backtesting.signals import Data, Series
from domain.errors import InvalidField

NEARLY_ALL = float(np.nextafter(1.0, 0.0))
CHECKED = (0.6, 0.85)  # where indicators are worked out again, without what comes after
TAIL = 5


class Strategy:
    """Override `init` and `next`; class attributes are parameters."""

    def __init__(self, desk: House, parameters: dict[str, Any]) -> None:
        self._desk = desk
        self._lines: list[tuple[Series, Callable[..., Any], tuple[Any, ...], dict[str, Any]]] = []
        for name, value in parameters.items():
            if not hasattr(type(self), name):
                known = [n for n in dir(type(self)) if not n.startswith("_")]
                raise InvalidField("parameters", name, ", ".join(known))
            setattr(self, name, value)

    def init(self) -> None:
        """Declare indicators with `I`."""

    def next(self) -> None:
        """A bar has closed."""

    # ------------------------------------------------------------------ indicators

    def I(  # noqa: E743 - its name in backtesting.py
        self, func: Callable[..., Any], *args: Any, name: str = "", **more: Any
    ) -> Series:
        """An indicator: `func(*args)` over all bars, shown up to the present in `next`.

        What only concerns plots (plot, overlay, color, scatter) is taken and not used.
        """
        more = {k: v for k, v in more.items() if k not in ("plot", "overlay", "color", "scatter")}
        title = name or getattr(func, "__name__", "indicator")
        values = shaped(func(*args, **more))
        if values.shape[-1] != len(self.data):
            raise InvalidField(f"I({title})", values.shape, f"a value for each of {len(self.data)}")
        made = Series.of(values, self.data.index, title)
        self._lines.append((made, func, args, more))
        return made

    def check_lines(self) -> None:
        """Raise InvalidField for an indicator whose past depends on what comes after it.

        Each is worked out again on the first part of the data, and must end as it did before.
        """
        for made, func, args, more in self._lines:
            count = made.shape[-1]
            for share in CHECKED:
                end = int(count * share)
                try:
                    again = shaped(func(*(_cut(a, count, end) for a in args), **more))
                except Exception:  # too short for this function
                    continue
                before, now = made[..., max(0, end - TAIL) : end], again[..., -TAIL:]
                if before.shape == now.shape and not np.allclose(
                    np.asarray(before, float), np.asarray(now, float), rtol=1e-6, equal_nan=True
                ):
                    allowed = "a function of the past: with later bars it has other values before"
                    raise InvalidField(f"I({made.title})", f"{now} at bar {end}", allowed)

    def warm(self) -> int:
        """Bars before the first at which all indicators have a value."""
        found = 0
        for made, *_ in self._lines:
            known = ~np.isnan(np.atleast_2d(np.asarray(made, float))).any(axis=0)
            found = max(found, int(np.argmax(known)) if known.any() else len(known))
        return found

    # ------------------------------------------------------------------ orders

    def buy(
        self, *, size: float = NEARLY_ALL, limit: Price = None, stop: Price = None,
        sl: Price = None, tp: Price = None, tag: Any = None,
    ) -> Order | None:  # fmt: skip
        """Buy `size` units, or below 1 that part of what the account can pay at the last close."""
        return self._desk.order(1, size, limit=limit, stop=stop, sl=sl, tp=tp, tag=tag)

    def sell(
        self, *, size: float = NEARLY_ALL, limit: Price = None, stop: Price = None,
        sl: Price = None, tp: Price = None, tag: Any = None,
    ) -> Order | None:  # fmt: skip
        """Sell; beyond what is held: short."""
        return self._desk.order(-1, size, limit=limit, stop=stop, sl=sl, tp=tp, tag=tag)

    # ------------------------------------------------------------------ what is known

    @property
    def data(self) -> Data:
        """The bars until now."""
        return self._desk.data

    @property
    def position(self) -> Position:
        return self._desk.ledger.position

    @property
    def trades(self) -> tuple[Trade, ...]:
        """Open trades."""
        return tuple(self._desk.ledger.trades)

    @property
    def closed_trades(self) -> tuple[Trade, ...]:
        return tuple(self._desk.ledger.closed)

    @property
    def orders(self) -> tuple[Order, ...]:
        """Orders that wait, stops and targets of trades too."""
        return self._desk.waiting()

    @property
    def equity(self) -> float:
        return self._desk.equity


def shaped(value: Any) -> np.ndarray[Any, Any]:
    """What an indicator function returns, with time on the last axis."""
    if isinstance(value, pd.DataFrame):
        return value.to_numpy().T
    return np.asarray(value)


def _cut(value: Any, count: int, end: int) -> Any:
    """The first part of a series; anything else as it is."""
    if isinstance(value, (pd.Series, pd.DataFrame)) and len(value) == count:
        return value.iloc[:end]
    if isinstance(value, Series) and value.shape[-1] == count:
        return value.until(end)
    if isinstance(value, np.ndarray) and value.ndim and value.shape[-1] == count:
        return value[..., :end]
    return value
