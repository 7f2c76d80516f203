"""How well did it do? Measures of returns and of closed trades, as the textbooks define them.

returns: simple returns of equal periods, as fractions, oldest first, shape (periods,); `periods`
is their number a year. A measure that divides by 0 is infinite with the sign of its numerator, and
NaN for 0 / 0. pnl: what each closed trade made, in any unit of money, shape (trades,). Bacon,
"Practical Portfolio Performance Measurement and Attribution", 3rd ed. (2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, series


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak: depth as a fraction of 0 or less, and places in the series.

    peak: 0 is the start, n the end of period n; end: when the peak was reached again, None: not
    yet.
    """

    depth: float
    peak: int
    trough: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Regression:
    """Excess returns on the benchmark's by least squares: `alpha` a year, `beta` and their fit."""

    alpha: float
    beta: float
    correlation: float


@dataclass(frozen=True, slots=True)
class Performance:
    """All measures of a series of returns; each is the function of that name."""

    total_return: float
    annual_return: float
    volatility: float
    sharpe: float
    sortino: float
    calmar: float
    omega: float
    tail_ratio: float
    max_drawdown: Drawdown
    best: float
    worst: float
    positive: float  # share of periods above 0


def _returns(values: ArrayLike) -> Floats:
    rows = series("returns", values)
    lost = np.flatnonzero(rows < -1.0)
    if len(lost):
        at = int(lost[0])
        raise InvalidField(f"returns[{at}]", float(rows[at]), "-1 (all is lost) or more")
    return rows


def _ratio(top: float, bottom: float) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(top) / np.float64(bottom))


def total_return(returns: ArrayLike) -> float:
    """Growth from start to end, as a fraction."""
    return float(np.prod(1.0 + _returns(returns)) - 1.0)


def annual_return(returns: ArrayLike, periods: float = 252) -> float:
    """The constant yearly growth that ends at the same place (geometric)."""
    rows = _returns(returns)
    return float((1.0 + total_return(rows)) ** (periods / len(rows)) - 1.0)


def volatility(returns: ArrayLike, periods: float = 252) -> float:
    """Standard deviation (n - 1), a year; NaN for one period."""
    rows = _returns(returns)
    return float(np.std(rows, ddof=1) * np.sqrt(periods)) if len(rows) > 1 else float("nan")


def sharpe(returns: ArrayLike, risk_free: float = 0.0, periods: float = 252) -> float:
    """Mean return over the risk-free one, by its deviation, a year (Sharpe 1994).

    risk_free: for a period.
    """
    excess = _returns(returns) - risk_free
    if len(excess) < 2:
        return float("nan")
    return _ratio(float(excess.mean()), float(np.std(excess, ddof=1))) * float(np.sqrt(periods))


def sortino(returns: ArrayLike, target: float = 0.0, periods: float = 252) -> float:
    """Mean return over the target, by the root mean square of what fell short of it, a year.

    Sortino and van der Meer (1991): periods above the target count as 0, and all count.
    """
    excess = _returns(returns) - target
    short = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    return _ratio(float(excess.mean()), short) * float(np.sqrt(periods))


def drawdowns(returns: ArrayLike) -> Floats:
    """Distance below the highest level so far, as a fraction of 0 or less: shape (periods + 1,)."""
    level = np.concatenate(([1.0], np.cumprod(1.0 + _returns(returns))))
    peak = np.maximum.accumulate(level)
    return level / peak - 1.0


def max_drawdown(returns: ArrayLike) -> Drawdown:
    """The deepest fall, the first of equal ones."""
    below = drawdowns(returns)
    trough = int(np.argmin(below))
    peak = int(np.flatnonzero(below[: trough + 1] == 0.0)[-1])
    back = np.flatnonzero(below[trough:] == 0.0)
    end = trough + int(back[0]) if len(back) else None
    return Drawdown(float(below[trough]), peak, trough, end)


def calmar(returns: ArrayLike, periods: float = 252) -> float:
    """Yearly growth by the depth of the deepest fall (Young 1991)."""
    return _ratio(annual_return(returns, periods), -max_drawdown(returns).depth)


def omega(returns: ArrayLike, threshold: float = 0.0) -> float:
    """Gains above a threshold by losses below it (Keating and Shadwick 2002)."""
    excess = _returns(returns) - threshold
    return _ratio(float(np.maximum(excess, 0.0).sum()), float(np.maximum(-excess, 0.0).sum()))


def tail_ratio(returns: ArrayLike, share: float = 0.05) -> float:
    """Size of the upper quantile of that share by the size of the lower one (linear quantiles)."""
    low, high = np.quantile(_returns(returns), [share, 1.0 - share])
    return _ratio(abs(float(high)), abs(float(low)))


def skewness(returns: ArrayLike) -> float:
    """Third standardised moment of the sample, without a correction for its size."""
    return _moment(returns, 3)


