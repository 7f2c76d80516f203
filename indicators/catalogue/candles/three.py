"""Patterns of three candles: reversals."""

from __future__ import annotations

from typing import Any

from domain.jit import kernel
from indicators.blocks.candle import (
    above,
    below,
    body,
    doji_body,
    equal,
    far,
    foot,
    gap_down,
    gap_up,
    head,
    long_body,
    near,
    no_shadow,
    pattern,
    short_shadow,
    white,
)
from indicators.registry import real


def cdl2crows(k: Any, s: Any) -> Any:
    """Two crows."""
    if not white(k[2]) or white(k[1]) or white(k[0]):
        return 0
    if body(k[2]) <= long_body(s, 1) or not gap_up(k[1], k[2]):
        return 0
    opens = k[0][0] < k[1][0] and k[0][0] > k[1][3]
    return -100 if opens and k[0][3] > k[2][0] and k[0][3] < k[2][3] else 0


def cdlupsidegap2crows(k: Any, s: Any) -> Any:
    """Upside gap two crows."""
    if not white(k[2]) or white(k[1]) or white(k[0]):
        return 0
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > long_body(s, 2):
        return 0
    if not gap_up(k[1], k[2]) or k[0][0] <= k[1][0]:
        return 0
    return -100 if k[0][3] < k[1][3] and k[0][3] > k[2][3] else 0


