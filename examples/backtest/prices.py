"""Real prices that packages ship: what the strategies beside this file run on.

    pip install skfolio bokeh-sampledata
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from backtest.data import Dataset, actions, bars, closes, listing, merge

APPLE = listing("AAPL", "0.0001")


@cache
def table(first: str, last: str) -> pd.DataFrame:
    """Adjusted daily closes of 20 large US stocks, 1990 to 2022."""
    found = find_spec("skfolio")
    if found is None or found.origin is None:
        raise SystemExit("this example needs prices: pip install skfolio")
    file = Path(found.origin).parent / "datasets" / "data" / "sp500_dataset.csv.gz"
    return pd.read_csv(file, index_col="Date").loc[first:last]


def stocks(*symbols: str, first: str, last: str = "2022-12-31") -> Dataset:
    """Daily closes of some of the 20 stocks, or of all, as bars."""
    prices = table(first, last)
    return closes(prices[list(symbols)] if symbols else prices, tz="UTC", tick="0.001")


def apple() -> Dataset:
    """Apple, 2000 to 2013, as it traded, with its two splits and first dividends."""
    from bokeh_sampledata.stocks import AAPL

    happened = pd.DataFrame(
        {"split": [2, 2, 0, 0, 0], "dividend": [0, 0, 2.65, 2.65, 2.65]},
        index=["2000-06-21", "2005-02-28", "2012-08-09", "2012-11-07", "2013-02-07"],
    )
    zone = "America/New_York"
    return merge(actions(happened, APPLE, tz=zone), bars(AAPL, APPLE, tz=zone))
