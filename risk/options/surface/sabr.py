"""The smile of one expiry by the SABR model: dF = alpha F^beta dW, dalpha = nu alpha dZ.

Hagan, Kumar, Lesniewski and Woodward, "Managing smile risk", Wilmott (2002): Black's volatility is
their equation 2.17, Bachelier's their A.69; dW dZ = rho dt. The expansions are for short times:
far from the money their density may be negative, which `arbitrage` finds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from domain.errors import InvalidField
from risk.options.surface.observations import observations

Floats = NDArray[np.float64]

LEAST_QUOTES = 3
_STEP = 1e-4  # of log-moneyness, for difference quotients
_FLAT = 1e-4  # below it z / x(z) is its series


@dataclass(frozen=True, slots=True)
class SABR:
    """The smile of one expiry: parameters, forward and time. normal: of Bachelier's volatility."""

    alpha: float
    beta: float
    rho: float
    nu: float
    forward: float
    time: float
    normal: bool = False

    def __post_init__(self) -> None:
        _allowed(self.alpha, self.beta, self.rho, self.nu)

    def volatility(self, strike: ArrayLike) -> Floats:
        """Black's volatility, or Bachelier's in units of the price if `normal`."""
        return sabr_volatility(
            strike, self.forward, self.time, (self.alpha, self.beta, self.rho, self.nu), self.normal
        )

    def total_variance(self, k: ArrayLike) -> Floats:
        """sigma^2 t of this smile's volatility at log-moneyness k."""
        strike = self.forward * np.exp(np.asarray(k, np.float64))
        found: Floats = self.volatility(strike) ** 2 * self.time
        return found

    def slopes(self, k: ArrayLike) -> tuple[Floats, Floats]:
        """(dw/dk, d2w/dk2) by difference quotients."""
        at = np.asarray(k, np.float64)
        down, here, up = (self.total_variance(at + step) for step in (-_STEP, 0.0, _STEP))
        return (up - down) / (2.0 * _STEP), (up - 2.0 * here + down) / _STEP**2


def sabr_volatility(
    strike: ArrayLike,
    forward: ArrayLike,
    time: ArrayLike,
    parameters: tuple[float, float, float, float],
    normal: bool = False,
) -> Floats:
    """The volatility of SABR with parameters (alpha, beta, rho, nu).

    strike, forward: above 0; time: years, 0 or more; all broadcast together.
    """
    alpha, beta, rho, nu = parameters
    _allowed(*parameters)
    k, f, years = (np.asarray(value, np.float64) for value in (strike, forward, time))
    if not ((k > 0.0).all() and (f > 0.0).all() and (years >= 0.0).all()):
        allowed = "strikes and forwards above 0, times of 0 or more"
        raise InvalidField("SABR", "a number below that, or NaN", allowed)
    away, rest = np.log(f / k), 1.0 - beta
    middle = (f * k) ** (0.5 * rest)
    per = _over_x(nu / alpha * middle * away, rho)
    square = away * away
    series = 1.0 + square * rest**2 / 24.0 + square**2 * rest**4 / 1920.0
    skew = 0.25 * rho * beta * nu * alpha / middle + (2.0 - 3.0 * rho * rho) / 24.0 * nu * nu
    if normal:
        level = alpha * (f * k) ** (0.5 * beta) * (1.0 + square / 24.0 + square**2 / 1920.0)
        bend = -beta * (2.0 - beta) * alpha * alpha / (24.0 * middle * middle)
    else:
        level = alpha / middle
        bend = rest * rest * alpha * alpha / (24.0 * middle * middle)
    found: Floats = level / series * per * (1.0 + (bend + skew) * years)
    return found


def _over_x(z: Floats, rho: float) -> Floats:
    """z / x(z) with x(z) = log((sqrt(1 - 2 rho z + z^2) + z - rho) / (1 - rho))."""
    flat = np.abs(z) < _FLAT
    held = np.where(flat, 1.0, z)
    root = np.sqrt(1.0 - 2.0 * rho * held + held * held)
    # for z below rho the sum in the numerator cancels: its conjugate does not
    top = np.where(
        held > rho,
        (root + held - rho) / (1.0 - rho),
        (1.0 + rho) / np.where(held > rho, 1.0, root - held + rho),
    )
    series = 1.0 - 0.5 * rho * z + (2.0 - 3.0 * rho * rho) / 12.0 * z * z
    found: Floats = np.where(flat, series, held / np.log(top))
    return found


def _allowed(alpha: float, beta: float, rho: float, nu: float) -> None:
    if not (alpha > 0.0 and 0.0 <= beta <= 1.0 and abs(rho) < 1.0 and nu >= 0.0):
        allowed = "alpha above 0, beta from 0 to 1, rho between -1 and 1, nu of 0 or more"
        raise InvalidField("SABR", (alpha, beta, rho, nu), allowed)


def fit_sabr(
    strike: ArrayLike,
    volatility: ArrayLike,
    forward: float,
    time: float,
    beta: float = 0.5,
    weights: ArrayLike | None = None,
    normal: bool = False,
) -> SABR:
    """alpha, rho and nu with the least weighted squares of the misses in volatility.

    beta is chosen, not found: with rho it says the same thing (Hagan and others, section 3.1).
    strike, volatility: shape (n,), at least 3 different strikes.
    """
    k, seen, weigh = observations(strike, volatility, weights, LEAST_QUOTES)
    _allowed(1.0, beta, 0.0, 0.0)

    def misses(p: Floats) -> Floats:
        named = (float(np.exp(p[0])), beta, float(np.tanh(p[1])), float(np.exp(p[2])))
        return weigh * (sabr_volatility(k, forward, time, named, normal) - seen)

    near = float(seen[np.argmin(np.abs(k - forward))])
    level = np.log(near) - beta * np.log(forward) + (0.0 if normal else np.log(forward))
    low, high = (level - 5.0, -5.0, np.log(1e-4)), (level + 5.0, 5.0, np.log(50.0))
    starts = [(level, skew, np.log(size)) for skew in (-0.5, 0.5) for size in (0.3, 1.5)]
    searches = [
        optimize.least_squares(misses, s, bounds=(low, high), xtol=1e-14, ftol=1e-14, gtol=1e-14)
        for s in starts
    ]
    p = min(searches, key=lambda search: search.cost).x
    alpha, rho, nu = float(np.exp(p[0])), float(np.tanh(p[1])), float(np.exp(p[2]))
    return SABR(alpha, beta, rho, nu, float(forward), float(time), normal)
