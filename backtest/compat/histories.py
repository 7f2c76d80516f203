"""A pandas table of bars becomes a data set whose steps are fine enough for its prices."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd

from backtest.data import Dataset, bars, listing
from domain.codes import InstrumentType
from domain.errors import InvalidField

COLUMNS = ("Open", "High", "Low", "Close")
MOST = 8  # decimals of a price
_ZONE = "UTC"


def decimals_of(prices: Any) -> int:
    """Decimals in which all prices are exact, at least 2 and at most 8."""
    values = np.asarray(prices, np.float64)
    for digits in range(2, MOST):
        if np.allclose(np.round(values, digits), values, rtol=0, atol=1e-10):
            return digits
    return MOST


def checked(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with Open, High, Low, Close, Volume over a DatetimeIndex in UTC without a zone.

    An index without a zone is taken as it is; a Volume that is not there is 0. Raises InvalidField
    for a missing column or an index that is no time.
    """
    if not isinstance(frame, pd.DataFrame):
        raise InvalidField("data", type(frame).__name__, "a pandas DataFrame of bars")
    named = {str(name).lower(): name for name in frame.columns}
    found = {}
    for name in (*COLUMNS, "Volume"):
        if name.lower() in named:
            found[name] = frame[named[name.lower()]].to_numpy(np.float64)
        elif name != "Volume":
            raise InvalidField("data", list(frame.columns), f"a column {name}")
    index = frame.index
    if not isinstance(index, pd.DatetimeIndex):
        raise InvalidField("data", str(index.dtype), "a DatetimeIndex")
    if index.tz is not None:
        index = index.tz_convert(_ZONE).tz_localize(None)
    return pd.DataFrame({"Volume": 0.0} | found, index)


def dataset_of(
    frame: pd.DataFrame, symbol: str, type: InstrumentType = InstrumentType.FUTURE  # noqa: A002
) -> Dataset:
    """Bars that end at their stamps; whole units are traded."""
    digits = decimals_of(frame[list(COLUMNS)])
    tick = Decimal(1).scaleb(-digits)
    return bars(
        frame, listing(symbol, tick, type=type), tz=_ZONE, stamp="end",
        rounding="half_even",
    )  # fmt: skip
