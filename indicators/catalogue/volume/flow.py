"""Where money flows: accumulation, force and averages weighted by volume."""

from __future__ import annotations

from typing import Any

from domain.bits import fma
from domain.jit import kernel
from indicators.blocks.average import ema_line
from indicators.blocks.edge import hide, warm
from indicators.blocks.seed import from_first, starts
from indicators.blocks.window import REFRESH, total
from indicators.registry import SEED_STEP, Row, length


@kernel
def money(high: Any, low: Any, close: Any, volume: Any) -> Any:
    """Volume times the place of the close in the range (-1 .. 1), 0 without range."""
    wide = high - low
    value = ((close - low) - (high - close)) / wide * volume
    return value if wide > 0.0 else 0.0


@kernel
def monies(x: Any, out: Any, start: Any, stop: Any, base: Any) -> None:
    """`money` of the rows."""
    high, low, close = x[0][start:stop], x[1][start:stop], x[2][start:stop]
    volume = x[3][start:stop]
    to = out[start - base : stop - base]
    for i in range(len(to)):
        to[i] = money(high[i], low[i], close[i], volume[i])


@kernel
def pile(out: Any, line: Any) -> Any:
    """Turn a column into its running sums from `line` on; the last one."""
    for i in range(len(out)):
        line += out[i]
        out[i] = line
    return line


def update_ad(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    monies(x, y[0], start, stop, base)
    s[0] = pile(y[0][start - base : stop - base], s[0])


def update_adosc(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line and its two averages."""
    line, fast, slow, i, out = s[2], s[3], s[4], start - base, y[0]
    a, b = 2.0 / (s[0] + 1.0), 2.0 / (s[1] + 1.0)
    monies(x, out, start, stop, base)
    if warm(s) == 0 and start < stop:
        line += out[i]
        fast, slow, out[i] = line, line, 0.0
        i += 1
    for j in range(i, stop - base):
        line += out[j]
        fast = fma(1.0 - a, fast, a * line)
        slow = fma(1.0 - b, slow, b * line)
        out[j] = fast - slow
    s[2], s[3], s[4] = line, fast, slow
    hide(out, s, start, stop, base)


def update_cmf(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: two sums, age, place, then a ring of money."""
    volume, n, into, shares, out = x[3], int(s[0]), s[1], s[2], y[0]
    age, every, p, i, ring = int(s[3]), max(REFRESH, n), int(s[4]), start, s[5 : 5 + n]
    monies(x, out, start, stop, base)
    while i < stop:
        end = min(stop, i + every - age)
        for j in range(i, end):
            new = out[j - base]
            into += new - ring[p]
            shares += volume[j] - volume[j - n]
            ring[p] = new
            p = p + 1 if p + 1 < n else 0
            share = into / shares
            out[j - base] = share if shares != 0.0 else 0.0
        age, i = age + end - i, end
        if age == every:
            into, shares, age = total(ring, 0, n), total(volume, i - n, i), 0
    s[1], s[2], s[3], s[4] = into, shares, age, p
    hide(out, s, start, stop, base)


def update_efi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: count, average."""
    first = start + 1 if warm(s) == 0 and start < stop else start
    new, old, volume = x[0][first:stop], x[0][first - 1 : stop - 1], x[1][first:stop]
    to = y[0][first - base : stop - base]
    for i in range(len(to)):
        to[i] = (new[i] - old[i]) * volume[i]
    ema_line(from_first(), s, 1, int(s[0]), 2.0 / (s[0] + 1.0), to, to)
    hide(y[0], s, start, stop, base)


def update_marketfi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Keeps no state."""
    high, low, volume = x[0][start:stop], x[1][start:stop], x[2][start:stop]
    out = y[0][start - base : stop - base]
    for i in range(len(out)):
        ease = (high[i] - low[i]) / volume[i]
        out[i] = ease if volume[i] != 0.0 else 0.0


@kernel
def volume_index(x: Any, out: Any, s: Any, span: Any, sign: Any) -> None:
    """Moves with the close when the volume rises (sign 1) or falls (-1). Slots: value."""
    start, stop, base = span
    close, volume, value, i = x[0], x[1], s[0], start
    if warm(s) == 0 and start < stop:
        value = 1000.0
        out[i - base] = value
        i += 1
    to, c1, c0 = out[i - base : stop - base], close[i:stop], close[i - 1 : stop - 1]
    v1, v0 = volume[i:stop], volume[i - 1 : stop - 1]
    for j in range(len(to)):
        ratio = c1[j] / c0[j]
        grown = (sign * (v1[j] - v0[j]) > 0.0) & (c0[j] != 0.0)
        to[j] = ratio if grown else 1.0
    for k in range(len(to)):
        value *= to[k]
        to[k] = value
    s[0] = value


def update_nvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `volume_index`."""
    volume_index(x, y[0], s, (start, stop, base), -1.0)


def update_pvi(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """See `volume_index`."""
    volume_index(x, y[0], s, (start, stop, base), 1.0)


def update_obv(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    close, volume, line, i, out = x[0], x[1], s[0], start, y[0]
    if warm(s) == 0 and start < stop:
        line = volume[i]
        out[i - base] = line
        i += 1
    to, new, old = out[i - base : stop - base], close[i:stop], close[i - 1 : stop - 1]
    volume = volume[i:stop]
    for j in range(len(to)):
        size, up, down = volume[j], new[j] > old[j], new[j] < old[j]
        to[j] = (size if up else 0.0) - (size if down else 0.0)
    s[0] = pile(to, line)


def update_pvt(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slots: the line."""
    close, volume, line, i, out = x[0], x[1], s[0], start, y[0]
    if warm(s) == 0 and start < stop:
        out[i - base] = 0.0
        i += 1
    to, new, old = out[i - base : stop - base], close[i:stop], close[i - 1 : stop - 1]
    volume = volume[i:stop]
    for j in range(len(to)):
        moved = (new[j] - old[j]) / old[j] * volume[j]
        to[j] = moved if old[j] != 0.0 else 0.0
    s[0] = pile(to, line)


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
    high, low, close, line, i, out = x[0], x[1], x[2], s[0], start, y[0]
    if warm(s) == 0 and start < stop:
        out[i - base] = 0.0
        i += 1
    to, new, old = out[i - base : stop - base], close[i:stop], close[i - 1 : stop - 1]
    high, low = high[i:stop], low[i:stop]
    for j in range(len(to)):
        up = new[j] - (low[j] if low[j] < old[j] else old[j])
        down = new[j] - (high[j] if high[j] > old[j] else old[j])
        to[j] = (up if new[j] > old[j] else 0.0) + (down if new[j] < old[j] else 0.0)
    s[0] = pile(to, line)


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
        bindings=starts("from_first"),
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
