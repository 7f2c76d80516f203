"""Market history: many instruments on one clock, out of whatever a researcher has.

    from backtest.data import Dataset, bars
    data = bars("AAPL.csv", "AAPL", tz="America/New_York")

Lives here: `dataset` (Dataset, `merge`), `sources/` (tables and files to EVENT rows), `actions`
(splits and dividends, as rows or in the prices), `rolls` (futures one after another), `sessions`
(exchange calendars), `resample` (longer bars, bars out of trades), `check` (what is wrong with the
data, as a report) and `store` (a folder of rows on disk that is read without loading it).

Does not live here: orders, fills, anything that depends on a strategy. No price or time is guessed:
what is not understood raises InvalidField with the row, the column, the value and what is allowed.

Who may import it: backtest, gridworks and benches. It imports domain and backtest.readers.
"""

from backtest.data.actions import actions, adjusted, funding
from backtest.data.check import Report, validate, without
from backtest.data.dataset import Dataset, merge
from backtest.data.resample import resample
from backtest.data.rolls import continuous
from backtest.data.sessions import on_sessions, phases, within_sessions
from backtest.data.sources.feeds import market_file
from backtest.data.sources.listings import listing
from backtest.data.sources.tables import bars, closes, levels, orders, quotes, trades
from backtest.data.store import open_store, write_store

__all__ = [
    "Dataset", "Report", "actions", "adjusted", "bars", "closes", "continuous", "funding",
    "levels", "listing", "market_file", "merge", "on_sessions", "open_store", "orders", "phases",
    "quotes", "resample", "trades", "validate", "within_sessions", "without", "write_store",
]  # fmt: skip
