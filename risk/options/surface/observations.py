"""What a smile is fitted to, checked: places, values and weights of one expiry."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField

Floats = NDArray[np.float64]


def observations(
    places: ArrayLike, values: ArrayLike, weights: ArrayLike | None, least: int
) -> tuple[Floats, Floats, Floats]:
    """Three series of one length: finite places, values above 0, weights of 0 or more.

    Raises InvalidField with the first bad one, and if there are fewer than `least` places.
    """
    at = np.asarray(places, np.float64)
    seen = np.asarray(values, np.float64)
    weigh = np.ones_like(seen) if weights is None else np.asarray(weights, np.float64)
    if at.ndim != 1 or at.shape != seen.shape or at.shape != weigh.shape:
        shapes = f"shapes {at.shape}, {seen.shape}, {weigh.shape}"
        raise InvalidField("quotes of a smile", shapes, "three series of one length")
    for name, numbers, good in (
        ("place", at, np.isfinite(at)),
        ("value", seen, np.isfinite(seen) & (seen > 0.0)),
        ("weight", weigh, np.isfinite(weigh) & (weigh >= 0.0)),
    ):
        if not good.all():
            bad = int(np.argmin(good))
            raise InvalidField(f"{name}[{bad}] of a smile", float(numbers[bad]), _ALLOWED[name])
    count = len(np.unique(at[weigh > 0.0]))
    if count < least:
        raise InvalidField("quotes of a smile", f"{count} strikes", f"at least {least} strikes")
    return at, seen, weigh


_ALLOWED = {
    "place": "a finite number",
    "value": "a number above 0",
    "weight": "a number of 0 or more",
}
