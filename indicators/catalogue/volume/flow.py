"""Where money flows: accumulation, force and averages weighted by volume."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.average import ema
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import starts
from indicators.blocks.window import REFRESH, total
from indicators.registry import SEED_STEP, Row, length


@kernel
def money(high: Any, low: Any, close: Any, volume: Any) -> Any:
    """Volume times the place of the close in the range (-1 .. 1), 0 without range."""
    wide = high - low
    return ((close - low) - (high - close)) / wide * volume if wide > 0.0 else 0.0


def update_ad(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    line = s[0]
    for i in range(start, stop):
        line += money(x[0][i], x[1][i], x[2][i], x[3][i])
        y[0][i - base] = line
    s[0] = line


def update_adosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line and its two averages."""
    line, fast, slow, seen = s[2], s[3], s[4], warm(s)
    a, b = 2.0 / (s[0] + 1.0), 2.0 / (s[1] + 1.0)
    c, d, i = 1.0 - a, 1.0 - b, start
    if seen == 0 and start < stop:
        line += money(x[0][i], x[1][i], x[2][i], x[3][i])
        fast, slow = line, line
        y[0][i - base] = 0.0
        i += 1
    for j in range(i, stop):
        line += money(x[0][j], x[1][j], x[2][j], x[3][j])
        fast = c * fast + a * line
        slow = d * slow + b * line
        y[0][j - base] = fast - slow
    s[2], s[3], s[4] = line, fast, slow
    hide(y[0], s, start, stop, base)


def update_cmf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two sums, age, place, then a ring of money."""
    volume, n, into, shares = x[3], int(s[0]), s[1], s[2]
    age, every, p = int(s[3]), max(REFRESH, n), int(s[4])
    for i in range(start, stop):
        new = money(x[0][i], x[1][i], x[2][i], x[3][i])
        into += new - s[5 + p]
        shares += volume[i] - volume[i - n]
        s[5 + p] = new
        p = p + 1 if p + 1 < n else 0
        age += 1
        if age == every:
            into, shares, age = total(s, 5, 5 + n), total(volume, i - n + 1, i + 1), 0
        y[0][i - base] = into / shares if shares != 0.0 else 0.0
    s[1], s[2], s[3], s[4] = into, shares, age, p
    hide(y[0], s, start, stop, base)


def update_efi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count, average."""
    close, volume, n, k = x[0], x[1], int(s[0]), 2.0 / (s[0] + 1.0)
    c, e, seen = int(s[1]), s[2], warm(s)
    for i in range(start, stop):
        if seen > 0:
            c, e = ema(c, e, n, k, (close[i] - close[i - 1]) * volume[i])
        seen += 1
        y[0][i - base] = e
    s[1], s[2] = c, e
    hide(y[0], s, start, stop, base)


def update_marketfi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    for i in range(start, stop):
        y[0][i - base] = (x[0][i] - x[1][i]) / x[2][i] if x[2][i] != 0.0 else 0.0


@kernel
def volume_index(x: Any, out: Any, s: Any, span: Any, sign: Any) -> None:
    """Moves with the close when the volume rises (sign 1) or falls (-1). Slots: value."""
    start, stop, base = span
    close, volume, value, i = x[0], x[1], s[0], start
    if warm(s) == 0 and start < stop:
        value = 1000.0
        out[i - base] = value
        i += 1
    for j in range(i, stop):
        last = close[j - 1]
        grown = sign * (volume[j] - volume[j - 1]) > 0.0 and last != 0.0
        value *= close[j] / last if grown else 1.0
        out[j - base] = value
    s[0] = value


def update_nvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `volume_index`."""
    volume_index(x, y[0], s, (start, stop, base), -1.0)


def update_pvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `volume_index`."""
    volume_index(x, y[0], s, (start, stop, base), 1.0)


