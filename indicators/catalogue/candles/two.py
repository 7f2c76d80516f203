"""Patterns of two candles."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.candle import (
    above,
    below,
    body,
    colour,
    doji_body,
    equal,
    foot,
    gap_down,
    gap_up,
    head,
    long_body,
    no_shadow,
    pattern,
    white,
)
from indicators.registry import real


def cdlengulfing(k: Any, s: Any) -> Any:
    """Engulfing."""
    up, before = white(k[0]), white(k[1])
    if up == before:
        return 0
    near_end, far_end = head(k[0]) - head(k[1]), foot(k[1]) - foot(k[0])
    if near_end < 0.0 or far_end < 0.0 or (near_end == 0.0 and far_end == 0.0):
        return 0
    return colour(k[0]) * (100 if near_end > 0.0 and far_end > 0.0 else 80)


def cdlharami(k: Any, s: Any) -> Any:
    """Harami."""
    if body(k[1]) <= long_body(s, 1) or body(k[0]) > long_body(s, 2):
        return 0
    top, bottom = head(k[1]) - head(k[0]), foot(k[0]) - foot(k[1])
    if top < 0.0 or bottom < 0.0:
        return 0
    return -colour(k[1]) * (100 if top > 0.0 and bottom > 0.0 else 80)


def cdlharamicross(k: Any, s: Any) -> Any:
    """Harami cross."""
    if body(k[1]) <= long_body(s, 1) or body(k[0]) > doji_body(s, 2):
        return 0
    top, bottom = head(k[1]) - head(k[0]), foot(k[0]) - foot(k[1])
    if top < 0.0 or bottom < 0.0:
        return 0
    return -colour(k[1]) * (100 if top > 0.0 and bottom > 0.0 else 80)


def cdlhomingpigeon(k: Any, s: Any) -> Any:
    """Homing pigeon."""
    if white(k[0]) or white(k[1]):
        return 0
    if body(k[1]) <= long_body(s, 1) or body(k[0]) > long_body(s, 2):
        return 0
    return 100 if k[0][0] < k[1][0] and k[0][3] > k[1][3] else 0


def cdlmatchinglow(k: Any, s: Any) -> Any:
    """Matching low."""
    if white(k[0]) or white(k[1]):
        return 0
    slack = equal(s, 1)
    return 100 if k[1][3] - slack <= k[0][3] <= k[1][3] + slack else 0


def cdldojistar(k: Any, s: Any) -> Any:
    """Doji star."""
    if body(k[1]) <= long_body(s, 1) or body(k[0]) > doji_body(s, 2):
        return 0
    before = white(k[1])
    away = gap_up(k[0], k[1]) if before else gap_down(k[0], k[1])
    return -colour(k[1]) * 100 if away else 0


def cdlcounterattack(k: Any, s: Any) -> Any:
    """Counterattack."""
    if white(k[0]) == white(k[1]):
        return 0
    if body(k[1]) <= long_body(s, 2) or body(k[0]) <= long_body(s, 3):
        return 0
    slack = equal(s, 1)
    return colour(k[0]) * 100 if k[1][3] - slack <= k[0][3] <= k[1][3] + slack else 0


def cdlseparatinglines(k: Any, s: Any) -> Any:
    """Separating lines."""
    if white(k[0]) == white(k[1]) or body(k[0]) <= long_body(s, 2):
        return 0
    slack = equal(s, 3)
    if k[0][0] > k[1][0] + slack or k[0][0] < k[1][0] - slack:
        return 0
    shadow = below(k[0]) if white(k[0]) else above(k[0])
    return colour(k[0]) * 100 if shadow < no_shadow(s, 1) else 0


def cdldarkcloudcover(k: Any, s: Any) -> Any:
    """Dark cloud cover."""
    if not white(k[1]) or white(k[0]) or body(k[1]) <= long_body(s, 1):
        return 0
    deep = k[0][3] > k[1][0] and k[0][3] < k[1][3] - body(k[1]) * s[0]
    return -100 if deep and k[0][0] > k[1][1] else 0


def cdlpiercing(k: Any, s: Any) -> Any:
    """Piercing."""
    if white(k[1]) or not white(k[0]):
        return 0
    if body(k[1]) <= long_body(s, 1) or body(k[0]) <= long_body(s, 2):
        return 0
    high_up = k[0][3] < k[1][0] and k[0][3] > k[1][3] + body(k[1]) * 0.5
    return 100 if high_up and k[0][0] < k[1][2] else 0


def cdlinneck(k: Any, s: Any) -> Any:
    """In-neck."""
    if white(k[1]) or not white(k[0]) or body(k[1]) <= long_body(s, 2):
        return 0
    touches = k[0][3] <= k[1][3] + equal(s, 1) and k[0][3] >= k[1][3]
    return -100 if touches and k[0][0] < k[1][2] else 0


def cdlonneck(k: Any, s: Any) -> Any:
    """On-neck."""
    if white(k[1]) or not white(k[0]) or body(k[1]) <= long_body(s, 2):
        return 0
    slack = equal(s, 1)
    touches = k[1][2] - slack <= k[0][3] <= k[1][2] + slack
    return -100 if touches and k[0][0] < k[1][2] else 0


def cdlthrusting(k: Any, s: Any) -> Any:
    """Thrusting."""
    if white(k[1]) or not white(k[0]) or body(k[1]) <= long_body(s, 2):
        return 0
    half = k[1][3] + body(k[1]) * 0.5
    into = k[0][3] > k[1][3] + equal(s, 1) and k[0][3] <= half
    return -100 if into and k[0][0] < k[1][2] else 0


@kernel
def kicks(k: Any, s: Any) -> Any:
    """Two opposite marubozus with a gap between them."""
    before, up = white(k[1]), white(k[0])
    gap = k[0][1] < k[1][2] if before else k[0][2] > k[1][1]
    if before == up or not gap:
        return False
    if body(k[1]) <= long_body(s, 3) or body(k[0]) <= long_body(s, 4):
        return False
    first = above(k[1]) < no_shadow(s, 1) and below(k[1]) < no_shadow(s, 1)
    return first and above(k[0]) < no_shadow(s, 2) and below(k[0]) < no_shadow(s, 2)


def cdlkicking(k: Any, s: Any) -> Any:
    """Kicking."""
    if not kicks(k, s):
        return 0
    return colour(k[0]) * 100


def cdlkickingbylength(k: Any, s: Any) -> Any:
    """Kicking, signed by the longer."""
    if not kicks(k, s):
        return 0
    return 100 * (colour(k[0]) if body(k[0]) > body(k[1]) else colour(k[1]))


ROWS = (
    pattern("cdlengulfing", "engulfing", 2, "", cdlengulfing,
            "a body that holds the opposite one before; 80 if one end is equal"),
    pattern("cdlharami", "harami", 1, "long@1 short@0", cdlharami,
            "a short body inside the long one before; 80 if one end is equal"),
    pattern("cdlharamicross", "harami cross", 1, "long@1 doji@0", cdlharamicross,
            "a doji inside the long body before; 80 if one end is equal"),
    pattern("cdlhomingpigeon", "homing pigeon", 1, "long@1 short@0", cdlhomingpigeon,
            "a short black body inside the long black one before"),
    pattern("cdlmatchinglow", "matching low", 1, "equal@1", cdlmatchinglow,
            "two black candles with equal closes"),
    pattern("cdldojistar", "doji star", 1, "long@1 doji@0", cdldojistar,
            "a doji that gaps away from a long body"),
    pattern("cdlcounterattack", "counterattack", 1, "equal@1 long@1 long@0", cdlcounterattack,
            "two long opposite bodies with equal closes"),
    pattern("cdlseparatinglines", "separating lines", 1,
            "shadow_none@0 long@0 equal@1", cdlseparatinglines,
            "opposite candles with equal opens, the second a belt-hold"),
    pattern("cdldarkcloudcover", "dark cloud cover", 1, "long@1", cdldarkcloudcover,
            "black body from over the high before deep into a long white"
            " one", (real("penetration", 0.5, 0, 1e6, "part of the first body"),)),
    pattern("cdlpiercing", "piercing", 1, "long@1 long@0", cdlpiercing,
            "white body from under the low before to over the middle of a long black one"),
    pattern("cdlinneck", "in-neck", 1, "equal@1 long@1", cdlinneck,
            "white candle from under the low of a long black one to its close"),
    pattern("cdlonneck", "on-neck", 1, "equal@1 long@1", cdlonneck,
            "white candle from under the low of a long black one to that low"),
    pattern("cdlthrusting", "thrusting", 1, "equal@1 long@1", cdlthrusting,
            "white candle from under the low into the lower half of a long black one"),
    pattern("cdlkicking", "kicking", 1, "shadow_none@1 shadow_none@0 long@1 long@0", cdlkicking,
            "two opposite marubozus with a gap"),
    pattern("cdlkickingbylength", "kicking, signed by the longer", 1,
            "shadow_none@1 shadow_none@0 long@1 long@0", cdlkickingbylength,
            "two opposite marubozus with a gap, signed by the longer"),
)  # fmt: skip
