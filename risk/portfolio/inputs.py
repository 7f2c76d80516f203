"""Series, matrices and levels of people become arrays of floats, or an error with the place."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField

Floats = NDArray[np.float64]


def _numbers(name: str, values: ArrayLike, dimensions: int) -> Floats:
    allowed = "finite numbers in " + ("a series" if dimensions == 1 else "a table")
    try:
        numbers = np.asarray(values, np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidField(name, values, allowed) from error
    if numbers.ndim != dimensions:
        raise InvalidField(name, f"shape {numbers.shape}", allowed)
    bad = np.argwhere(~np.isfinite(numbers))
    if len(bad):
        place = ", ".join(str(int(i)) for i in bad[0])
        raise InvalidField(f"{name}[{place}]", float(numbers[tuple(bad[0])]), "a finite number")
    return numbers


def series(name: str, values: ArrayLike, least: int = 1) -> Floats:
    """A series of at least `least` finite numbers."""
    numbers = _numbers(name, values, 1)
    if len(numbers) < least:
        raise InvalidField(name, f"{len(numbers)} values", f"at least {least} values")
    return numbers


def table(name: str, values: ArrayLike, rows: int = 1, columns: int = 0) -> Floats:
    """A table of at least `rows` rows and, if given, exactly `columns` columns."""
    numbers = _numbers(name, values, 2)
    if len(numbers) < rows:
        raise InvalidField(name, f"{len(numbers)} rows", f"at least {rows} rows")
    if columns and numbers.shape[1] != columns:
        raise InvalidField(name, f"{numbers.shape[1]} columns", f"{columns} columns")
    return numbers


def level(confidence: float, least: float = 0.5) -> float:
    """The share of outcomes in the tail, 1 - confidence, without the noise of that difference."""
    return round(1.0 - between("confidence", confidence, least, 1.0), 12)


def between(name: str, value: float, low: float, high: float) -> float:
    """A number strictly between two bounds."""
    allowed = f"a number above {low:g} and below {high:g}"
    try:
        number = float(value)
    except (TypeError, ValueError) as error:
        raise InvalidField(name, value, allowed) from error
    if not low < number < high:
        raise InvalidField(name, value, allowed)
    return number


def covariance_of(values: ArrayLike, assets: int = 0) -> Floats:
    """A symmetric matrix without a negative variance in any direction.

    Raises InvalidField with the first asset that is at odds with symmetry, or with the smallest
    eigenvalue where the matrix is no covariance.
    """
    matrix = table("covariance", values, columns=assets)
    if matrix.shape[0] != matrix.shape[1]:
        raise InvalidField("covariance", f"shape {matrix.shape}", "a square matrix")
    scale = np.abs(matrix).max(initial=0.0)
    odd = np.argwhere(np.abs(matrix - matrix.T) > 1e-9 * scale)
    if len(odd):
        row, column = (int(i) for i in odd[0])
        raise InvalidField(
            f"covariance[{row}, {column}]", float(matrix[row, column]), "the same as across"
        )
    least = float(np.linalg.eigvalsh(matrix)[0])
    if least < -1e-9 * scale:
        raise InvalidField("covariance", f"smallest eigenvalue {least:.6g}", "none below 0")
    return 0.5 * (matrix + matrix.T)
