"""Fees and charges against Decimal."""

from decimal import ROUND_HALF_UP, Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.codes import Liquidity
from tests.risk import kernels
from tests.risk.desk import BUY, SELL, Desk

pytestmark = pytest.mark.nojit

RATES = st.integers(-(10**9), 10**9)
PER_LOT = st.just(0) | st.integers(-1000, 1000)


def rounded(value: int, ppb: int) -> int:
    exact = Decimal(value) * Decimal(ppb) / Decimal(10**9)
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def wanted(settings: dict[str, int], role: str, value: int, qty: int) -> int:
    fee = rounded(value, settings[f"{role}_PPB"]) + settings[f"{role}_PER_LOT"] * qty
    rate_only = settings[f"{role}_PPB"] > 0 and settings[f"{role}_PER_LOT"] == 0
    if fee > 0 or rate_only:
        fee = max(fee, settings["FEE_MIN"])
    return min(fee, settings["FEE_CAP"]) if settings["FEE_CAP"] else fee


@pytest.fixture(scope="module")
def desk():
    return Desk()


@given(
    settings=st.fixed_dictionaries(
        {
            "MAKER_PPB": RATES,
            "TAKER_PPB": RATES,
            "MAKER_PER_LOT": PER_LOT,
            "TAKER_PER_LOT": PER_LOT,
            "FEE_MIN": st.integers(0, 10**4),
            "FEE_CAP": st.integers(0, 10**6),
        }
    ),
    charges=st.lists(st.integers(0, 10**9), min_size=8, max_size=8),
    value=st.integers(0, 2**55),
    qty=st.integers(1, 10**6),
    side=st.sampled_from((BUY, SELL)),
)
def test_fees_are_exact(desk, settings, charges, value, qty, side):
    desk.instrument(1, **settings)
    for k, rate in enumerate(charges):
        name = "BUY" if k < 4 else "SELL"
        desk.instrument(1, **{f"CHARGE_{name}_PPB_{k % 4 + 1}": rate})
    taxes = sum(rounded(value, rate) for rate in charges[4 * side : 4 * side + 4])
    maker = wanted(settings, "MAKER", value, qty)
    taker = wanted(settings, "TAKER", value, qty)
    for role, fee in (
        (Liquidity.MAKER, maker),
        (Liquidity.TAKER, taker),
        (Liquidity.AUCTION, maker),
    ):
        assert kernels.fill_fee(desk.s, 1, side, value, qty, int(role)) == fee + taxes
    assert kernels.worst_fee(desk.s, 1, side, value, qty) == max(0, maker, taker) + taxes


def test_no_rates_no_fee():
    desk = Desk()
    assert kernels.fill_fee(desk.s, 1, BUY, 10**9, 10, int(Liquidity.TAKER)) == 0
    assert kernels.worst_fee(desk.s, 1, SELL, 10**9, 10) == 0
