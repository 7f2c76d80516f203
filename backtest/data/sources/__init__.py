"""From what a researcher has to EVENT rows.

Lives here: `tables` (bars, quotes, trades, levels, orders out of pandas, polars, pyarrow, numpy,
CSV and parquet), `columns` (how a table's columns are found and read), `numbers` (exact prices and
quantities), `times` (clock readings to UTC nanoseconds), `rules` (what no row may be) and `feeds`
(the formats of `backtest.readers`).

Does not live here: anything about more than one table. Who may import it: backtest.data.
"""
