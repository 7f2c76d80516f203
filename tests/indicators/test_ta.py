"""The `ta` package: every output of every class is compared, or named with the reason.

Where its averages start from their first value, ours do with ``seed="first"``; then the two agree
from the first row that has a value. docs/indicators/differences.md says who is right elsewhere.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import indicators as gi
from tests.indicators.series import bars

ta = pytest.importorskip("ta")
ROWS = 1500
DATA = {k: pd.Series(v) for k, v in bars("random", ROWS).items()}
O, H, L, C, V = (DATA[k] for k in ("open", "high", "low", "close", "volume"))  # noqa: E741
HLC, HLCV = (H, L, C), (H, L, C, V)
MODULES = (ta.momentum, ta.trend, ta.volatility, ta.volume, ta.others)

# (class, arguments, {its method: (ours, first row compared)}); None: the first row it has a value
Case = tuple[str, tuple[Any, ...], dict[str, tuple[Callable[[], Any], int | None]]]
MACD, STOCHRSI = (lambda: gi.macd(C, seed="first")), (lambda: gi.stochrsi(C, 14, 14, 3).fastd / 100)
PPO, PVO = (lambda: gi.ppo(C, seed="first")), (lambda: gi.pvo(V, seed="first"))
BANDS, CHANNEL, CLOUD = (lambda: gi.bbands(C)), (lambda: gi.donchian(H, L)), (
    lambda: gi.ichimoku(H, L, shift=0))  # fmt: skip


def between(upper: Any, lower: Any) -> Any:
    """The width of a channel in per cent of its middle, and where the close stands in it."""
    return 100.0 * (upper - lower), (C - lower) / (upper - lower)


def keltner(k: float) -> Any:
    """Its band: an average of closes and of ranges that begin at the first row, over 10 rows."""
    return gi.ema(C, 20, seed="first") + k * gi.atr(*HLC, 10, seed="range")


def signal(line: Any, n: int = 9) -> Any:
    return gi.ema(line, n, seed="first")


CASES: list[Case] = [
    ("AwesomeOscillatorIndicator", (H, L), {"awesome_oscillator": (lambda: gi.ao(H, L), None)}),
    ("KAMAIndicator", (C,), {"kama": (lambda: gi.kama(C, 10), 10)}),
    ("PercentagePriceOscillator", (C,), {
        "ppo": (PPO, None), "ppo_signal": (lambda: signal(PPO()), None),
        "ppo_hist": (lambda: PPO() - signal(PPO()), None)}),
    ("PercentageVolumeOscillator", (V,), {
        "pvo": (PVO, None), "pvo_signal": (lambda: signal(PVO()), None),
        "pvo_hist": (lambda: PVO() - signal(PVO()), None)}),
    ("ROCIndicator", (C,), {"roc": (lambda: gi.roc(C, 12), None)}),
    ("RSIIndicator", (C,), {"rsi": (lambda: gi.rsi(C, seed="first"), 300)}),
    ("StochRSIIndicator", (C,), {
        "stochrsi": (lambda: gi.stochrsi(C, 14, 14, 1, seed="first").fastk / 100, 320),
        "stochrsi_k": (lambda: gi.stochrsi(C, 14, 14, 3, seed="first").fastd / 100, 320),
        "stochrsi_d": (lambda: gi.sma(STOCHRSI(), 3), 700)}),
    ("StochasticOscillator", HLC, {
        "stoch": (lambda: gi.stochf(*HLC, 14, 1).fastk, None),
        "stoch_signal": (lambda: gi.stochf(*HLC, 14, 3).fastd, None)}),
    ("TSIIndicator", (C,), {"tsi": (lambda: gi.tsi(C, seed="first"), None)}),
    ("UltimateOscillator", HLC, {"ultimate_oscillator": (lambda: gi.ultosc(*HLC), 28)}),
    ("WilliamsRIndicator", HLC, {"williams_r": (lambda: gi.willr(*HLC), None)}),
    ("ADXIndicator", HLC, {
        "adx": (lambda: gi.adx(*HLC, seed="wilder"), 27),
        "adx_pos": (lambda: gi.plus_di(*HLC, seed="wilder"), 15),
        "adx_neg": (lambda: gi.minus_di(*HLC, seed="wilder"), 15)}),
    ("AroonIndicator", (H, L), {
        "aroon_up": (lambda: gi.aroon(H, L, 25).up, None),
        "aroon_down": (lambda: gi.aroon(H, L, 25).down, None),
        "aroon_indicator": (lambda: gi.aroonosc(H, L, 25), None)}),
    ("CCIIndicator", HLC, {"cci": (lambda: gi.cci(*HLC, 20), None)}),
    ("DPOIndicator", (C,), {"dpo": (lambda: gi.dpo(C, 20), None)}),
    ("EMAIndicator", (C,), {"ema_indicator": (lambda: gi.ema(C, 14, seed="first"), None)}),
    ("IchimokuIndicator", (H, L), {
        "ichimoku_conversion_line": (lambda: gi.ichimoku(H, L).conversion, None),
        "ichimoku_base_line": (lambda: gi.ichimoku(H, L).base, None),
        "ichimoku_a": (lambda: CLOUD().span_a, None),
        "ichimoku_b": (lambda: CLOUD().span_b, 51)}),
    ("KSTIndicator", (C,), {
        "kst": (lambda: gi.kst(C).kst, 44), "kst_sig": (lambda: gi.kst(C).signal, 52),
        "kst_diff": (lambda: gi.kst(C).kst - gi.kst(C).signal, 52)}),
    ("MACD", (C,), {
        "macd": (lambda: MACD().macd, 33), "macd_signal": (lambda: MACD().signal, None),
        "macd_diff": (lambda: MACD().histogram, None)}),
    ("MassIndex", (H, L), {"mass_index": (lambda: gi.massi(H, L, seed="first"), None)}),
    ("SMAIndicator", (C, 20), {"sma_indicator": (lambda: gi.sma(C, 20), None)}),
    ("STCIndicator", (C,), {"stc": (lambda: gi.stc(C, seed="first"), None)}),
    ("TRIXIndicator", (C,), {"trix": (lambda: gi.trix(C, 15, seed="first"), None)}),
    ("VortexIndicator", HLC, {
        "vortex_indicator_pos": (lambda: gi.vortex(*HLC).plus, None),
        "vortex_indicator_neg": (lambda: gi.vortex(*HLC).minus, None),
        "vortex_indicator_diff": (lambda: gi.vortex(*HLC).plus - gi.vortex(*HLC).minus, None)}),
    ("WMAIndicator", (C,), {"wma": (lambda: gi.wma(C, 9), None)}),
    ("AverageTrueRange", HLC, {"average_true_range": (lambda: gi.atr(*HLC, seed="range"), 13)}),
    ("BollingerBands", (C,), {
        "bollinger_mavg": (lambda: BANDS().middle, None),
        "bollinger_hband": (lambda: BANDS().upper, None),
        "bollinger_lband": (lambda: BANDS().lower, None),
        "bollinger_wband": (lambda: gi.bbwidth(C).width, None),
        "bollinger_pband": (lambda: gi.bbwidth(C).percent, None),
        "bollinger_hband_indicator": (lambda: 1.0 * (BANDS().upper < C), 19),
        "bollinger_lband_indicator": (lambda: 1.0 * (BANDS().lower > C), 19)}),
    ("DonchianChannel", HLC, {
        "donchian_channel_hband": (lambda: CHANNEL().upper, None),
        "donchian_channel_lband": (lambda: CHANNEL().lower, None),
        "donchian_channel_mband": (lambda: CHANNEL().middle, None),
        "donchian_channel_pband": (lambda: between(CHANNEL().upper, CHANNEL().lower)[1], None),
        "donchian_channel_wband": (
            lambda: between(CHANNEL().upper, CHANNEL().lower)[0] / gi.sma(C, 20), None)}),
    ("KeltnerChannel", (*HLC, 20, 10, False, False), {
        "keltner_channel_mband": (lambda: gi.kc(*HLC, price="close", seed="first").middle, None),
        "keltner_channel_hband": (lambda: keltner(2.0), None),
        "keltner_channel_lband": (lambda: keltner(-2.0), None),
        "keltner_channel_wband": (
            lambda: between(keltner(2.0), keltner(-2.0))[0] / keltner(0.0), None),
        "keltner_channel_pband": (lambda: between(keltner(2.0), keltner(-2.0))[1], None),
        "keltner_channel_hband_indicator": (lambda: 1.0 * (keltner(2.0) < C), 19),
        "keltner_channel_lband_indicator": (lambda: 1.0 * (keltner(-2.0) > C), 19)}),
    ("UlcerIndex", (C,), {"ulcer_index": (lambda: gi.ulcer(C), 26)}),
    ("AccDistIndexIndicator", HLCV, {"acc_dist_index": (lambda: gi.ad(*HLCV), None)}),
    ("ChaikinMoneyFlowIndicator", HLCV, {"chaikin_money_flow": (lambda: gi.cmf(*HLCV), None)}),
    ("EaseOfMovementIndicator", (H, L, V), {
        "ease_of_movement": (lambda: gi.emv(H, L, V).emv, None),
        "sma_ease_of_movement": (lambda: gi.emv(H, L, V).sma, None)}),
    ("ForceIndexIndicator", (C, V), {"force_index": (lambda: gi.efi(C, V, seed="first"), None)}),
    ("MFIIndicator", HLCV, {"money_flow_index": (lambda: gi.mfi(*HLCV), 14)}),
    ("NegativeVolumeIndexIndicator", (C, V), {
        "negative_volume_index": (lambda: gi.nvi(C, V), None)}),
    ("OnBalanceVolumeIndicator", (C, V), {"on_balance_volume": (lambda: gi.obv(C, V), None)}),
    ("VolumePriceTrendIndicator", (C, V), {"volume_price_trend": (lambda: gi.pvt(C, V), None)}),
    ("VolumeWeightedAveragePrice", HLCV, {
        "volume_weighted_average_price": (lambda: gi.vwap_rolling(*HLCV, 14).vwap, None)}),
    ("CumulativeReturnIndicator", (C,), {"cumulative_return": (lambda: gi.cumreturn(C), None)}),
    ("DailyLogReturnIndicator", (C,), {
        "daily_log_return": (lambda: 100.0 * gi.logreturn(C), None)}),
    ("DailyReturnIndicator", (C,), {"daily_return": (lambda: 100.0 * gi.rocp(C, 1), None)}),
]  # fmt: skip

# What is not compared to the bit of a column, and why.
PSAR = "of two lows that bound the stop it takes the older one even if the newer is lower"
NOT_COMPARED = dict.fromkeys(
    ["psar", "psar_up", "psar_up_indicator", "psar_down", "psar_down_indicator"], PSAR
)


def classes() -> dict[str, type]:
    """The indicators of the package."""
    found = {}
    for module in MODULES:
        for name, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__:
                found[name] = kind
    return found


def theirs(name: str, arguments: tuple[Any, ...], method: str) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(getattr(classes()[name](*arguments), method)(), float)


@pytest.mark.parametrize("case", CASES, ids=lambda c: c[0])
def test_class(case: Case) -> None:
    name, arguments, methods = case
    for method, (ours, first) in methods.items():
        want, got = theirs(name, arguments, method), np.asarray(ours(), float)
        live = np.isfinite(want) if first is None else np.arange(ROWS) >= first
        assert live.sum() > 700
        apart = np.max(np.abs(got[live] - want[live])) / np.max(np.abs(want[live]))
        assert apart < 1e-9, f"{method}: {apart:.1e}"


def test_every_output_is_compared_or_named() -> None:
    known = {(name, method) for name, _, methods in CASES for method in methods}
    every = {
        (name, method)
        for name, kind in classes().items()
        for method, _ in inspect.getmembers(kind, inspect.isfunction)
        if not method.startswith("_")
    }
    assert {pair for pair in every - known if pair[1] not in NOT_COMPARED} == set()
    assert known <= every


def test_psar_differs_where_it_is_said_to() -> None:
    """Wilder: never above either low of the last two rows. Ours keeps that, theirs does not."""
    want, got = theirs("PSARIndicator", HLC, "psar"), gi.sar(H, L).to_numpy()
    low, high = L.to_numpy(), H.to_numpy()
    assert 0.9 < np.isclose(want, got, rtol=1e-9).mean() < 1.0
    for stop, holds in ((got, True), (want, False)):
        side = np.where(stop < low, 1, -1)
        calm = np.flatnonzero(side[3:] == side[2:-1]) + 3  # not on the row of a turn
        roof = np.where(side > 0, np.inf, np.maximum(np.roll(high, 1), np.roll(high, 2)))
        floor = np.where(side < 0, -np.inf, np.minimum(np.roll(low, 1), np.roll(low, 2)))
        inside = np.where(side > 0, stop <= floor, stop >= np.where(side > 0, 0.0, roof))
        assert inside[calm].all() == holds


def test_the_first_rsi_row_is_a_change_of_nothing() -> None:
    """Its averages start with a change of 0 that no row has; put there, ours gives the same."""
    padded = np.concatenate([[C[0]], C])
    want, got = theirs("RSIIndicator", (C,), "rsi"), gi.rsi(padded, seed="first")[1:]
    live = np.isfinite(want)
    assert np.allclose(got[live], want[live], rtol=1e-9)
