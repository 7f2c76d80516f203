"""What a run has brought: tables, measures, attribution, costs, confidence, reports.

    from backtest.results import Result
    result = Result(record)
    print(result.summary())
    result.report("out.html")

Lives here: everything that is worked out from a `backtest.record.Record`, and from nothing else.
Money stays in int64 minor units until it is shown, so that parts add up to the whole.

Does not live here: fills (the exchange makes them), measures of a series of returns
(`risk.portfolio.performance`), HTML (`pages`).

Who may import it: backtest.search, gridworks, benches, tests.
"""

from backtest.results.definitions import MEASURES, Measure
from backtest.results.result import Result

__all__ = ["MEASURES", "Measure", "Result"]