def cdl3inside(k: Any, s: Any) -> Any:
    """Three inside up or down."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > long_body(s, 2):
        return 0
    if head(k[1]) >= head(k[2]) or foot(k[1]) <= foot(k[2]):
        return 0
    if white(k[2]):
        return -100 if not white(k[0]) and k[0][3] < k[2][0] else 0
    return 100 if white(k[0]) and k[0][3] > k[2][0] else 0


def cdl3outside(k: Any, s: Any) -> Any:
    """Three outside up or down."""
    if white(k[1]) == white(k[2]):
        return 0
    if white(k[1]):
        holds = k[1][3] > k[2][0] and k[1][0] < k[2][3]
        return 100 if holds and k[0][3] > k[1][3] else 0
    holds = k[1][0] > k[2][3] and k[1][3] < k[2][0]
    return -100 if holds and k[0][3] < k[1][3] else 0


@kernel
def bare(one: Any, two: Any, three: Any, s: Any) -> Any:
    """Three shadows that count as none, by the first three terms."""
    return one < no_shadow(s, 1) and two < no_shadow(s, 2) and three < no_shadow(s, 3)


def cdl3blackcrows(k: Any, s: Any) -> Any:
    """Three black crows."""
    if white(k[0]) or white(k[1]) or white(k[2]) or not white(k[3]):
        return 0
    if not bare(below(k[2]), below(k[1]), below(k[0]), s):
        return 0
    opens = k[2][3] < k[1][0] < k[2][0] and k[1][3] < k[0][0] < k[1][0]
    falls = k[3][1] > k[2][3] > k[1][3] > k[0][3]
    return -100 if opens and falls else 0


def cdlidentical3crows(k: Any, s: Any) -> Any:
    """Identical three crows."""
    if white(k[0]) or white(k[1]) or white(k[2]):
        return 0
    if not bare(below(k[2]), below(k[1]), below(k[0]), s):
        return 0
    one, two = equal(s, 4), equal(s, 5)
    first = k[2][3] - one <= k[1][0] <= k[2][3] + one
    second = k[1][3] - two <= k[0][0] <= k[1][3] + two
    return -100 if first and second and k[2][3] > k[1][3] > k[0][3] else 0


def cdl3starsinsouth(k: Any, s: Any) -> Any:
    """Three stars in the south."""
    if white(k[0]) or white(k[1]) or white(k[2]):
        return 0
    size = body(k[2])
    if size <= long_body(s, 1) or below(k[2]) <= size or body(k[1]) >= size:
        return 0
    if k[1][0] <= k[2][3] or k[1][0] > k[2][1]:
        return 0
    if k[1][2] >= k[2][3] or k[1][2] < k[2][2]:
        return 0
    if below(k[1]) <= no_shadow(s, 2) or body(k[0]) >= long_body(s, 4):
        return 0
    naked = below(k[0]) < no_shadow(s, 3) and above(k[0]) < no_shadow(s, 3)
    return 100 if naked and k[0][2] > k[1][2] and k[0][1] < k[1][1] else 0


def cdl3whitesoldiers(k: Any, s: Any) -> Any:
    """Three advancing white soldiers."""
    if not (white(k[0]) and white(k[1]) and white(k[2])):
        return 0
    if not bare(above(k[2]), above(k[1]), above(k[0]), s):
        return 0
    if not (k[0][3] > k[1][3] > k[2][3]):
        return 0
    if not (k[2][0] < k[1][0] <= k[2][3] + near(s, 4)):
        return 0
    if not (k[1][0] < k[0][0] <= k[1][3] + near(s, 5)):
        return 0
    one, two, three = body(k[2]), body(k[1]), body(k[0])
    grows = two > one - far(s, 6) and three > two - far(s, 7)
    return 100 if grows and three > long_body(s, 8) else 0


def cdladvanceblock(k: Any, s: Any) -> Any:
    """Advance block."""
    if not (white(k[0]) and white(k[1]) and white(k[2])):
        return 0
    if not (k[0][3] > k[1][3] > k[2][3]):
        return 0
    if not (k[2][0] < k[1][0] <= k[2][3] + near(s, 4)):
        return 0
    if not (k[1][0] < k[0][0] <= k[1][3] + near(s, 5)):
        return 0
    one, two, three = body(k[2]), body(k[1]), body(k[0])
    if one <= long_body(s, 8) or above(k[2]) >= short_shadow(s, 1):
        return 0
    top, before = above(k[0]), above(k[1])
    weak = two < one - far(s, 6) and three < two + near(s, 5)
    weak = weak or three < two - far(s, 7)
    long_heads = top > short_shadow(s, 3) or before > short_shadow(s, 2)
    weak = weak or (three < two and two < one and long_heads)
    return -100 if weak or (three < two and top > three) else 0


def cdlstalledpattern(k: Any, s: Any) -> Any:
    """Stalled pattern."""
    if not (white(k[0]) and white(k[1]) and white(k[2])):
        return 0
    if not (k[0][3] > k[1][3] > k[2][3]):
        return 0
    if body(k[2]) <= long_body(s, 1) or body(k[1]) <= long_body(s, 2):
        return 0
    if above(k[1]) >= no_shadow(s, 4):
        return 0
    if not (k[2][0] < k[1][0] <= k[2][3] + near(s, 5)):
        return 0
    size = body(k[0])
    return -100 if size < long_body(s, 3) and k[0][0] >= k[1][3] - size - near(s, 6) else 0


def cdlmorningstar(k: Any, s: Any) -> Any:
    """Morning star."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > long_body(s, 2):
        return 0
    if white(k[2]) or not white(k[0]) or not gap_down(k[1], k[2]):
        return 0
    back = k[0][3] > k[2][3] + body(k[2]) * s[0]
    return 100 if back and body(k[0]) > long_body(s, 3) else 0


def cdleveningstar(k: Any, s: Any) -> Any:
    """Evening star."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > long_body(s, 2):
        return 0
    if not white(k[2]) or white(k[0]) or not gap_up(k[1], k[2]):
        return 0
    back = k[0][3] < k[2][3] - body(k[2]) * s[0]
    return -100 if back and body(k[0]) > long_body(s, 3) else 0


def cdlmorningdojistar(k: Any, s: Any) -> Any:
    """Morning doji star."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > doji_body(s, 2):
        return 0
    if white(k[2]) or not white(k[0]) or not gap_down(k[1], k[2]):
        return 0
    back = k[0][3] > k[2][3] + body(k[2]) * s[0]
    return 100 if back and body(k[0]) > long_body(s, 3) else 0