def update_obv(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    close, volume, line, i = x[0], x[1], s[0], start
    if warm(s) == 0 and start < stop:
        line = volume[i]
        y[0][i - base] = line
        i += 1
    for j in range(i, stop):
        a, b = close[j], close[j - 1]
        line += (volume[j] if a > b else 0.0) - (volume[j] if a < b else 0.0)
        y[0][j - base] = line
    s[0] = line


def update_pvt(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    close, volume, line, seen = x[0], x[1], s[0], warm(s)
    for i in range(start, stop):
        last = close[i - 1]
        if seen + i > start and last != 0.0:
            line += (close[i] - last) / last * volume[i]
        y[0][i - base] = line
    s[0] = line


def update_rvol(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: sum, age."""
    v, n, value, age = x[0], int(s[0]), s[1], int(s[2])
    every, j = max(REFRESH, n), start
    while j < stop:
        end = min(stop, j + every - age)
        for i in range(j, end):
            y[0][i - base] = v[i] * n / value if value > 0.0 else 0.0
            value += v[i] - v[i - n]
        age += end - j
        j = end
        if age == every:
            value, age = total(v, j - n, j), 0
    s[1], s[2] = value, age
    hide(y[0], s, start, stop, base)


def update_vwap(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: money, shares."""
    spent, shares = s[0], s[1]
    for i in range(start, stop):
        price = (x[0][i] + x[1][i] + x[2][i]) / 3.0
        spent += price * x[3][i]
        shares += x[3][i]
        y[0][i - base] = spent / shares if shares != 0.0 else price
    s[0], s[1] = spent, shares


def update_wad(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    line, seen = s[0], warm(s)
    for i in range(start, stop):
        new, last = x[2][i], x[2][i - 1]
        if seen + i > start:
            if new > last:
                line += new - (x[1][i] if x[1][i] < last else last)
            elif new < last:
                line += new - (x[0][i] if x[0][i] > last else last)
        y[0][i - base] = line
    s[0] = line


def _line(name: str, title: str, inputs: str, kernel: Any, **more: Any) -> Row:
    return Row(
        name, title, inputs, (), name, kernel, slots=lambda: 2, warmup=lambda: 0,
        talib=name.upper(), **more,
    )  # fmt: skip


HLCV, CV, ZERO = "high low close volume", "close volume", "zero before the first row"
ROWS = (
    _line("ad", "Accumulation/distribution line", HLCV, update_ad, source="Chaikin; Achelis 2001",
          formula="sum of ((close - low) - (high - close)) / (high - low) * volume", seeding=ZERO,
          ta="AccDistIndexIndicator"),
    Row(
        "adosc", "Chaikin oscillator", HLCV, (length(3, 2, "fast"), length(10, 2, "slow")),
        "adosc", update_adosc, slots=lambda a, b: 3, warmup=lambda a, b: max(a, b) - 1,
        formula="EMA(AD, fast) - EMA(AD, slow)", source="Chaikin; Achelis 2001",
        seeding="both EMAs by the first value of the line", talib="ADOSC fastperiod slowperiod",
    ),
    Row(
        "cmf", "Chaikin money flow", HLCV, (length(20, 1),), "cmf", update_cmf,
        slots=lambda n: 4 + n, warmup=lambda n: n - 1, history=lambda n: n,
        formula="sum of money flow volume / sum of volume", source="Chaikin; Achelis 2001",
        talib="CMF timeperiod", ta="ChaikinMoneyFlowIndicator",
    ),
    Row(
        "efi", "Elder's force index", CV, (length(13, 1), SEED_STEP), "efi", update_efi,
        slots=lambda n, seed: 2, warmup=lambda n, seed: n, history=lambda n, seed: 1,
        bindings=starts("ema"),
        formula="EMA of (close - close before) * volume", source="Elder 1993",
        seeding="mean of the first n forces; seed=first: the first", talib="EFI timeperiod",
        ta="ForceIndexIndicator",
    ),
    Row(
        "marketfi", "Market facilitation index", "high low volume", (), "marketfi",
        update_marketfi, slots=lambda: 0, warmup=lambda: 0, formula="(high - low) / volume",
        source="Williams 1995, Trading Chaos", talib="MARKETFI", seeding="none: no memory",
    ),
    _line("nvi", "Negative volume index", CV, update_nvi, history=lambda: 1, seeding="1000",
          formula="moves with the close where the volume falls", source="Fosback 1976",
          ta="NegativeVolumeIndexIndicator"),
    _line("pvi", "Positive volume index", CV, update_pvi, history=lambda: 1, seeding="1000",
          formula="moves with the close where the volume rises", source="Fosback 1976"),
    _line("obv", "On-balance volume", CV, update_obv, history=lambda: 1,
          formula="sum of volume, signed by the change of the close", source="Granville 1963",
          seeding="the first volume", ta="OnBalanceVolumeIndicator"),
    _line("pvt", "Price volume trend", CV, update_pvt, history=lambda: 1, seeding="zero",
          formula="sum of relative change * volume", source="Achelis 2001",
          ta="VolumePriceTrendIndicator"),
    Row(
        "rvol", "Relative volume", "volume", (length(20, 1),), "rvol", update_rvol,
        slots=lambda n: 2, warmup=lambda n: n, history=lambda n: n,
        formula="volume / mean volume of the n rows before", source="TA-Lib",
        talib="RVOL timeperiod",
    ),
    _line("vwap", "Volume-weighted average price", HLCV, update_vwap, seeding=ZERO,
          formula="sum of typical price * volume / sum of volume, from the first row",
          source="Berkowitz, Logue and Noser 1988", ta="VolumeWeightedAveragePrice"),
    _line("wad", "Williams' accumulation/distribution", "high low close", update_wad,
          history=lambda: 1, seeding="zero", source="Williams; Achelis 2001",
          formula="sum of close - true low on up days, close - true high on down days"),
)  # fmt: skip
