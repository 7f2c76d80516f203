"""Options priced at many spots cost what they cost one by one."""

from __future__ import annotations

import numpy as np
import pytest

from domain.errors import InvalidField
from domain.jit import DISABLED
from risk import options
from risk.options.inputs import rights
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


def test_kinds_are_read_in_any_spelling_and_from_any_array() -> None:
    for words, expected in (
        ("call", 1.0),
        (["C", "p", "PUT", "Call"], [1.0, -1.0, -1.0, 1.0]),
        (np.array([["c"], ["p"]]), [[1.0], [-1.0]]),
        (np.array(["call", "put", "put"], "U9")[::2], [1.0, -1.0]),
        (np.array(["put", "c"], ">U8"), [-1.0, 1.0]),
        ([], []),
    ):
        np.testing.assert_array_equal(rights(words), expected)
    for words, shown in (
        ("calls", "kind is 'calls'"), (["c", "", "p"], r"kind\[1\] is ''"), ("putt", "putt"),
        ([["c", "cal"]], r"kind\[0, 1\] is 'cal'"), ("c x", "c x"), ("pu", "pu"), ("x", "x"),
    ):  # fmt: skip
        with pytest.raises(InvalidField, match=shown):
            rights(words)
