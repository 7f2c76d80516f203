"""The surface: a smile at each quoted expiry, total variance in a straight line between them.

At a fixed log-moneyness total variance grows with time if it does from expiry to expiry, so the
interpolation adds no calendar arbitrage (Gatheral and Jacquier 2014, section 5). Before the first
and after the last expiry the volatility of that expiry holds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.options.surface import sabr, svi
from risk.options.surface.arbitrage import GRID, Violation, butterfly, calendar, durrleman
from risk.options.surface.chain import Expiry, expiries
from risk.options.surface.sabr import SABR, fit_sabr
from risk.options.surface.svi import SVI, fit_svi

if TYPE_CHECKING:
    import pandas as pd

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Surface:
    """Black's volatility by strike and time.

    times: years, ascending; forwards and smiles: one each; chain: what the smiles were fitted to.
    """

    times: Floats
    forwards: Floats
    smiles: tuple[SVI | SABR, ...]
    chain: tuple[Expiry, ...] = ()

    def total_variance(self, k: ArrayLike, time: ArrayLike) -> Floats:
        """w at log-moneyness k and time in years above 0, broadcast together."""
        at, years = np.broadcast_arrays(np.asarray(k, np.float64), np.asarray(time, np.float64))
        if not (years > 0.0).all():
            raise InvalidField("time", "0, less, or NaN", "years above 0")
        levels = np.array([smile.total_variance(at) for smile in self.smiles])
        right = np.clip(np.searchsorted(self.times, years), 1, max(len(self.times) - 1, 1))
        if len(self.times) == 1:
            return np.asarray(levels[0] * years / self.times[0])
        early = np.take_along_axis(levels, (right - 1)[None], 0)[0]
        late = np.take_along_axis(levels, right[None], 0)[0]
        before, after = self.times[right - 1], self.times[right]
        found = early + (late - early) * (years - before) / (after - before)
        found = np.where(years < self.times[0], levels[0] * years / self.times[0], found)
        last = levels[-1] * years / self.times[-1]
        return np.asarray(np.where(years > self.times[-1], last, found))

    def forward(self, time: ArrayLike) -> Floats:
        """The forward, its logarithm in a straight line between expiries, level outside."""
        years = np.asarray(time, np.float64)
        found: Floats = np.exp(np.interp(years, self.times, np.log(self.forwards)))
        return found

    def volatility(self, strike: ArrayLike, time: ArrayLike) -> Floats:
        """Black's volatility at a strike and time, broadcast together."""
        years = np.asarray(time, np.float64)
        k = np.log(np.asarray(strike, np.float64) / self.forward(years))
        found: Floats = np.sqrt(self.total_variance(k, years) / years)
        return found

    def violations(self, k: ArrayLike = GRID) -> list[Violation]:
        """Butterfly and calendar arbitrage at log-moneyness k; an empty list is what one wants."""
        at = np.asarray(k, np.float64)
        times = self.times.tolist()
        found = [v for s, t in zip(self.smiles, times, strict=True) for v in butterfly(s, t, at)]
        return found + calendar(self.smiles, times, at)

    def frame(self) -> pd.DataFrame:
        """A row an expiry: forward, parameters, root mean square miss of volatility, least g."""
        import pandas as pd

        rows = []
        for at, smile in enumerate(self.smiles):
            row = {"time": self.times[at], "forward": self.forwards[at], **asdict(smile)}
            if self.chain:
                row |= {"quotes": len(self.chain[at].strike), "rms_volatility": self._miss(at)}
            rows.append(row | {"least_g": float(durrleman(smile, GRID).min())})
        return pd.DataFrame(rows).set_index("time")

    def _miss(self, at: int) -> float:
        seen = self.chain[at]
        modelled = np.sqrt(self.smiles[at].total_variance(seen.log_moneyness) / seen.time)
        return float(np.sqrt(np.mean((modelled - seen.volatility) ** 2)))


def fit(
    quotes: Mapping[str, Any] | pd.DataFrame,
    model: str = "svi",
    rate: float | None = None,
    beta: float = 0.5,
    arbitrage_free: bool = False,
) -> Surface:
    """The surface of a chain of quotes; see `chain.expiries` for their columns and `rate`.

    model: "svi", or "sabr" with `beta`. arbitrage_free: SVI smiles that violate a rule are fitted
    again with a penalty, latest first. Vegas are the weights. Raises InvalidField with the
    expiry that has too few strikes.
    """
    return through(expiries(quotes, rate), model, beta, arbitrage_free)


def through(
    chain: Sequence[Expiry], model: str = "svi", beta: float = 0.5, arbitrage_free: bool = False
) -> Surface:
    """The surface through expiries whose forwards and volatilities are known."""
    if model not in ("svi", "sabr"):
        raise InvalidField("model", model, "svi or sabr")
    if not chain:
        raise InvalidField("quotes", "none", "quotes of at least one expiry")
    smiles: list[SVI | SABR] = []
    for expiry in reversed(chain):  # the long ones first: their strikes reach furthest
        _enough(expiry, model)
        weights = np.maximum(expiry.vega / expiry.vega.max(), 0.01)
        if model == "sabr":
            known = (expiry.strike, expiry.volatility, expiry.forward, expiry.time)
            smiles.append(fit_sabr(*known, beta, weights))
            continue
        above = smiles[-1].total_variance if smiles else None
        seen = (expiry.log_moneyness, expiry.total_variance)
        smiles.append(fit_svi(*seen, weights, above, arbitrage_free))
    times = np.array([expiry.time for expiry in chain])
    forwards = np.array([expiry.forward for expiry in chain])
    return Surface(times, forwards, tuple(reversed(smiles)), tuple(chain))


def _enough(expiry: Expiry, model: str) -> None:
    least = svi.LEAST_QUOTES if model == "svi" else sabr.LEAST_QUOTES
    count = len(expiry.strike)
    if count < least:
        where, allowed = f"quotes at time {expiry.time:.6g}", f"at least {least} with a volatility"
        raise InvalidField(where, f"{count} strikes out of the money", allowed)
