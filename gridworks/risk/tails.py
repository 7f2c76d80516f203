"""Value at risk and expected shortfall of a portfolio by each method, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.portfolio import historical, montecarlo, parametric
from risk.portfolio.covariance import by_factors, cleaned, ewma, sample, shrunk
from risk.portfolio.garch import dcc
from risk.portfolio.tail import Tail

Floats = NDArray[np.float64]

FREEDOM = 5.0  # of the t distributions: heavy tails, as daily returns have
ESTIMATORS: dict[str, Callable[[Floats], Floats]] = {
    "sample": sample,
    "ewma": ewma,
    "shrunk": shrunk,
    "cleaned": cleaned,
    "factors": lambda moves: by_factors(moves, min(3, moves.shape[1])),
    "dcc": lambda moves: dcc(moves).covariance,
}


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """What the methods need of a portfolio.

    profits: P&L of the whole under moves (scenarios, underlyings) of spots; exposures, gammas:
    money for a move of 1 in each underlying, and the change of that; moves: history; spread: gives
    their covariance, which is large where there are many.
    """

    profits: Callable[[Floats], Floats]
    past: Floats  # P&L under the moves of history, with those of volatilities if known
    exposures: Floats
    gammas: Floats
    moves: Floats
    spread: Callable[[], Floats]
    draws: int
    seed: int

    @property
    def covariance(self) -> Floats:
        """Of moves, worked out for the methods that use it."""
        return self.spread()

    @property
    def draw(self) -> np.random.Generator:
        """The same chance for each method."""
        return np.random.default_rng(self.seed)


def _delta_gamma(facts: Facts, confidence: float) -> Tail:
    moments = parametric.delta_gamma_moments(
        facts.exposures, np.diag(facts.gammas), facts.covariance
    )
    return parametric.cornish_fisher(moments, confidence)


def _student(facts: Facts, confidence: float) -> Tail:
    variance = facts.exposures @ facts.covariance @ facts.exposures
    deviation = float(np.sqrt(variance))
    return parametric.student_tail(parametric.Moments(0.0, deviation), FREEDOM, confidence)


def _monte_carlo(facts: Facts, confidence: float) -> Tail:
    moves = montecarlo.normal_moves(facts.covariance, facts.draws, facts.draw)
    return montecarlo.revalued(facts.profits, _alive(moves), confidence)


def _monte_carlo_t(facts: Facts, confidence: float) -> Tail:
    moves = montecarlo.student_moves(facts.covariance, FREEDOM, facts.draws, facts.draw)
    return montecarlo.revalued(facts.profits, _alive(moves), confidence)


def _copula(facts: Facts, confidence: float) -> Tail:
    moves = montecarlo.copula_moves(facts.moves, facts.draws, facts.draw, FREEDOM)
    return montecarlo.revalued(facts.profits, moves, confidence)


def _alive(moves: Floats) -> Floats:
    """A drawn fall of all a price is, or more, stops just short of it."""
    return np.maximum(moves, -0.999)


METHODS: dict[str, Callable[[Facts, float], Tail]] = {
    "historical": lambda facts, c: historical.historical(facts.past, c),
    "age_weighted": lambda facts, c: historical.age_weighted(facts.past, c),
    "volatility_scaled": lambda facts, c: historical.volatility_scaled(facts.past, c),
    "delta_normal": lambda facts, c: parametric.delta_normal(facts.exposures, facts.covariance, c),
    "student_t": _student,
    "delta_gamma": _delta_gamma,
    "monte_carlo": _monte_carlo,
    "monte_carlo_t": _monte_carlo_t,
    "copula_t": _copula,
}


def method(name: str) -> Callable[[Facts, float], Tail]:
    """A method by its name. Raises InvalidField."""
    if name not in METHODS:
        raise InvalidField("method", name, ", ".join(METHODS))
    return METHODS[name]


def covariance_by(estimator: str, moves: Floats, names: list[str]) -> Floats:
    """A covariance of moves. Raises InvalidField with the underlying that does not move."""
    if estimator not in ESTIMATORS:
        raise InvalidField("covariance", estimator, ", ".join(ESTIMATORS))
    still = np.flatnonzero(np.ptp(moves, axis=0) == 0.0)
    if len(still):
        where = f"prices[{names[int(still[0])]!r}]"
        raise InvalidField(where, "the same every day", "prices that move: covariance is singular")
    return ESTIMATORS[estimator](moves)
