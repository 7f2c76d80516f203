"""`Portfolio`: positions, prices and factors; value, Greeks and risk with labels, a call each.

    >>> import numpy as np, pandas as pd, gridworks as gw
    >>> days = pd.bdate_range("2025-01-01", periods=300)
    >>> steps = np.random.default_rng(1).normal(0, 0.01, (300, 2))
    >>> prices = pd.DataFrame(100 * np.exp(steps.cumsum(axis=0)), days, ["ACME", "BETA"])
    >>> held = [
    ...     {"position": "shares", "underlying": "ACME", "quantity": 1_000},
    ...     {"position": "short", "underlying": "BETA", "type": "future", "quantity": -500},
    ...     {"position": "puts", "underlying": "ACME", "quantity": 1_000, "kind": "put",
    ...      "strike": 90, "expiry": "2026-06-19", "volatility": 0.25},
    ... ]
    >>> portfolio = gw.risk.Portfolio(held, prices, rate=0.03)
    >>> list(portfolio.value_at_risk(methods=["historical", "monte_carlo"]).columns)
    ['value_at_risk', 'expected_shortfall', 'outcomes']
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField
from gridworks.risk import history, scenarios, tails
from gridworks.risk.backtests import Backtest, backtested
from gridworks.risk.positions import Positions, positions_of
from gridworks.risk.pricing import GREEKS, Pricing, with_implied
from risk.portfolio import contributions, liquidity, stress
from risk.portfolio.covariance import ewma

Floats = NDArray[np.float64]
LADDER = (-0.3, -0.2, -0.1, -0.05, -0.02, 0.0, 0.02, 0.05, 0.1, 0.2, 0.3)
VOLATILITIES = (-0.1, 0.0, 0.1)


class Portfolio:
    """What is held, and the history of what it depends on.

    Args:
        positions: a frame, mapping of columns or list of rows; see `positions_of`.
        prices: a column an underlying, a row a day, oldest first, numbers above 0; the last row
            is today. A frame by dates, or a mapping with a `date`.
        volatilities: implied volatilities by underlying and day; their changes move options in
            scenarios from history, on top of the spots' moves.
        factors: returns of factors by day, for scenarios that name factors.
        today: the date of valuation; by default that of the last prices.
        rate: continuous interest a year where a position has none of its own.

    Raises:
        InvalidField: names the position, column or day.
    """

    def __init__(
        self,
        positions: Any,
        prices: history.Table,
        *,
        volatilities: history.Table | None = None,
        factors: history.Table | None = None,
        today: object = None,
        rate: float = 0.0,
    ) -> None:
        levels = history.frame_of("prices", prices)
        if len(levels) < 2:
            raise InvalidField("prices", f"{len(levels)} days", "at least 2 days")
        self.today = _today(today, levels)
        held = positions_of(positions, self.today, rate)
        owners = held.owners()
        numbers = history.numbers_of("prices", levels, owners, positive=True)
        self.underlyings = list(owners)
        self.spots = pd.Series(numbers[-1], self.underlyings, name="spot")
        moves = numbers[1:] / numbers[:-1]
        moves -= 1.0
        self.moves = pd.DataFrame(moves, levels.index[1:], self.underlyings, copy=False)
        self._shifts = self._volatility_moves(volatilities, held)
        self._factors = None if factors is None else history.frame_of("factors", factors)
        places = {name: at for at, name in enumerate(self.underlyings)}
        column = np.array([places[name] for name in held.underlying], np.intp)
        self._pricing = with_implied(Pricing(held, column, numbers[-1][column]))

    def _volatility_moves(
        self, volatilities: history.Table | None, held: Positions
    ) -> Floats:
        """Changes of volatility of each day's move; 0 where there is no history of it."""
        if volatilities is None:
            return np.broadcast_to(0.0, self.moves.shape)
        found = np.zeros(self.moves.shape)
        levels = history.frame_of("volatilities", volatilities)
        owners = {u: owner for u, owner in held.owners().items() if u in levels.columns}
        numbers = pd.DataFrame(
            history.numbers_of("volatilities", levels, owners, positive=True),
            levels.index, list(owners),
        ).diff()  # fmt: skip
        aligned = numbers.reindex(self.moves.index)
        for name in owners:
            days = np.flatnonzero(aligned[name].isna())
            if len(days):
                where = f"volatilities[{name!r}][{history.day_of(aligned, int(days[0]))}]"
                raise InvalidField(where, "missing", "the days of prices")
            found[:, self.underlyings.index(name)] = aligned[name]
        return found

    @property
    def positions(self) -> Positions:
        """The positions as checked arrays, volatilities implied where they were not given."""
        return self._pricing.positions

    # ------------------------------------------------------------------ today

    def values(self) -> pd.DataFrame:
        """A row a position: price of a unit, value (futures: 0, they settle daily), exposure.

        exposure: value of the underlying that moves as the position does (delta times spot).
        """
        held, price = self.positions, self._pricing.prices()
        outright = held.is_future & ~held.is_option
        exposure = held.size * self._pricing.greeks()["delta"] * self._pricing.spot
        columns = {
            "underlying": held.underlying, "type": held.types, "quantity": held.quantity,
            "price": price, "value": np.where(outright, 0.0, held.size * price),
            "exposure": exposure,
        }  # fmt: skip
        return self._frame(columns)

    def greeks(self) -> pd.DataFrame:
        """Greeks of each position as held (quantity times multiplier); units as gw.options has."""
        unit = self._pricing.greeks()
        return self._frame({name: self.positions.size * unit[name] + 0.0 for name in GREEKS})

    def exposures(self) -> pd.DataFrame:
        """A row an underlying: money for a move of 1 (delta), and what such a move adds (gamma)."""
        unit, spot, size = self._pricing.greeks(), self._pricing.spot, self.positions.size
        parts = {"delta": size * unit["delta"] * spot, "gamma": size * unit["gamma"] * spot**2}
        table = pd.DataFrame(parts).groupby(self._pricing.column).sum()
        table.index = pd.Index([self.underlyings[at] for at in table.index], name="underlying")
        return table.loc[self.underlyings]

    def _frame(self, columns: Mapping[str, Any]) -> pd.DataFrame:
        return pd.DataFrame(columns, index=pd.Index(self.positions.labels, name="position"))

    # ------------------------------------------------------------------ under moves

    def pnl(self, moves: pd.DataFrame | None = None) -> pd.DataFrame:
        """P&L of each position under each scenario, by full revaluation.

        moves: relative moves, a column an underlying (those without one do not move); None: those
        of history, with those of volatilities.
        """
        if moves is None:
            units = self._units()
            index = self.moves.index
        else:
            known = moves.reindex(columns=self.underlyings, fill_value=0.0)
            owners = dict.fromkeys(self.underlyings, "scenario")
            numbers = history.numbers_of("moves", known, owners, positive=False)
            units, index = self._pricing.profits(numbers), moves.index
        return pd.DataFrame(units * self.positions.size, index, self.positions.labels)

    def _units(self) -> Floats:
        return self._pricing.profits(self.moves.to_numpy(), self._shifts)

    def _past(self) -> Floats:
        return self._pricing.totals(self.moves.to_numpy(), self._shifts)

    # ------------------------------------------------------------------ measures

    def covariance(self, estimator: str = "ewma") -> pd.DataFrame:
        """Covariance of the underlyings' moves: sample, ewma, shrunk, cleaned, factors, dcc."""
        moves = history.enough("prices", self.moves).to_numpy()
        found = tails.covariance_by(estimator, moves, self.underlyings)
        return pd.DataFrame(found, self.underlyings, self.underlyings)

    def value_at_risk(
        self,
        confidence: float = 0.99,
        methods: Sequence[str] = tuple(tails.METHODS),
        *,
        days: float = 1.0,
        covariance: str = "ewma",
        draws: int = 10_000,
        seed: int = 0,
    ) -> pd.DataFrame:
        """A row a method: value at risk and expected shortfall as losses, and of how many outcomes.

        methods: names of METHODS; days: the horizon, by the square root of time; covariance: an
        estimator; draws and seed of simulations.
        """
        chosen = {name: tails.method(name) for name in methods}
        history.enough("prices", self.moves)
        known: list[Floats] = []

        def spread() -> Floats:
            if not known:
                known.append(self.covariance(covariance).to_numpy())
            return known[0]

        exposed = self.exposures()
        facts = tails.Facts(
            self._pricing.totals, self._past(), exposed["delta"].to_numpy(),
            exposed["gamma"].to_numpy(), self.moves.to_numpy(), spread, draws, seed,
        )  # fmt: skip
        rows = {}
        for name, method in chosen.items():
            tail = method(facts, confidence).scaled(days)
            rows[name] = (tail.value_at_risk, tail.expected_shortfall, tail.outcomes)
        columns = ["value_at_risk", "expected_shortfall", "outcomes"]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.rename_axis("method")

    def contributions(self, confidence: float = 0.99, method: str = "historical") -> pd.DataFrame:
        """A row a position: component (they add up), incremental and marginal value at risk.

        component_shortfall: of expected shortfall; incremental: what value at risk falls by without
        the position; marginal: what one more unit of quantity adds. method: historical (full
        revaluation) or normal (deltas and the ewma covariance).
        """
        size, multiplier = self.positions.size, self.positions.multiplier
        moves = history.enough("prices", self.moves).to_numpy()
        if method == "historical":
            units = self._units()
            parts = contributions.of_outcomes(units * size, confidence)
            edge = (units * size).sum(axis=1) == -parts.total.value_at_risk
            slope = -units[edge].mean(axis=0)
        elif method == "normal":
            column = self._pricing.column
            unit = self._pricing.greeks()["delta"] * self._pricing.spot
            wide = ewma(moves)[np.ix_(column, column)]
            parts = contributions.of_normal(size * unit, wide, confidence)
            risk = float((size * unit) @ wide @ (size * unit))
            per = parts.total.value_at_risk / risk if risk > 0.0 else 0.0
            slope = unit * (wide @ (size * unit)) * per
        else:
            raise InvalidField("method", method, "historical or normal")
        total = parts.total.value_at_risk
        share = parts.value_at_risk / total if total != 0.0 else np.zeros(len(size))
        return self._frame({
            "component": parts.value_at_risk, "share": share,
            "component_shortfall": parts.expected_shortfall, "incremental": parts.incremental,
            "marginal": slope * multiplier,
        })  # fmt: skip

    def liquidity(self, market: pd.DataFrame, share: float = 0.2) -> pd.DataFrame:
        """A row a position: days to sell it, and the cost of a wide spread.

        market: by position, with `volume` (average daily, in units of quantity), `spread` (mean,
        relative to price) and `deviation` (of it). share: of the volume that one may take. The
        sum of `cost` comes on top of value at risk; `liquidity.over_liquidation` takes the days.
        """
        for name in ("volume", "spread", "deviation"):
            if name not in market.columns:
                raise InvalidField("market", f"no column {name!r}", "volume, spread, deviation")
        for label in self.positions.labels:
            if label not in market.index:
                raise InvalidField(f"positions[{label!r}]", "not in market", "a row in market")
        rows, held = market.loc[self.positions.labels], self.positions
        days = liquidity.days_to_sell(held.quantity, rows["volume"], share)
        prices = held.size * self._pricing.prices()
        terms = zip(prices, rows["spread"], rows["deviation"], strict=True)
        costs = [liquidity.spread_cost([v], [s], [d]) for v, s, d in terms]
        return self._frame({"days_to_sell": days, "cost": costs})

    # ------------------------------------------------------------------ stress

    def stress(
        self, named: Mapping[str, Mapping[str, float]] = stress.EPISODES
    ) -> pd.DataFrame:
        """P&L under each scenario by full revaluation, worst first: in all and by position.

        named: scenario -> moves by underlying, by factor (through betas on `factors`), or of
        `volatility` (or `vix`) and `rate` (added) and `days` that pass. `unknown` lists names that
        the portfolio does not have: what they would have done is not in the figures.
        """
        slopes = scenarios.betas(self.moves, self._factors)
        rows = {}
        for name, moves in named.items():
            found = scenarios.shock(name, moves, slopes)
            profits = self._pricing.profits(
                found.moves[None, :], found.volatility, found.rate, found.days
            )[0] * self.positions.size  # fmt: skip
            rows[name] = [float(profits.sum()), ", ".join(found.unknown), *profits.tolist()]
        columns = ["pnl", "unknown", *self.positions.labels]
        table = pd.DataFrame.from_dict(rows, orient="index", columns=columns)
        return table.sort_values("pnl", kind="stable").rename_axis("scenario")

    def ladder(
        self, moves: Sequence[float] = LADDER, volatilities: Sequence[float] = VOLATILITIES
    ) -> pd.DataFrame:
        """P&L if all underlyings move by so much (rows) and volatilities by so much (columns)."""
        spot, shift = scenarios.steps("moves", moves), scenarios.steps("volatilities", volatilities)
        wide = np.repeat(spot[:, None], len(self.underlyings), axis=1)
        table = {
            s: self._pricing.profits(wide, s) @ self.positions.size for s in shift.tolist()
        }
        return pd.DataFrame(table, pd.Index(spot, name="move")).rename_axis(columns="volatility")

    def reverse_stress(self, loss: float, covariance: str = "ewma") -> pd.Series:
        """The likeliest moves of the underlyings that lose so much, by full revaluation.

        `attrs` has distance (in standard deviations) and probability of a move at least that far.
        """
        spread = self.covariance(covariance).to_numpy()

        def reprice(move: Floats) -> float:
            return float(self._pricing.totals(np.maximum(move, -0.999)[None, :])[0])

        found = stress.reverse_of(reprice, spread, loss)
        moves = pd.Series(found.move, self.underlyings, name="move")
        moves.attrs |= {"distance": found.distance, "probability": found.probability}
        return moves

    def backtest(
        self, confidence: float = 0.99, window: int = 250, method: str = "historical"
    ) -> Backtest:
        """Today's positions through history: each day's P&L beside the value at risk before it.

        method: historical, age_weighted, volatility_scaled or normal; each from `window` days.
        """
        pnl = self._past()
        return backtested(pnl, self.moves.index, method, confidence, window)

    def __repr__(self) -> str:
        return f"<Portfolio positions={len(self.positions)} underlyings={len(self.underlyings)}>"


def _today(given: object, prices: pd.DataFrame) -> pd.Timestamp | None:
    last = prices.index[-1]
    chosen = last if given is None else given
    if given is None and not isinstance(last, pd.Timestamp):
        return None  # prices without dates: expiries are given as times
    try:
        return pd.Timestamp(chosen).tz_localize(None)  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidField("today", given, "a date") from error
