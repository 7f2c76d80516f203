"""Risk that includes getting out: spreads and the days that selling takes.

Bangia, Diebold, Schuermann and Stroughair, "Modeling liquidity risk", Risk 12 (1999); horizons as
in Jorion (2007), chapter 13.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, between, series


def spread_cost(
    values: ArrayLike, spreads: ArrayLike, deviations: ArrayLike, multiple: float = 3.0
) -> float:
    """Money lost to wide spreads: half of (mean + multiple * deviation) of what is held.

    values: money held in each asset, either sign; spreads: mean relative bid-ask spread;
    deviations: their standard deviations; multiple: 2 to 4.5 by the source. Add it to value at
    risk.
    """
    held = np.abs(series("values", values))
    wide = _same("spreads", spreads, held) + multiple * _same("deviations", deviations, held)
    return float(0.5 * held @ wide)


def days_to_sell(quantities: ArrayLike, volumes: ArrayLike, share: float = 0.2) -> Floats:
    """Days that it takes to sell each position at a share of its average daily volume."""
    held = np.abs(series("quantities", quantities))
    traded = _same("volumes", volumes, held)
    still = np.flatnonzero((traded == 0.0) & (held > 0.0))
    if len(still):
        raise InvalidField(f"volumes[{int(still[0])}]", 0.0, "a volume above 0 of what is held")
    part = between("share", share, 0.0, 1.0000000001)
    return np.divide(held, part * traded, out=np.zeros(len(held)), where=held > 0.0)


def over_liquidation(value_at_risk: float, days: ArrayLike) -> float:
    """Value at risk while positions are sold evenly over the longest of so many days.

    The one-day measure times ``sqrt((1 + 1/n) (2 + 1/n) n / 6)`` for n days of equal parts, a day
    at least.
    """
    longest = max(float(np.max(series("days", days))), 1.0)
    return value_at_risk * float(np.sqrt((1 + 1 / longest) * (2 + 1 / longest) * longest / 6.0))


def _same(name: str, values: ArrayLike, like: Floats) -> Floats:
    numbers = series(name, values)
    if len(numbers) != len(like):
        raise InvalidField(name, f"{len(numbers)} values", f"{len(like)}, one a position")
    negative = np.flatnonzero(numbers < 0.0)
    if len(negative):
        at = int(negative[0])
        raise InvalidField(f"{name}[{at}]", float(numbers[at]), "0 or more")
    return numbers
