"""Models without scenarios: published margin histories, laws, and bad input."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from domain.errors import InvalidField
from risk.options import black_scholes_price
from risk.scenario import (
    Contract,
    Crypto,
    LotRate,
    NotionalTier,
    PerLot,
    Portfolio,
    Position,
    PriceClass,
    PriceMoves,
    RegulationT,
    ValueAtRiskExtremeLoss,
    read_history,
)


def test_published_histories(vectors: Callable[[str], Path]) -> None:
    """Every futures margin file of an independent back-testing engine, on and before each date."""
    files = sorted(vectors("market/lean/future").glob("*/margins/*.csv"))
    rows = 0
    for file in files:
        text = file.read_text(encoding="utf-8")
        given = [r for r in csv.reader(text.splitlines()) if r and r[0].isdigit()]
        history = read_history(text)
        assert len(history) == len(given)
        for at, (date, initial, maintenance) in enumerate(given):
            margin = PerLot({file.stem: history}, date).margin({file.stem: -3})
            assert margin.initial == 3 * round(float(initial) * 100)
            assert margin.maintenance == 3 * round(float(maintenance) * 100)
            eve = str(np.datetime64(history[at].date) - np.timedelta64(1, "D"))
            if at:
                before = PerLot({file.stem: history}, eve).margin({file.stem: 1})
                assert before.initial == round(history[at - 1].initial * 100)
            else:
                with pytest.raises(InvalidField, match=file.stem):
                    PerLot({file.stem: history}, eve).margin({file.stem: 1})
            rows += 1
    assert len(files) > 40
    assert rows > 500


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("date,initial,maintenance\n", "no row"),
        ("date,initial,maintenance\n20260101,5\n", "line 2"),
        ("date,initial,maintenance\n20260101,5,4\n20260101,6,5\n", "line 3"),
        ("date,initial,maintenance\n20260101,5,6\n", "at most the initial"),
        ("date,initial,maintenance\n20261301,5,4\n", "a date"),
        ("date,initial,maintenance\n20260101,nan,4\n", "a number"),
    ],
)
def test_bad_histories(text: str, words: str) -> None:
    with pytest.raises(InvalidField, match=words):
        read_history(text)


def test_per_lot_names_what_it_does_not_have() -> None:
    with pytest.raises(InvalidField, match="position Y"):
        PerLot({"X": [LotRate("2026-01-01", 2, 1)]}, "2026-06-01").margin({"Y": 1})


def _stock(**changes: object) -> Contract:
    return Contract(**{"name": "X", "commodity": "X", "price": 10.0, **changes})


@pytest.mark.parametrize(
    ("name", "value"),
    [("price", float("nan")), ("price", float("inf")), ("multiplier", 0.0), ("strike", -1e16),
     ("volatility", -0.1), ("rate", float("nan")), ("delta_scale", float("nan"))],
)  # fmt: skip
def test_a_contract_checks_itself(name: str, value: float) -> None:
    with pytest.raises(InvalidField, match=rf"contracts\[X\].{name}"):
        _stock(**{name: value})


def test_a_portfolio_is_of_positions() -> None:
    with pytest.raises(InvalidField, match="Position objects"):
        Portfolio.of([("X", 1)])  # type: ignore[list-item]


def test_buying_power() -> None:
    """50,000 of equity, 40,000 of stock: 30,000 beyond Reg T buys 60,000; a day trader 160,000."""
    model = RegulationT([_stock(price=40.0)])
    held = {"X": 1000}
    assert model.buying_power(held, 50_000) == 6_000_000
    assert model.buying_power(held, 50_000, day_trading=True) == 16_000_000
    assert model.buying_power(held, 1_000) == 0
    with pytest.raises(InvalidField, match="25000"):
        model.buying_power(held, 24_999, day_trading=True)


def test_covered_puts_and_pending_orders() -> None:
    put = Contract("P", "X", "OPTION", 1.0, 100, right="put", strike=9.0, underlying_price=10.0,
                   expiry="2026-09-18")  # fmt: skip
    model = RegulationT([_stock(), put])
    covered = model.margin({"X": -100, "P": -1})
    assert covered.parts["short_options"] == 0
    assert model.margin({"P": -1}).initial == 10_000 + 10_000  # value, and 20 % less 1 a share
    kept = model.margin([Position("X", -100, open_buy=100), Position("P", -1)])
    assert kept.initial == 50_000  # the short stock; bought back, the put alone needs less
    assert model.margin([Position("X", 0, open_sell=5)]).parts["short_stock"] == 2500


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (_stock(kind="FUTURE"), "kind"), (_stock(price=-1.0), "price"),
        (_stock(kind="OPTION", right="call", strike=9.0), "underlying_price"),
    ],
)  # fmt: skip
def test_regulation_t_names_bad_contracts(contract: Contract, words: str) -> None:
    with pytest.raises(InvalidField, match=rf"contracts\[X\].{words}"):
        RegulationT([contract])


def _moves() -> PriceMoves:
    option = Contract("C", "X", "OPTION", 0.9, 100, "2026-09-18", "call", 10.0, 0.4, 10.0, 0.03)
    return PriceMoves([_stock(), option], [PriceClass("X")], "2026-06-01")


def test_price_moves_reprice_options() -> None:
    model, prices = _moves(), 10 * (1 + np.array([-15, -12, -9, -6, -3, 3, 6, 9, 12, 15]) / 100)
    years = 109 / 365
    now = black_scholes_price("call", 10, 10, years, 0.03, 0.4)
    losses = 100 * (black_scholes_price("call", prices, 10, years, 0.03, 0.4) - now)
    found = model.margin({"C": -1}).parts["price_risk"]
    assert found == pytest.approx(100 * losses.max(), abs=1)
    assert model.margin({"C": -1, "X": 100}).initial < found + model.margin({"X": 100}).initial
    assert model.margin({"C": 1}).parts["price_risk"] == pytest.approx(-100 * losses.min(), abs=1)


def test_the_minimum_of_a_long_option_is_at_most_its_value() -> None:
    cheap = Contract("C", "X", "OPTION", 0.01, 100, "2026-09-18", "call", 90.0, 0.1, 10.0)
    model = PriceMoves([cheap], [PriceClass("X")], "2026-06-01")
    assert model.margin({"C": 2}).initial == 200
    assert model.margin({"C": -2}).initial == 7500


def test_price_moves_name_bad_input() -> None:
    with pytest.raises(InvalidField, match=r"contracts\[X\].commodity"):
        PriceMoves([_stock()], [PriceClass("Y")], "2026-06-01")
    with pytest.raises(InvalidField, match=r"contracts\[X\].price"):
        PriceMoves([_stock(price=-1.0)], [PriceClass("X")], "2026-06-01")
    with pytest.raises(InvalidField, match=r"classes\[X\].down"):
        PriceClass("X", down=100)
    with pytest.raises(InvalidField, match="position Z"):
        _moves().margin({"Z": 1})


def test_shares_need_their_rates() -> None:
    with pytest.raises(InvalidField, match="value_at_risk_percent"):
        ValueAtRiskExtremeLoss([_stock()])
    rates = {"value_at_risk_percent": 1.0, "extreme_loss_percent": 1.0}
    with pytest.raises(InvalidField, match=r"contracts\[X\].price"):
        ValueAtRiskExtremeLoss([_stock(price=-1.0, rates=rates)])
    with pytest.raises(InvalidField, match="position Y"):
        ValueAtRiskExtremeLoss([_stock(rates=rates)]).margin({"Y": 1})


TIERS = {
    "B": [NotionalTier(0, 100, 0.5), NotionalTier(50_000, 50, 1.0), NotionalTier(200_000, 10, 5)]
}
COINS = [
    Contract("B-PERP", "B", "PERPETUAL", 50_000.0, 0.01),
    Contract("B-Q", "B", "FUTURE", 51_000.0, 0.01),
]


@pytest.mark.parametrize("mode", ["cross", "isolated"])
@pytest.mark.parametrize("lots", [5, -5, 150, -150, 900, -900])
def test_at_the_liquidation_price_equity_is_maintenance(mode: str, lots: int) -> None:
    model = Crypto(COINS, TIERS, mode)
    own = 0.09 * abs(lots) * 500
    position = Position("B-PERP", lots, entry_price=49_000.0, leverage=10, collateral=own)
    other = Position("B-Q", 3, entry_price=50_000.0)
    account = Portfolio((position, other), cash=own)
    price = model.liquidation_price(position, account if mode == "cross" else None)
    assert price is not None
    moved = Crypto([Contract("B-PERP", "B", "PERPETUAL", price, 0.01), COINS[1]], TIERS, mode)
    name = "account" if mode == "cross" else "B-PERP"
    assert moved.health(account)[name] == pytest.approx(1.0, rel=1e-6)
    assert (price < 50_000) == (lots > 0)
    assert model.health(account)[name] > 1.0


def test_without_debt_there_is_no_liquidation() -> None:
    model = Crypto(COINS, TIERS, "isolated")
    paid = Position("B-PERP", 1, entry_price=50_000.0, collateral=600.0)
    assert model.liquidation_price(paid) is None
    assert model.liquidation_price(Position("B-PERP")) is None
    assert model.health([Position("B-PERP")]) == {"B-PERP": float("inf")}


def test_crypto_names_bad_input() -> None:
    model = Crypto(COINS, TIERS)
    with pytest.raises(InvalidField, match="position B-PERP: leverage"):
        model.margin([Position("B-PERP", 900, leverage=20)])
    with pytest.raises(InvalidField, match="portfolio"):
        model.liquidation_price(Position("B-PERP", 1))
    for contracts, tiers, mode, words in (
        (COINS, TIERS, "both", "mode"),
        ([_stock(price=0.0, commodity="B")], TIERS, "cross", r"contracts\[X\].price"),
        ([_stock()], TIERS, "cross", r"contracts\[X\].commodity"),
        (COINS, {"B": []}, "cross", r"tiers\[B\]"),
        (COINS, {"B": [NotionalTier(0, 10, 11)]}, "cross", "maintenance_percent"),
    ):
        with pytest.raises(InvalidField, match=words):
            Crypto(contracts, tiers, mode)
