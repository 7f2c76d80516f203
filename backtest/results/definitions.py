"""Every measure of a result: its name, how it is written, what it is, and whose definition it is.

`MEASURES` is what the summary, the report and docs/results.md say about a number.
"""

from __future__ import annotations

from typing import NamedTuple


class Measure(NamedTuple):
    """`kind`: percent, ratio, money, count, days or bars."""

    name: str
    label: str
    group: str
    kind: str
    definition: str
    source: str = ""


BACON = "Bacon, Practical Portfolio Performance Measurement and Attribution (2023)"

MEASURES = (
    Measure("net_profit", "Net profit", "Return", "money",
            "equity at the end less cash at the start"),
    Measure("total_return", "Total return", "Return", "percent",
            "net profit by cash at the start"),
    Measure("annual_return", "Return a year", "Return", "percent",
            "constant growth a year with the same end, by trading days", BACON),
    Measure("cagr", "CAGR", "Return", "percent",
            "constant growth a year with the same end, by the calendar (365.25 days)", BACON),
    Measure("buy_and_hold", "Buy and hold", "Return", "percent",
            "return of cash spread evenly over all instruments at their first marks, costs "
            "left out"),
    Measure("best_day", "Best day", "Return", "percent", "highest daily return"),
    Measure("worst_day", "Worst day", "Return", "percent", "lowest daily return"),
    Measure("positive_days", "Days up", "Return", "percent", "share of daily returns above 0"),
    Measure("volatility", "Volatility", "Risk", "percent",
            "standard deviation (n - 1) of daily returns, a year", BACON),
    Measure("max_drawdown", "Deepest drawdown", "Risk", "percent",
            "deepest fall of equity from its highest level so far, over all samples", BACON),
    Measure("max_drawdown_days", "Longest drawdown", "Risk", "days",
            "longest time below an earlier peak, to its recovery or the end"),
    Measure("average_drawdown", "Mean drawdown", "Risk", "percent",
            "mean of the deepest points of all drawdowns", BACON),
    Measure("ulcer_index", "Ulcer index", "Risk", "percent",
            "root mean square of daily distances below the peak", "Martin and McCann (1989)"),
    Measure("value_at_risk", "VaR 95 %, a day", "Risk", "percent",
            "loss that 5 % of the days reach or exceed, from history",
            "Jorion, Value at Risk (2006)"),
    Measure("expected_shortfall", "ES 95 %, a day", "Risk", "percent",
            "mean loss of the days at or beyond the value at risk", "Acerbi and Tasche (2002)"),
    Measure("skewness", "Skewness", "Risk", "ratio",
            "third standardised moment of daily returns"),
    Measure("kurtosis", "Kurtosis", "Risk", "ratio",
            "fourth standardised moment of daily returns, 3 for a normal one"),
    Measure("tail_ratio", "Tail ratio", "Risk", "ratio",
            "size of the 95 % quantile of daily returns by that of the 5 % quantile"),
    Measure("sharpe", "Sharpe ratio", "Ratios", "ratio",
            "mean daily return over the risk-free one by its deviation, a year", "Sharpe (1994)"),
    Measure("sharpe_probability", "P(Sharpe > 0)", "Ratios", "percent",
            "probability that the true Sharpe ratio is above 0, given skewness and fat tails",
            "Bailey and Lopez de Prado (2012)"),
    Measure("sortino", "Sortino ratio", "Ratios", "ratio",
            "as Sharpe, by the root mean square of what fell short",
            "Sortino and van der Meer (1991)"),
    Measure("calmar", "Calmar ratio", "Ratios", "ratio",
            "return a year by the deepest drawdown", "Young (1991)"),
    Measure("omega", "Omega ratio", "Ratios", "ratio",
            "sum of daily gains by sum of daily losses", "Keating and Shadwick (2002)"),
    Measure("trades", "Trades", "Trades", "count",
            "pairs of opening and closing executions, first in, first out"),
    Measure("win_rate", "Win rate", "Trades", "percent",
            "share of closed trades with a profit after fees"),
    Measure("profit_factor", "Profit factor", "Trades", "ratio",
            "profits of winning trades by losses of losing ones, after fees"),
    Measure("expectancy", "Expectancy", "Trades", "money", "mean profit of a trade after fees"),
    Measure("payoff", "Payoff ratio", "Trades", "ratio",
            "mean profit of winners by mean loss of losers"),
    Measure("best_trade", "Best trade", "Trades", "money", "highest profit of a trade after fees"),
    Measure("worst_trade", "Worst trade", "Trades", "money", "lowest profit of a trade after fees"),
    Measure("system_quality", "SQN", "Trades", "ratio",
            "root of the number of trades x mean profit by its deviation", "Tharp (2008)"),
    Measure("kelly", "Kelly share", "Trades", "percent",
            "win rate less loss rate by payoff: the stake that grows fastest", "Kelly (1956)"),
    Measure("bars_held", "Mean bars held", "Trades", "bars", "samples from entry to exit, mean"),
    Measure("exposure_time", "Time in the market", "Activity", "percent",
            "share of samples with a position"),
    Measure("mean_leverage", "Mean leverage", "Activity", "ratio",
            "gross exposure by equity, mean over samples"),
    Measure("max_leverage", "Highest leverage", "Activity", "ratio",
            "gross exposure by equity, highest of all samples"),
    Measure("turnover", "Turnover a year", "Activity", "ratio",
            "value of all executions by mean equity, a year", BACON),
    Measure("orders", "Orders", "Activity", "count", "orders sent, refused ones too"),
    Measure("executions", "Executions", "Activity", "count", "fills, partial ones counted singly"),
    Measure("rejects", "Refused", "Activity", "count", "orders refused on entry"),
    Measure("fees", "Fees", "Activity", "money", "fees of all executions, rebates subtracted"),
    Measure("shortfall_bps", "Shortfall, bps", "Activity", "ratio",
            "implementation shortfall of all orders by their value at the decision",
            "Perold (1988)"),
    Measure("benchmark_return", "Benchmark", "Benchmark", "percent",
            "total return of the benchmark over the same days"),
    Measure("alpha", "Alpha a year", "Benchmark", "percent",
            "intercept of daily returns on the benchmark's, x days a year", "Jensen (1968)"),
    Measure("beta", "Beta", "Benchmark", "ratio", "slope of daily returns on the benchmark's"),
    Measure("correlation", "Correlation", "Benchmark", "ratio",
            "of daily returns with the benchmark's"),
    Measure("tracking_error", "Tracking error", "Benchmark", "percent",
            "deviation of the daily differences to the benchmark, a year", BACON),
    Measure("information_ratio", "Information ratio", "Benchmark", "ratio",
            "mean daily difference to the benchmark by its deviation, a year", "Goodwin (1998)"),
)  # fmt: skip
BY_NAME = {measure.name: measure for measure in MEASURES}


def written(name: str, value: float) -> str:
    """The value of a measure as a person reads it; a dash if it is not defined.

    >>> written("total_return", 0.1234), written("trades", 1200.0), written("sharpe", float("nan"))
    ('12.34%', '1,200', '–')
    """
    if value != value:
        return "–"
    if value in (float("inf"), float("-inf")):
        return "∞" if value > 0 else "-∞"
    kind = BY_NAME[name].kind
    forms = {"percent": ".2%", "ratio": ".2f", "money": ",.2f", "count": ",.0f", "bars": ",.1f"}
    return f"{value:,.1f} days" if kind == "days" else format(value, forms[kind])
