"""Covariance of returns: sample, exponentially weighted, shrunk, cleaned, by factors.

returns: shape (days, assets), oldest first. Each result is a matrix (assets, assets) in the
square of the unit of the returns.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from domain.errors import InvalidField
from risk.portfolio.inputs import Floats, between, table


def sample(returns: ArrayLike) -> Floats:
    """The unbiased sample covariance."""
    rows = table("returns", returns, 2)
    found: Floats = np.atleast_2d(np.cov(rows, rowvar=False))
    return found


def ewma_variance(values: Floats, decay: float) -> Floats:
    """Variance expected for each day and for the day after the last: shape (days + 1,).

    Starts from the mean square of all days. RiskMetrics, Technical Document, 4th ed. (1996).
    """
    variance = np.empty(len(values) + 1)
    variance[0] = np.mean(values * values)
    for day, value in enumerate(values):
        variance[day + 1] = decay * variance[day] + (1.0 - decay) * value * value
    return variance


def ewma(returns: ArrayLike, decay: float = 0.94) -> Floats:
    """Newer days count more; no mean is taken off (RiskMetrics, 1996)."""
    rows = table("returns", returns, 2)
    weights = between("decay", decay, 0.0, 1.0) ** np.arange(len(rows) - 1, -1, -1.0)
    found: Floats = (rows * (weights / weights.sum())[:, None]).T @ rows
    return found


def shrunk(returns: ArrayLike) -> Floats:
    """Shrunk towards equal variances: Ledoit and Wolf, J. Multivariate Analysis 88 (2004)."""
    rows = table("returns", returns, 2)
    days, assets = rows.shape
    centred = rows - rows.mean(axis=0)
    plain = centred.T @ centred / days
    level = np.trace(plain) / assets
    target: Floats = level * np.eye(assets)
    gap = np.sum((plain - target) ** 2) / assets
    if gap == 0.0:
        return target
    squares = np.sum(np.sum(centred**2, axis=1) ** 2) / days
    noise = (squares - np.sum(plain**2)) / (days * assets)
    share = min(max(noise / gap, 0.0), 1.0)
    found: Floats = share * target + (1.0 - share) * plain
    return found


def cleaned(returns: ArrayLike) -> Floats:
    """Eigenvalues of the correlation that noise could have made are replaced by their mean.

    The edge is that of Marchenko and Pastur; Laloux, Cizeau, Bouchaud and Potters, Phys. Rev.
    Letters 83 (1999). Variances stay those of the sample.
    """
    rows = table("returns", returns, 3)
    days, assets = rows.shape
    plain = sample(rows)
    deviation = np.sqrt(np.diag(plain))
    still = np.flatnonzero(deviation == 0.0)
    if len(still):
        raise InvalidField(f"returns[:, {still[0]}]", "constant", "returns that move")
    values, vectors = np.linalg.eigh(plain / np.outer(deviation, deviation))
    noise = values <= (1.0 + np.sqrt(assets / days)) ** 2
    if noise.any():
        values[noise] = values[noise].mean()
    correlation = (vectors * values) @ vectors.T
    scale = 1.0 / np.sqrt(np.diag(correlation))
    found: Floats = correlation * np.outer(scale * deviation, scale * deviation)
    return found


def by_factors(returns: ArrayLike, factors: int) -> Floats:
    """A few principal components, and what each asset has of its own (statistical factor model).

    Connor and Korajczyk, J. Financial Economics 15 (1986).
    """
    rows = table("returns", returns, 2)
    if factors not in range(1, rows.shape[1] + 1):
        raise InvalidField("factors", factors, f"a whole number from 1 to {rows.shape[1]}")
    plain = sample(rows)
    values, vectors = np.linalg.eigh(plain)
    common = (vectors[:, -factors:] * values[-factors:]) @ vectors[:, -factors:].T
    found: Floats = common + np.diag(np.maximum(np.diag(plain - common), 0.0))
    return found
