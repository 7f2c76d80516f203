"""Patterns of three to five candles: stars, gaps, continuations."""

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
    near,
    no_shadow,
    pattern,
    white,
)
from indicators.registry import real


def cdltristar(k: Any, s: Any) -> Any:
    """Tristar."""
    most = doji_body(s, 1)
    if body(k[2]) > most or body(k[1]) > most or body(k[0]) > most:
        return 0
    if gap_up(k[1], k[2]) and head(k[0]) < head(k[1]):
        return -100
    return 100 if gap_down(k[1], k[2]) and foot(k[0]) > foot(k[1]) else 0


def cdlunique3river(k: Any, s: Any) -> Any:
    """Unique three river."""
    if white(k[2]) or white(k[1]) or not white(k[0]):
        return 0
    if body(k[2]) <= long_body(s, 1) or body(k[0]) >= long_body(s, 2):
        return 0
    inside = k[1][3] > k[2][3] and k[1][0] <= k[2][0] and k[1][2] < k[2][2]
    return 100 if inside and k[0][0] > k[1][2] else 0


def cdlsticksandwich(k: Any, s: Any) -> Any:
    """Stick sandwich."""
    if white(k[2]) or not white(k[1]) or white(k[0]):
        return 0
    slack = equal(s, 1)
    same = k[2][3] - slack <= k[0][3] <= k[2][3] + slack
    return 100 if same and k[1][2] > k[2][3] else 0


def cdlgapsidesidewhite(k: Any, s: Any) -> Any:
    """Gap side-by-side white lines."""
    if not white(k[1]) or not white(k[0]):
        return 0
    up = gap_up(k[1], k[2]) and gap_up(k[0], k[2])
    down = gap_down(k[1], k[2]) and gap_down(k[0], k[2])
    if not up and not down:
        return 0
    slack, size, room = near(s, 1), body(k[1]), equal(s, 2)
    alike = size - slack <= body(k[0]) <= size + slack
    alike = alike and k[1][0] - room <= k[0][0] <= k[1][0] + room
    return (100 if up else -100) if alike else 0


def cdltasukigap(k: Any, s: Any) -> Any:
    """Tasuki gap."""
    if white(k[0]) == white(k[1]):
        return 0
    if abs(body(k[1]) - body(k[0])) >= near(s, 1):
        return 0
    if white(k[1]):
        opens = gap_up(k[1], k[2]) and k[1][0] < k[0][0] < k[1][3]
        return 100 if opens and k[0][3] < k[1][0] and k[0][3] > head(k[2]) else 0
    opens = gap_down(k[1], k[2]) and k[1][3] < k[0][0] < k[1][0]
    return -100 if opens and k[0][3] > k[1][0] and k[0][3] < foot(k[2]) else 0


def cdlxsidegap3methods(k: Any, s: Any) -> Any:
    """Gap three methods."""
    if white(k[2]) != white(k[1]) or white(k[1]) == white(k[0]):
        return 0
    opens = foot(k[1]) < k[0][0] < head(k[1])
    closes = foot(k[2]) < k[0][3] < head(k[2])
    if not opens or not closes:
        return 0
    if white(k[2]):
        return 100 if gap_up(k[1], k[2]) else 0
    return -100 if gap_down(k[1], k[2]) else 0


def cdl3linestrike(k: Any, s: Any) -> Any:
    """Three-line strike."""
    same = white(k[3]) == white(k[2]) and white(k[2]) == white(k[1])
    if not same or white(k[0]) == white(k[1]):
        return 0
    one, two = near(s, 1), near(s, 2)
    if k[2][0] < foot(k[3]) - one or k[2][0] > head(k[3]) + one:
        return 0
    if k[1][0] < foot(k[2]) - two or k[1][0] > head(k[2]) + two:
        return 0
    if white(k[1]):
        rises = k[1][3] > k[2][3] > k[3][3]
        return 100 if rises and k[0][0] > k[1][3] and k[0][3] < k[3][0] else 0
    falls = k[1][3] < k[2][3] < k[3][3]
    return -100 if falls and k[0][0] < k[1][3] and k[0][3] > k[3][0] else 0


def cdlconcealbabyswall(k: Any, s: Any) -> Any:
    """Concealing baby swallow."""
    if white(k[0]) or white(k[1]) or white(k[2]) or white(k[3]):
        return 0
    one, two = no_shadow(s, 1), no_shadow(s, 2)
    if above(k[3]) >= one or below(k[3]) >= one or above(k[2]) >= two or below(k[2]) >= two:
        return 0
    if not gap_down(k[1], k[2]) or above(k[1]) <= no_shadow(s, 3):
        return 0
    return 100 if k[1][1] > k[2][3] and k[0][1] > k[1][1] and k[0][2] < k[1][2] else 0


