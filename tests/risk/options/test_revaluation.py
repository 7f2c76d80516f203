"""Options priced at many spots cost what they cost one by one."""

from __future__ import annotations

import numpy as np
import pytest

from domain.errors import InvalidField
from domain.jit import DISABLED
from risk import options
from tests.risk.options.books import kinds, wide

pytestmark = pytest.mark.nojit

COUNT = 3 if DISABLED else 150  # more than one block of lanes, and a part of one


def test_prices_are_those_of_the_pricing_function() -> None:
    book = wide(COUNT, seed=5)
    spot = book.pop("spot")
    made = options.revaluation(kinds(COUNT), **book)
    spots = spot * np.linspace(0.5, 1.5, 4)[:, None]
    shifts = np.array([[0.0], [0.1], [-0.02], [-9.0]])
    sigma = np.maximum(book["volatility"] + shifts, 0.0)
    terms = {**book, "volatility": sigma}
    found, expected = (
        made.prices(spots, shifts), options.black_scholes_price(kinds(COUNT), spots, **terms)
    )  # fmt: skip
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12 * spot.max())
    np.testing.assert_array_equal(made.prices(spots[:, :1])[:, 0], made.prices(spots)[:, 0])


@pytest.mark.parametrize(
    ("spots", "shifts", "message"),
    [
        ([[1.0]], np.nan, r"shifts\[\(\)\] is nan"),
        ([[0.0]], 0.0, r"spots\[\(0, 0\)\] is 0.0; allowed: a finite number above 0"),
        ([1.0], 0.0, "spots is 'shape"),
        (np.ones((1, COUNT + 1)), 0.0, "spots is 'shape"),
    ],
)
def test_bad_scenarios(spots: object, shifts: object, message: str) -> None:
    book = wide(COUNT, seed=5)
    del book["spot"]
    with pytest.raises(InvalidField, match=message):
        options.revaluation(kinds(COUNT), **book).prices(spots, shifts)


def test_options_of_two_dimensions_are_refused() -> None:
    with pytest.raises(InvalidField, match="one dimension"):
        options.revaluation("call", [[90.0], [100.0]], 1.0, 0.0, 0.2)
