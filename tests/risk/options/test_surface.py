"""Smiles and surfaces against QuantLib, published examples, themselves, and a real chain."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import QuantLib as ql
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import InvalidField
from risk import options
from risk.options import surface

# Axel Vogt's smile: Gatheral and Jacquier (2014), example 3.1; its density is negative
VOGT = surface.SVI(a=-0.0410, b=0.1331, rho=0.3060, m=0.3586, sigma=0.4153)
K = np.linspace(-1.5, 1.5, 31)


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("beta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("rho", [-0.7, 0.0, 0.4])
def test_sabr_is_that_of_quantlib(beta: float, rho: float, normal: bool) -> None:
    strikes = np.array([20.0, 60.0, 95.0, 99.99999, 100.0, 100.003, 130.0, 300.0])
    kind = ql.Normal if normal else ql.ShiftedLognormal
    for nu in (0.05, 0.6, 1.5):
        alpha = 0.25 * 100 ** (1.0 - beta)
        ours = surface.sabr_volatility(strikes, 100.0, 1.5, (alpha, beta, rho, nu), normal)
        known = (100.0, 1.5, alpha, beta, nu, rho, kind)
        theirs = np.array([ql.sabrVolatility(k, *known) for k in strikes])
        near = np.abs(strikes - 100.0) < 0.01  # where QuantLib takes the logarithm of 1 + little
        np.testing.assert_allclose(ours[~near], theirs[~near], rtol=1e-12)
        np.testing.assert_allclose(ours[near], theirs[near], rtol=1e-8)


def test_svi_is_that_of_quantlib_and_of_its_difference_quotients() -> None:
    smile = surface.SVI(a=0.01, b=0.2, rho=-0.5, m=0.1, sigma=0.3)
    # QuantLib's order: a, b, sigma, rho, m
    section = ql.SviSmileSection(0.5, 100.0, [0.01, 0.2, 0.3, -0.5, 0.1])
    theirs = [section.volatility(float(100.0 * np.exp(k))) ** 2 * 0.5 for k in K]
    np.testing.assert_allclose(smile.total_variance(K), theirs, rtol=1e-12)
    first, second = smile.slopes(K)
    up, down = smile.total_variance(K + 1e-4), smile.total_variance(K - 1e-4)
    np.testing.assert_allclose(first, (up - down) / 2e-4, atol=1e-7)
    np.testing.assert_allclose(second, (up - 2 * smile.total_variance(K) + down) / 1e-8, atol=1e-6)


def test_vogts_smile_has_a_butterfly_arbitrage_and_its_repair_has_none() -> None:
    grid = np.linspace(-1.5, 1.5, 301)
    g = surface.durrleman(VOGT, grid)
    assert g.min() < -0.01
    assert 0.6 < grid[np.argmin(g)] < 1.2  # figure 2 of the paper
    again = surface.fit_svi(K, VOGT.total_variance(K))
    seen = [getattr(again, name) for name in SVI_NAMES]
    np.testing.assert_allclose(seen, [getattr(VOGT, n) for n in SVI_NAMES], rtol=1e-6)
    repaired = surface.fit_svi(K, VOGT.total_variance(K), arbitrage_free=True)
    assert surface.durrleman(repaired, grid).min() >= 0.0
    assert np.abs(repaired.total_variance(K) - VOGT.total_variance(K)).max() < 0.01


SVI_NAMES = ("a", "b", "rho", "m", "sigma")


@settings(max_examples=15, deadline=None)
@given(
    st.floats(0.001, 0.1), st.floats(0.05, 0.8), st.floats(-0.8, 0.8), st.floats(-0.2, 0.2),
    st.floats(0.05, 0.5),
)  # fmt: skip
def test_a_smile_of_svi_is_found_again(
    a: float, b: float, rho: float, m: float, sigma: float
) -> None:
    smile = surface.SVI(a, b, rho, m, sigma)
    k = np.linspace(-0.8, 0.8, 17)
    found = surface.fit_svi(k, smile.total_variance(k), weights=np.exp(-k * k))
    np.testing.assert_allclose(found.total_variance(k), smile.total_variance(k), rtol=1e-6)


@pytest.mark.parametrize("normal", [False, True])
def test_a_smile_of_sabr_is_found_again(normal: bool) -> None:
    smile = surface.SABR(0.035, 0.5, -0.25, 0.5, forward=0.04, time=2.0, normal=normal)
    strikes = 0.04 * np.exp(np.linspace(-0.6, 0.6, 9))
    seen = smile.volatility(strikes)
    found = surface.fit_sabr(strikes, seen, 0.04, 2.0, beta=0.5, normal=normal)
    np.testing.assert_allclose([found.alpha, found.rho, found.nu], [0.035, -0.25, 0.5], rtol=1e-6)


def test_the_density_under_a_smile_without_arbitrage_is_that_of_its_prices() -> None:
    """g is the density of log(strike / forward) over its normal weight: sum it up to 1."""
    smile = surface.SVI(a=0.01, b=0.15, rho=-0.4, m=0.0, sigma=0.2)
    k = np.linspace(-4.0, 4.0, 8001)
    w = smile.total_variance(k)
    density = surface.durrleman(smile, k) * np.exp(-0.5 * (k / np.sqrt(w) + np.sqrt(w) / 2) ** 2)
    # d2 = -k / sqrt(w) - sqrt(w) / 2
    whole = np.trapezoid(density / np.sqrt(2 * np.pi * w), k)
    assert whole == pytest.approx(1.0, abs=2e-3)


def quotes_of(times: tuple[float, ...], rate: float, yields: float) -> dict[str, np.ndarray]:
    """European calls and puts on a spot of 100 whose smiles are SVI and grow with time."""
    rows = [(kind, k, t) for t in times for k in np.linspace(60, 150, 19) for kind in "cp"]
    kind, strike, time = (np.array(column) for column in zip(*rows, strict=True))
    forward = 100 * np.exp((rate - yields) * time)
    smile = surface.SVI(a=0.03, b=0.1, rho=-0.5, m=0.0, sigma=0.2)
    sigma = np.sqrt(smile.total_variance(np.log(strike / forward)))
    price = options.black_76(kind, forward, strike, time, rate, sigma).price
    return {"kind": kind, "strike": strike, "time": time, "price": price, "sigma": sigma}


@pytest.mark.parametrize("rate", [None, 0.05])
def test_a_chain_gives_back_its_forwards_and_its_surface(rate: float | None) -> None:
    quotes = quotes_of((0.25, 1.0, 2.0), 0.05, 0.02)
    found = surface.fit(quotes, rate=rate)
    np.testing.assert_allclose(found.forwards, 100 * np.exp(0.03 * found.times), rtol=1e-8)
    modelled = found.volatility(quotes["strike"], quotes["time"])
    np.testing.assert_allclose(modelled, quotes["sigma"], rtol=1e-5)
    assert found.violations() == []
    # the smile is the same in volatility: total variance grows in proportion, also between
    between = found.total_variance(0.1, [0.1, 0.25, 0.6, 1.0, 1.7, 2.0, 5.0])
    np.testing.assert_allclose(np.diff(between) > 0, True)
    np.testing.assert_allclose(between / [0.1, 0.25, 0.6, 1.0, 1.7, 2.0, 5.0], between[0] / 0.1)
    assert list(found.frame()["quotes"]) == [19, 19, 19]
    assert found.frame()["rms_volatility"].max() < 1e-6


def test_a_surface_that_falls_with_time_is_found_out() -> None:
    late = surface.SVI(a=0.01, b=0.1, rho=0.0, m=0.0, sigma=0.1)
    early = surface.SVI(a=0.05, b=0.1, rho=0.0, m=0.0, sigma=0.1)
    crossed = surface.Surface(np.array([0.5, 1.0]), np.array([100.0, 100.0]), (early, late))
    (fall,) = crossed.violations(np.linspace(-0.5, 0.5, 11))
    assert (fall.rule, fall.time) == ("calendar", 1.0)
    assert fall.amount == pytest.approx(-0.04)
    alone = surface.Surface(np.array([0.5]), np.array([100.0]), (VOGT,))
    assert [v.rule for v in alone.violations()] == ["butterfly"]
    assert alone.volatility(100.0, 2.0) == pytest.approx(alone.volatility(100.0, 0.5))


def lean_chain(folder: Path, ticker: str, day: date, second: int) -> dict[str, list[object]]:
    """The quotes of a chain at a second of a day, from zipped minutes (prices times 10,000)."""
    rows: dict[str, list[object]] = {n: [] for n in ("kind", "strike", "time", "bid", "ask")}
    archive = folder / ticker / f"{day:%Y%m%d}_quote_american.zip"
    with zipfile.ZipFile(archive) as packed:
        for name in packed.namelist():
            *_, kind, strike, expiry = name.removesuffix(".csv").split("_")
            lines = [line.split(",") for line in io.TextIOWrapper(packed.open(name))]
            both = [line for line in lines if line[4] and line[9]]
            if not both:
                continue
            nearest = min(both, key=lambda line: abs(int(line[0]) - 1000 * second))
            time = (date.fromisoformat(expiry) - day).days / 365
            values = (kind, int(strike) / 1e4, time, int(nearest[4]) / 1e4, int(nearest[9]) / 1e4)
            for column, value in zip(rows.values(), values, strict=True):
                column.append(value)
    return rows


@pytest.mark.compiled
def test_a_real_chain_of_american_options(vectors: Callable[[str], Path]) -> None:
    """TWX on 2014-06-06 around 15:00: the share was quoted at 70.9 then."""
    folder = vectors("market/lean/option/usa/minute")
    quotes = lean_chain(folder, "twx", date(2014, 6, 6), 15 * 3600)
    fitted = surface.fit(quotes, rate=0.002)
    np.testing.assert_allclose(fitted.forwards, 70.9, rtol=0.025)
    assert (fitted.frame()["rms_volatility"] < 0.01).all()
    assert any(v.rule == "calendar" for v in fitted.violations())
    repaired = surface.fit(quotes, rate=0.002, arbitrage_free=True)
    assert repaired.violations() == []
    sabr = surface.fit(quotes, "sabr", rate=0.002)
    assert sabr.violations() == []
    money = fitted.forwards
    for other in (repaired, sabr):
        difference = other.volatility(money, fitted.times) - fitted.volatility(money, fitted.times)
        assert np.abs(difference).max() < 0.02


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"strike": None}, "no column 'strike'"),
        ({"kind": None}, "no column 'kind'"),
        ({"time": 0.0}, r"quotes.time\[0\] is 0.0"),
        ({"price": np.nan}, r"quotes.price\[0\] is 'not finite'"),
        ({"kind": "call"}, "at time 0.25 is '0 strikes'; allowed: 2 with both"),
        ({"price": 1.0}, "discount"),
        ({"price": 500.0, "rate": 0.05}, "allowed: at least 5"),
        ({"model": "heston"}, "model is 'heston'"),
    ],
)
def test_bad_chains(change: dict[str, object], message: str) -> None:
    quotes: dict[str, object] = dict(quotes_of((0.25,), 0.05, 0.0))
    named = {name: value for name, value in change.items() if name in ("rate", "model")}
    for name, value in change.items():
        if name in named:
            continue
        if value is None:
            del quotes[name]
        else:
            quotes[name] = np.full(len(quotes["sigma"]), value)  # type: ignore[arg-type]
    with pytest.raises(InvalidField, match=message):
        surface.fit(quotes, **named)  # type: ignore[arg-type]


def test_bad_smiles() -> None:
    for made in (
        lambda: surface.SVI(-1.0, 0.1, 0.0, 0.0, 0.1),
        lambda: surface.SVI(0.1, -0.1, 0.0, 0.0, 0.1),
        lambda: surface.SABR(0.0, 0.5, 0.0, 0.1, 100.0, 1.0),
        lambda: surface.sabr_volatility(-1.0, 100.0, 1.0, (0.2, 0.5, 0.0, 0.1)),
        lambda: surface.fit_svi(K[:4], VOGT.total_variance(K[:4])),
        lambda: surface.fit_svi(K, np.zeros(31)),
        lambda: surface.fit_svi(K, np.zeros(30)),
        lambda: surface.through([]),
        lambda: surface.Surface(np.ones(1), np.ones(1), (VOGT,)).total_variance(0.0, 0.0),
    ):
        with pytest.raises(InvalidField):
            made()