def cdleveningdojistar(k: Any, s: Any) -> Any:
    """Evening doji star."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > doji_body(s, 2):
        return 0
    if not white(k[2]) or white(k[0]) or not gap_up(k[1], k[2]):
        return 0
    back = k[0][3] < k[2][3] - body(k[2]) * s[0]
    return -100 if back and body(k[0]) > long_body(s, 3) else 0


def cdlabandonedbaby(k: Any, s: Any) -> Any:
    """Abandoned baby."""
    if body(k[2]) <= long_body(s, 1) or body(k[1]) > doji_body(s, 2):
        return 0
    if body(k[0]) <= long_body(s, 3) or white(k[0]) == white(k[2]):
        return 0
    deep = body(k[2]) * s[0]
    if white(k[0]):
        alone = k[1][1] < k[2][2] and k[0][2] > k[1][1]
        return 100 if alone and k[0][3] > k[2][3] + deep else 0
    alone = k[1][2] > k[2][1] and k[0][1] < k[1][2]
    return -100 if alone and k[0][3] < k[2][3] - deep else 0


ROWS = (
    pattern("cdl2crows", "two crows", 2, "long@2", cdl2crows,
            "long white, black gap up, black from inside the second into the first"),
    pattern("cdlupsidegap2crows", "upside gap two crows", 2, "long@2 short@1", cdlupsidegap2crows,
            "long white, short black gap up, black that engulfs it"),
    pattern("cdl3inside", "three inside up or down", 2, "long@2 short@1", cdl3inside,
            "harami confirmed by a close beyond the first open"),
    pattern("cdl3outside", "three outside up or down", 3, "", cdl3outside,
            "engulfing confirmed by a further close"),
    pattern("cdl3blackcrows", "three black crows", 3,
            "shadow_none@2 shadow_none@1 shadow_none@0", cdl3blackcrows,
            "three falling black candles without lower shadows after a white one"),
    pattern("cdlidentical3crows", "identical three crows", 2,
            "shadow_none@2 shadow_none@1 shadow_none@0 equal@2 equal@1", cdlidentical3crows,
            "three falling black candles, each opening at the close before"),
    pattern("cdl3starsinsouth", "three stars in the south", 2,
            "long@2 shadow_none@1 shadow_none@0 short@0", cdl3starsinsouth,
            "three black candles that shrink, each low higher"),
    pattern("cdl3whitesoldiers", "three advancing white soldiers", 2,
            "shadow_none@2 shadow_none@1 shadow_none@0 near@2 near@1 far@2"
            " far@1 short@0", cdl3whitesoldiers,
            "three rising white candles without upper shadows, not shrinking"),
    pattern("cdladvanceblock", "advance block", 2,
            "shadow_short@2 shadow_short@1 shadow_short@0 near@2 near@1 far@2"
            " far@1 long@2", cdladvanceblock,
            "three rising white candles that weaken"),
    pattern("cdlstalledpattern", "stalled pattern", 2,
            "long@2 long@1 short@0 shadow_none@1 near@2 near@1", cdlstalledpattern,
            "two long white candles, then a short one on the shoulder"),
    pattern("cdlmorningstar", "morning star", 2, "long@2 short@1 short@0", cdlmorningstar,
            "long black, short gap down, white back into the"
            " first", (real("penetration", 0.3, 0, 1e6, "part of the first body"),)),
    pattern("cdleveningstar", "evening star", 2, "long@2 short@1 short@0", cdleveningstar,
            "long white, short gap up, black back into the"
            " first", (real("penetration", 0.3, 0, 1e6, "part of the first body"),)),
    pattern("cdlmorningdojistar", "morning doji star", 2,
            "long@2 doji@1 short@0", cdlmorningdojistar,
            "morning star with a"
            " doji", (real("penetration", 0.3, 0, 1e6, "part of the first body"),)),
    pattern("cdleveningdojistar", "evening doji star", 2,
            "long@2 doji@1 short@0", cdleveningdojistar,
            "evening star with a"
            " doji", (real("penetration", 0.3, 0, 1e6, "part of the first body"),)),
    pattern("cdlabandonedbaby", "abandoned baby", 2, "long@2 doji@1 short@0", cdlabandonedbaby,
            "doji star with gaps between the whole"
            " ranges", (real("penetration", 0.3, 0, 1e6, "part of the first body"),)),
)  # fmt: skip