def cdlbreakaway(k: Any, s: Any) -> Any:
    """Breakaway."""
    first, third = white(k[4]), white(k[1])
    if first != white(k[3]) or first != third or third == white(k[0]):
        return 0
    if body(k[4]) <= long_body(s, 1):
        return 0
    if first:
        runs = k[2][1] > k[3][1] and k[2][2] > k[3][2]
        runs = runs and k[1][1] > k[2][1] and k[1][2] > k[2][2]
        runs = runs and gap_up(k[3], k[4])
        return -100 if runs and k[4][3] < k[0][3] < k[3][0] else 0
    runs = k[2][1] < k[3][1] and k[2][2] < k[3][2]
    runs = runs and k[1][1] < k[2][1] and k[1][2] < k[2][2]
    runs = runs and gap_down(k[3], k[4])
    return 100 if runs and k[3][0] < k[0][3] < k[4][3] else 0


def cdlladderbottom(k: Any, s: Any) -> Any:
    """Ladder bottom."""
    if not white(k[0]) or white(k[1]) or white(k[2]) or white(k[3]) or white(k[4]):
        return 0
    falls = k[4][0] > k[3][0] > k[2][0] and k[4][3] > k[3][3] > k[2][3]
    if not falls or above(k[1]) <= no_shadow(s, 1):
        return 0
    return 100 if k[0][0] > k[1][0] and k[0][3] > k[1][1] else 0


@kernel
def small(k: Any, s: Any) -> Any:
    """The bodies of bars 3, 2 and 1 are short by the first three terms."""
    short = body(k[3]) < long_body(s, 1) and body(k[2]) < long_body(s, 2)
    return short and body(k[1]) < long_body(s, 3)


def cdlmathold(k: Any, s: Any) -> Any:
    """Mat hold."""
    if not white(k[4]) or white(k[3]) or not white(k[0]):
        return 0
    if body(k[4]) <= long_body(s, 4) or not gap_up(k[3], k[4]):
        return 0
    if not small(k, s):
        return 0
    floor = k[4][3] - body(k[4]) * s[0]
    if not (floor < foot(k[2]) < k[4][3] and floor < foot(k[1]) < k[4][3]):
        return 0
    steps = head(k[2]) < k[3][0] and head(k[1]) < head(k[2])
    top = max(k[3][1], max(k[2][1], k[1][1]))
    return 100 if steps and k[0][0] > k[1][3] and k[0][3] > top else 0


def cdlrisefall3methods(k: Any, s: Any) -> Any:
    """Rising or falling three methods."""
    sign = colour(k[4])
    if colour(k[0]) != sign or body(k[4]) <= long_body(s, 4):
        return 0
    if colour(k[1]) == sign or colour(k[2]) == sign or colour(k[3]) == sign or not small(k, s):
        return 0
    if foot(k[1]) >= k[4][1] or foot(k[2]) >= k[4][1] or foot(k[3]) >= k[4][1]:
        return 0
    if head(k[1]) <= k[4][2] or head(k[2]) <= k[4][2] or head(k[3]) <= k[4][2]:
        return 0
    against = k[2][3] * sign < k[3][3] * sign and k[1][3] * sign < k[2][3] * sign
    breaks = k[0][0] * sign > k[1][3] * sign and k[0][3] * sign > k[4][3] * sign
    return sign * 100 if against and breaks and body(k[0]) > long_body(s, 5) else 0


ROWS = (
    pattern("cdltristar", "tristar", 2, "doji@2", cdltristar,
            "three dojis, the middle one gapping away"),
    pattern("cdlunique3river", "unique three river", 2, "long@2 short@0", cdlunique3river,
            "long black, black harami with a lower low, short white"),
    pattern("cdlsticksandwich", "stick sandwich", 2, "equal@2", cdlsticksandwich,
            "a white candle between two black ones with equal closes"),
    pattern("cdlgapsidesidewhite", "gap side-by-side white lines", 2,
            "near@1 equal@1", cdlgapsidesidewhite,
            "two like white candles after a gap"),
    pattern("cdltasukigap", "tasuki gap", 2, "near@1", cdltasukigap,
            "a candle of like size that fills part of a gap"),
    pattern("cdlxsidegap3methods", "gap three methods", 2, "", cdlxsidegap3methods,
            "a gap between two like candles closed by the third"),
    pattern("cdl3linestrike", "three-line strike", 3, "near@3 near@2", cdl3linestrike,
            "three like candles taken back by the fourth"),
    pattern("cdlconcealbabyswall", "concealing baby swallow", 3,
            "shadow_none@3 shadow_none@2 shadow_none@1", cdlconcealbabyswall,
            "two black marubozus, a black candle gapping down with an upper shadow, one that"
            " engulfs it"),
    pattern("cdlbreakaway", "breakaway", 4, "long@4", cdlbreakaway,
            "a gap after a long candle, run on, and closed into by the fifth"),
    pattern("cdlladderbottom", "ladder bottom", 4, "shadow_none@1", cdlladderbottom,
            "three falling black candles, a black one with an upper shadow, a white break"),
    pattern("cdlmathold", "mat hold", 4, "short@3 short@2 short@1 long@4", cdlmathold,
            "long white, three short ones that hold, white"
            " break", (real("penetration", 0.5, 0, 1e6, "part of the first body"),)),
    pattern("cdlrisefall3methods", "rising or falling three methods", 4,
            "short@3 short@2 short@1 long@4 long@0", cdlrisefall3methods,
            "long candle, three short ones against it inside its range, long break"),
)  # fmt: skip
