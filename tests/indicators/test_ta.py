"""The `ta` package: equal where both mean the same; docs/indicators/differences.md for the rest."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import indicators as gi
from tests.indicators.series import bars

ta = pytest.importorskip("ta")
ROWS = 1500
DATA = {k: pd.Series(v) for k, v in bars("random", ROWS).items()}
O, H, L, C, V = (DATA[k] for k in ("open", "high", "low", "close", "volume"))  # noqa: E741

# (what, our value, its value, from which row on they agree: late where the seeds differ)
PAIRS = [
    ("rsi", lambda: gi.rsi(C, 14, seed="first"), lambda: ta.momentum.RSIIndicator(C).rsi(), 700),
    ("roc", lambda: gi.roc(C, 12), lambda: ta.momentum.ROCIndicator(C, 12).roc(), 12),
    ("ao", lambda: gi.ao(H, L), lambda: ta.momentum.AwesomeOscillatorIndicator(H, L)
     .awesome_oscillator(), 33),
    ("willr", lambda: gi.willr(H, L, C), lambda: ta.momentum.WilliamsRIndicator(H, L, C)
     .williams_r(), 13),
    ("stochf", lambda: gi.stochf(H, L, C, 14, 3)["fastk"], lambda: ta.momentum
     .StochasticOscillator(H, L, C).stoch(), 15),
    ("stoch signal", lambda: gi.stochf(H, L, C, 14, 3)["fastd"], lambda: ta.momentum
     .StochasticOscillator(H, L, C).stoch_signal(), 15),
    ("stochrsi", lambda: gi.stochrsi(C, 14, 14, 3)["fastk"] / 100.0, lambda: ta.momentum
     .StochRSIIndicator(C).stochrsi(), 700),
    ("ultosc", lambda: gi.ultosc(H, L, C), lambda: ta.momentum.UltimateOscillator(H, L, C)
     .ultimate_oscillator(), 28),
    ("tsi", lambda: gi.tsi(C), lambda: ta.momentum.TSIIndicator(C).tsi(), 700),
    ("kama", lambda: gi.kama(C, 10), lambda: ta.momentum.KAMAIndicator(C).kama(), 700),
    ("ppo", lambda: gi.ppo(C), lambda: ta.momentum.PercentagePriceOscillator(C).ppo(), 700),
    ("pvo", lambda: gi.pvo(V), lambda: ta.momentum.PercentageVolumeOscillator(V).pvo(), 700),
    ("sma", lambda: gi.sma(C, 20), lambda: ta.trend.SMAIndicator(C, 20).sma_indicator(), 19),
    ("ema", lambda: gi.ema(C, 20, seed="first"), lambda: ta.trend.EMAIndicator(C, 20)
     .ema_indicator(), 19),
    ("wma", lambda: gi.wma(C, 9), lambda: ta.trend.WMAIndicator(C, 9).wma(), 8),
    ("macd", lambda: gi.macd(C, seed="first")["macd"], lambda: ta.trend.MACD(C).macd(), 700),
    ("macd signal", lambda: gi.macd(C)["signal"], lambda: ta.trend.MACD(C).macd_signal(), 700),
    ("trix", lambda: gi.trix(C, 15), lambda: ta.trend.TRIXIndicator(C, 15).trix(), 900),
    ("massi", lambda: gi.massi(H, L), lambda: ta.trend.MassIndex(H, L).mass_index(), 700),
    ("cci", lambda: gi.cci(H, L, C, 20), lambda: ta.trend.CCIIndicator(H, L, C).cci(), 19),
    ("adx", lambda: gi.adx(H, L, C), lambda: ta.trend.ADXIndicator(H, L, C).adx(), 900),
    ("plus_di", lambda: gi.plus_di(H, L, C), lambda: ta.trend.ADXIndicator(H, L, C).adx_pos(),
     900),
    ("vortex", lambda: gi.vortex(H, L, C)["plus"], lambda: ta.trend.VortexIndicator(H, L, C)
     .vortex_indicator_pos(), 15),
    ("kst", lambda: gi.kst(C)["kst"], lambda: ta.trend.KSTIndicator(C).kst(), 60),
    ("ichimoku", lambda: gi.ichimoku(H, L, shift=0)["span_b"], lambda: ta.trend
     .IchimokuIndicator(H, L).ichimoku_b(), 52),
    ("ichimoku base", lambda: gi.ichimoku(H, L)["base"], lambda: ta.trend
     .IchimokuIndicator(H, L).ichimoku_base_line(), 26),
    ("aroon", lambda: gi.aroon(H, L, 25)["up"], lambda: ta.trend.AroonIndicator(H, L)
     .aroon_up(), 25),
    ("atr", lambda: gi.atr(H, L, C), lambda: ta.volatility.AverageTrueRange(H, L, C)
     .average_true_range(), 900),
    ("bbands", lambda: gi.bbands(C)["upper"], lambda: ta.volatility.BollingerBands(C)
     .bollinger_hband(), 19),
    ("bbwidth", lambda: gi.bbwidth(C)["width"], lambda: ta.volatility.BollingerBands(C)
     .bollinger_wband(), 19),
    ("bb percent", lambda: gi.bbwidth(C)["percent"], lambda: ta.volatility.BollingerBands(C)
     .bollinger_pband(), 19),
    ("donchian", lambda: gi.donchian(H, L)["upper"], lambda: ta.volatility
     .DonchianChannel(H, L, C).donchian_channel_hband(), 19),
    ("ulcer", lambda: gi.ulcer(C), lambda: ta.volatility.UlcerIndex(C).ulcer_index(), 30),
    ("ad", lambda: gi.ad(H, L, C, V), lambda: ta.volume.AccDistIndexIndicator(H, L, C, V)
     .acc_dist_index(), 0),
    ("obv", lambda: gi.obv(C, V).diff(), lambda: ta.volume.OnBalanceVolumeIndicator(C, V)
     .on_balance_volume().diff(), 1),
    ("cmf", lambda: gi.cmf(H, L, C, V), lambda: ta.volume.ChaikinMoneyFlowIndicator(H, L, C, V)
     .chaikin_money_flow(), 19),
    ("efi", lambda: gi.efi(C, V), lambda: ta.volume.ForceIndexIndicator(C, V).force_index(), 700),
    ("emv", lambda: gi.emv(H, L, V)["emv"], lambda: ta.volume.EaseOfMovementIndicator(H, L, V)
     .ease_of_movement(), 1),
    ("pvt", lambda: gi.pvt(C, V).diff(), lambda: ta.volume.VolumePriceTrendIndicator(C, V)
     .volume_price_trend().diff(), 2),
    ("nvi", lambda: gi.nvi(C, V), lambda: ta.volume.NegativeVolumeIndexIndicator(C, V)
     .negative_volume_index(), 0),
    ("mfi", lambda: gi.mfi(H, L, C, V), lambda: ta.volume.MFIIndicator(H, L, C, V)
     .money_flow_index(), 14),
    ("vwap", lambda: gi.vwap_rolling(H, L, C, V, 14)["vwap"], lambda: ta.volume
     .VolumeWeightedAveragePrice(H, L, C, V).volume_weighted_average_price(), 13),
    ("rocp", lambda: gi.rocp(C, 1) * 100.0, lambda: ta.others.DailyReturnIndicator(C)
     .daily_return(), 1),
    ("logreturn", lambda: gi.logreturn(C) * 100.0, lambda: ta.others.DailyLogReturnIndicator(C)
     .daily_log_return(), 1),
    ("cumreturn", lambda: gi.cumreturn(C), lambda: ta.others.CumulativeReturnIndicator(C)
     .cumulative_return(), 0),
]  # fmt: skip


@pytest.mark.parametrize("case", PAIRS, ids=lambda c: c[0])
def test_pairs(case) -> None:
    _, ours, theirs, start = case
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        want = np.asarray(theirs(), float)[start:]
    got = np.asarray(ours(), float)[start:]
    scale = np.nanmax(np.abs(want))
    assert np.max(np.abs(got - want)) < 1e-9 * scale, np.max(np.abs(got - want)) / scale