def kurtosis(returns: ArrayLike) -> float:
    """Fourth standardised moment of the sample, 3 for a normal one (not in excess of it)."""
    return _moment(returns, 4)


def _moment(values: ArrayLike, power: int) -> float:
    rows = _returns(values)
    away = rows - rows.mean()
    return _ratio(float(np.mean(away**power)), float(np.mean(away**2)) ** (power / 2))


def ulcer_index(returns: ArrayLike) -> float:
    """Root mean square of the distances below the highest level (Martin and McCann 1989)."""
    return float(np.sqrt(np.mean(drawdowns(returns)[1:] ** 2)))


def longest_drawdown(returns: ArrayLike) -> int:
    """Most periods in a row that ended below an earlier peak."""
    below = np.concatenate(([0], drawdowns(returns) < 0.0, [0])).astype(np.int8)
    edges = np.flatnonzero(np.diff(below))
    return int(np.max(edges[1::2] - edges[::2], initial=0))


def market_line(
    returns: ArrayLike, benchmark: ArrayLike, risk_free: float = 0.0, periods: float = 252
) -> Regression:
    """Jensen's alpha (1968), arithmetic a year, and beta; benchmark: of the same periods."""
    rows, other = _pair(returns, benchmark)
    rows, other = rows - risk_free, other - risk_free
    joint = float(np.mean((rows - rows.mean()) * (other - other.mean())))
    beta = _ratio(joint, float(np.var(other)))
    alpha = (float(rows.mean()) - beta * float(other.mean())) * periods
    return Regression(alpha, beta, _ratio(joint, float(np.std(rows) * np.std(other))))


def tracking_error(returns: ArrayLike, benchmark: ArrayLike, periods: float = 252) -> float:
    """Standard deviation (n - 1) of the difference to a benchmark, a year; NaN for one period."""
    rows, other = _pair(returns, benchmark)
    if len(rows) < 2:
        return float("nan")
    return float(np.std(rows - other, ddof=1) * np.sqrt(periods))


def information_ratio(returns: ArrayLike, benchmark: ArrayLike, periods: float = 252) -> float:
    """Mean difference to a benchmark by its deviation, a year (Goodwin 1998)."""
    rows, other = _pair(returns, benchmark)
    return _ratio(float(np.mean(rows - other)) * periods, tracking_error(rows, other, periods))


def _pair(returns: ArrayLike, benchmark: ArrayLike) -> tuple[Floats, Floats]:
    rows, other = _returns(returns), series("benchmark", benchmark)
    if len(rows) != len(other):
        raise InvalidField("benchmark", f"{len(other)} periods", f"{len(rows)} periods")
    return rows, other


def win_rate(pnl: ArrayLike) -> float:
    """Share of the trades that made money."""
    return float(np.mean(series("pnl", pnl) > 0.0))


def profit_factor(pnl: ArrayLike) -> float:
    """All that winners made by all that losers lost."""
    rows = series("pnl", pnl)
    return _ratio(float(rows[rows > 0].sum()), abs(float(rows[rows < 0].sum())))


def payoff(pnl: ArrayLike) -> float:
    """A winner's mean by a loser's mean; NaN without one of them."""
    rows = series("pnl", pnl)
    won, lost = rows[rows > 0], rows[rows < 0]
    return float(won.mean() / -lost.mean()) if len(won) and len(lost) else float("nan")


def expectancy(pnl: ArrayLike) -> float:
    """What a trade makes on average."""
    return float(series("pnl", pnl).mean())


def system_quality(pnl: ArrayLike) -> float:
    """SQN: root of the number of trades x mean / deviation (n - 1) (Tharp 2008)."""
    rows = series("pnl", pnl)
    if len(rows) < 2:
        return float("nan")
    return _ratio(float(np.sqrt(len(rows)) * rows.mean()), float(np.std(rows, ddof=1)))


def kelly(pnl: ArrayLike) -> float:
    """The share of capital that grows fastest: W - (1 - W) / R of win rate W, payoff R.

    Kelly (1956) for bets with two outcomes; NaN without winners or losers.
    """
    won = win_rate(pnl)
    return won - (1.0 - won) / payoff(pnl)


def performance(
    returns: ArrayLike, periods: float = 252, risk_free: float = 0.0
) -> Performance:
    """All measures at once; risk_free is for a period and is the target of Sortino too."""
    rows = _returns(returns)
    return Performance(
        total_return(rows),
        annual_return(rows, periods),
        volatility(rows, periods),
        sharpe(rows, risk_free, periods),
        sortino(rows, risk_free, periods),
        calmar(rows, periods),
        omega(rows, risk_free),
        tail_ratio(rows),
        max_drawdown(rows),
        float(rows.max()),
        float(rows.min()),
        float(np.mean(rows > 0.0)),
    )
