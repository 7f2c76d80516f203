"""`gw.risk.Portfolio` against the functions it stands on, laws, and bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import gridworks as gw
from tests.gridworks.risk.books import DAYS, NAMES, prices, rows

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def book() -> gw.risk.Portfolio:
    return gw.risk.Portfolio(rows(), prices(), rate=0.03)


@pytest.fixture(scope="module")
def linear() -> gw.risk.Portfolio:
    return gw.risk.Portfolio(rows()[:2], prices())


def test_values_and_greeks_are_those_of_the_pricing_functions(book: gw.risk.Portfolio) -> None:
    spot = prices().iloc[-1]
    time = (pd.Timestamp("2026-06-19") - DAYS[-1]).days / 365
    put = gw.options.black_scholes("put", spot["ACME"], 95.0, time, 0.03, 0.25)
    call = gw.options.black_76("call", spot["CRUDE"], 75.0, 0.4, 0.03, 0.4)
    tree = gw.options.american_tree("put", spot["BETA"], 52.0, 0.7, 0.03, 0.3)
    table = book.values()
    assert table.loc["shares", "value"] == pytest.approx(1000 * spot["ACME"])
    assert table.loc["short", "value"] == 0.0
    assert table.loc["short", "exposure"] == pytest.approx(-2000 * spot["BETA"])
    assert table.loc["puts", "value"] == pytest.approx(1000 * float(put.price))
    assert table.loc["calls", "value"] == pytest.approx(-1500 * float(call.price))
    assert table.loc["american", "price"] == pytest.approx(float(tree.price), rel=0.01)
    greeks = book.greeks()
    assert greeks.loc["puts", "vega"] == pytest.approx(1000 * float(put.vega))
    assert greeks.loc["calls", "gamma"] == pytest.approx(-1500 * float(call.gamma))
    assert greeks.loc["american", "delta"] == pytest.approx(500 * float(tree.delta), rel=1e-3)
    assert greeks.loc["short"].tolist() == [-2000.0, 0.0, 0.0, 0.0, 0.0]
    assert list(book.exposures().index) == NAMES


def test_pnl_is_the_difference_of_two_values(book: gw.risk.Portfolio) -> None:
    moves = pd.DataFrame({"ACME": [0.1, -0.2], "CRUDE": [0.0, 0.3]}, ["up", "down"])
    found = book.pnl(moves)
    moved = prices()
    moved.iloc[-1] *= [0.8, 1.0, 1.3]
    after = gw.risk.Portfolio(rows(), moved, rate=0.03).values()
    size = np.array([1000, -2000, 1000, -1500, 500])
    expected = (after["price"] - book.values()["price"]) * size
    np.testing.assert_allclose(found.loc["down"], expected, atol=1e-6)
    assert found.loc["up", ["short", "calls", "american"]].tolist() == [0.0, 0.0, 0.0]
    assert book.pnl().shape == (500, 5)


def test_measures_of_a_linear_portfolio_are_those_of_its_exposures(
    linear: gw.risk.Portfolio,
) -> None:
    moves = prices()[["ACME", "BETA"]].pct_change().iloc[1:]
    held = linear.exposures()["delta"].to_numpy()
    table = linear.value_at_risk(0.975, covariance="shrunk", draws=200_000, seed=4)
    pnl = gw.portfolio.historical.profits(held, moves)
    exact = gw.portfolio.historical.historical(pnl, 0.975)
    assert table.loc["historical", "value_at_risk"] == pytest.approx(exact.value_at_risk)
    assert table.loc["historical", "expected_shortfall"] == pytest.approx(exact.expected_shortfall)
    spread = gw.portfolio.covariance.shrunk(moves)
    normal = gw.portfolio.parametric.delta_normal(held, spread, 0.975)
    assert table.loc["delta_normal", "value_at_risk"] == pytest.approx(normal.value_at_risk)
    for same in ("delta_gamma", "monte_carlo"):  # there is no gamma
        np.testing.assert_allclose(
            table.loc[same, ["value_at_risk", "expected_shortfall"]].astype(float),
            [normal.value_at_risk, normal.expected_shortfall], rtol=0.015,
        )  # fmt: skip
    student = table.loc["student_t", "expected_shortfall"]
    assert table.loc["monte_carlo_t", "expected_shortfall"] == pytest.approx(student, rel=0.03)
    assert list(table.index) == list(gw.risk.METHODS)
    assert (table["expected_shortfall"] >= table["value_at_risk"]).all()
    ten = linear.value_at_risk(0.975, ["historical"], days=10)
    assert ten.iloc[0, 0] == pytest.approx(exact.value_at_risk * np.sqrt(10))


def test_the_same_seed_gives_the_same_simulation(book: gw.risk.Portfolio) -> None:
    chosen = ["monte_carlo_t", "copula_t"]
    first, again, other = (book.value_at_risk(methods=chosen, draws=500, seed=s) for s in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first.equals(other)


@pytest.mark.parametrize("method", ["historical", "normal"])
def test_components_add_up_and_marginals_are_slopes(method: str, book: gw.risk.Portfolio) -> None:
    parts = book.contributions(0.975, method)
    assert parts["share"].sum() == pytest.approx(1.0)
    size = [1000, -20, 10, -15, 500]
    np.testing.assert_allclose(parts["marginal"] * size, parts["component"], rtol=1e-9)
    if method == "historical":
        total = book.value_at_risk(0.975, ["historical"]).iloc[0]
        assert parts["component"].sum() == pytest.approx(total["value_at_risk"])
        assert parts["component_shortfall"].sum() == pytest.approx(total["expected_shortfall"])
        without = gw.risk.Portfolio([r for r in rows() if r["position"] != "puts"], prices(),
                                    rate=0.03)  # fmt: skip
        left = without.value_at_risk(0.975, ["historical"]).iloc[0, 0]
        assert parts.loc["puts", "incremental"] == pytest.approx(total["value_at_risk"] - left)


def test_stress_by_names_of_underlyings_and_of_factors(book: gw.risk.Portfolio) -> None:
    moves = prices().pct_change().iloc[1:]
    factors = pd.DataFrame({"us_equity": moves["ACME"] / 2.0, "wti": moves["CRUDE"]})
    with_factors = gw.risk.Portfolio(rows(), prices(), factors=factors, rate=0.03)
    table = with_factors.stress({
        "market": {"us_equity": -0.1},
        "own": {"us_equity": -0.1, "ACME": 0.0, "BETA": 0.0, "CRUDE": 0.0},
        "elsewhere": {"moon": 1.0},
        "wild": {"volatility": 0.1},
        "index": {"vix": 0.1},
        "week": {"days": 7},
    })  # fmt: skip
    assert table.loc["market", "shares"] == pytest.approx(1000 * prices()["ACME"].iloc[-1] * -0.2)
    assert table.loc["market", "short"] > 0.0
    assert table.loc["own", "pnl"] == pytest.approx(0.0, abs=1e-6)
    assert table.loc["elsewhere", ["pnl", "unknown"]].tolist() == [0.0, "moon"]
    greeks = with_factors.greeks().drop("american")
    wild, week = (table.loc[name, greeks.index].astype(float) for name in ("wild", "week"))
    np.testing.assert_allclose(wild, greeks["vega"] * 0.1, rtol=0.1, atol=1e-9)
    np.testing.assert_allclose(week, greeks["theta"] * 7 / 365, rtol=0.1, atol=1e-9)
    assert table.loc["index", "pnl"] == table.loc["wild", "pnl"]
    assert table["pnl"].is_monotonic_increasing
    assert set(book.stress().index) == set(gw.risk.EPISODES)


def test_the_ladder_has_nothing_in_its_middle(book: gw.risk.Portfolio) -> None:
    table = book.ladder([0.1, -0.1, 0.0], [0.0, 0.05])
    assert table.loc[0.0, 0.0] == 0.0
    up = book.pnl(pd.DataFrame([[0.1] * 3], columns=NAMES)).sum(axis=1).iloc[0]
    assert table.loc[0.1, 0.0] == pytest.approx(up)
    assert table.loc[0.0, 0.05] != 0.0


def test_reverse_stress_loses_what_was_asked(linear: gw.risk.Portfolio) -> None:
    found = linear.reverse_stress(20_000.0)
    assert linear.pnl(found.to_frame().T).to_numpy().sum() == pytest.approx(-20_000, rel=1e-5)
    assert found.attrs["distance"] > 0.0


def test_a_backtest_counts_the_days_that_lost_more(linear: gw.risk.Portfolio) -> None:
    for method in ("historical", "age_weighted", "volatility_scaled", "normal"):
        found = linear.backtest(0.99, 250, method)
        assert len(found.days) == 250
        lost = (found.days["pnl"] < -found.days["value_at_risk"]).sum()
        assert found.verdict["exceptions"] == found.days["exception"].sum() == lost
    before = linear.pnl().sum(axis=1).iloc[:250]
    first = linear.backtest().days["value_at_risk"].iloc[0]
    assert first == gw.portfolio.historical.historical(before).value_at_risk


def test_volatilities_of_history_move_options(linear: gw.risk.Portfolio) -> None:
    sigma = pd.DataFrame({"ACME": 0.2 + 0.05 * np.sin(np.arange(501.0))}, DAYS)
    flat, moved = (
        gw.risk.Portfolio(rows(), prices(), volatilities=v, rate=0.03).pnl() for v in (None, sigma)
    )
    vega = gw.risk.Portfolio(rows(), prices(), rate=0.03).greeks().loc["puts", "vega"]
    extra = moved["puts"] - flat["puts"]
    assert np.corrcoef(extra, sigma["ACME"].diff().iloc[1:] * vega)[0, 1] > 0.9
    pd.testing.assert_series_equal(flat["calls"], moved["calls"])


def test_a_price_gives_the_volatility_that_is_missing() -> None:
    table = pd.DataFrame(rows()).set_index("position")
    priced = gw.risk.Portfolio(table, prices(), rate=0.03).values()["price"]
    table["price"], table["volatility"] = priced, np.nan
    again = gw.risk.Portfolio(table.drop("american"), prices(), rate=0.03)
    np.testing.assert_allclose(again.positions.volatility[2:], [0.25, 0.4], rtol=1e-9)


def test_liquidity_is_by_position(linear: gw.risk.Portfolio) -> None:
    market = pd.DataFrame({"volume": [500.0, 50.0], "spread": [0.002, 0.001],
                           "deviation": [0.001, 0.0]}, ["shares", "short"])  # fmt: skip
    found = linear.liquidity(market.iloc[::-1])
    assert found["days_to_sell"].tolist() == [10.0, 2.0]
    worth = prices().iloc[-1]
    assert found.loc["shares", "cost"] == pytest.approx(1000 * worth["ACME"] * 0.0025)
    assert found.loc["short", "cost"] == pytest.approx(2000 * worth["BETA"] * 0.0005)
    with pytest.raises(gw.InvalidField, match=r"positions\['short'\] is 'not in market'"):
        linear.liquidity(market.iloc[:1])
    with pytest.raises(gw.InvalidField, match="no column 'spread'"):
        linear.liquidity(market[["volume"]])


def change(row: int, **fields: Any) -> list[dict[str, Any]]:
    table = rows()
    table[row] |= fields
    return table


def cut(column: str, day: int, value: float) -> pd.DataFrame:
    table = prices()
    table.loc[DAYS[day], column] = value
    return table


BAD = [
    (change(2, expiry="2025-01-01"), None, r"positions\['puts'\].expiry is '2025-01-01, expired'"),
    (change(2, expiry=None), None, r"positions\['puts'\].expiry is 'missing'"),
    (change(2, expiry="soon"), None, r"positions\['puts'\].expiry is 'soon'"),
    (change(3, time=0.0), None, r"positions\['calls'\].time is 0.0"),
    (change(2, volatility=0.0), None, r"positions\['puts'\].volatility is 0.0"),
    (change(2, volatility=None), None, r"positions\['puts'\].volatility is 'missing'"),
    (change(2, volatility=None, price=500.0), None, r"positions\['puts'\].price is 500.0"),
    (change(2, strike=-1.0), None, r"positions\['puts'\].strike is -1.0"),
    (change(2, kind="swap"), None, r"positions\['puts'\].kind is 'swap'"),
    (change(0, type="bond"), None, r"positions\['shares'\].type is 'bond'"),
    (change(1, quantity=np.nan), None, r"positions\['short'\].quantity is nan"),
    (change(1, quantity="many"), None, r"positions\['short'\].quantity is 'many'"),
    (change(1, position="shares"), None, "positions is 'shares'; allowed: a name for each"),
    (change(1, underlying="MOON"), None, r"positions\['short'\].underlying is .*'MOON'"),
    ([], None, "positions is 'none'"),
    (change(2, rate=50.0), None, r"positions\['puts'\].rate is 50.0; allowed: a fraction"),
    (change(2, volatility=1e3), None, r"positions\['puts'\].volatility is 1000.0"),
    (change(4, rate=-0.01), None, r"positions\['american'\].rate is -0.01; allowed: 0 or more"),
    (change(0, multiplier=-1.0), None, r"positions\['shares'\].multiplier is -1.0"),
    (rows(), pd.concat([prices(), prices()[["BETA"]]], axis=1), r"prices\['BETA'\] is 'two col"),
    (rows(), cut("BETA", 7, np.nan), r"'short'\]: prices\['BETA'\]\[2024-01-10\] is nan"),
    (rows(), cut("ACME", 7, 0.0), r"'shares'\]: prices\['ACME'\]\[2024-01-10\] is 0.0"),
    (rows(), prices().iloc[:1], "prices is '1 days'"),
    (rows(), prices().iloc[::-1], "days out of order"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "history", "message"), BAD)
def test_bad_portfolios_name_the_place(table: Any, history: Any, message: str) -> None:
    with pytest.raises(gw.InvalidField, match=message):
        gw.risk.Portfolio(table, prices() if history is None else history)


def test_bad_questions_name_what_is_wrong(linear: gw.risk.Portfolio) -> None:
    flat = prices()
    flat["BETA"] = 1.0
    short = gw.risk.Portfolio(rows()[:2], prices().iloc[:10])
    gap = pd.DataFrame({"f": [np.nan] * 500}, DAYS[1:])
    twice = pd.DataFrame({"f": np.arange(500.0), "g": np.arange(500.0)}, DAYS[1:])
    for message, ask in (
        (r"prices\['BETA'\]", gw.risk.Portfolio(rows()[:2], flat).value_at_risk),
        ("prices is '9 moves'; allowed: at least 20", short.value_at_risk),
        ("method is 'astrology'", lambda: linear.value_at_risk(methods=["astrology"])),
        ("method is 'astrology'", lambda: linear.backtest(method="astrology")),
        ("method is 'astrology'", lambda: linear.contributions(method="astrology")),
        ("covariance is 'x'", lambda: linear.covariance("x")),
        ("window is 499", lambda: linear.backtest(window=499)),
        (r"scenarios\['s'\]\['ACME'\]", lambda: linear.stress({"s": {"ACME": np.nan}})),
        (r"factors\['f'\]", lambda: gw.risk.Portfolio(rows(), prices(), factors=gap).stress()),
        ("none follows", lambda: gw.risk.Portfolio(rows(), prices(), factors=twice).stress()),
        ("moves is", lambda: linear.ladder([])),
        ("moves above -100 %", lambda: gw.risk.Portfolio(rows(), prices()).ladder([-1.0])),
        ("confidence", lambda: linear.value_at_risk(1.0)),
    ):
        with pytest.raises(gw.InvalidField, match=message):
            ask()
