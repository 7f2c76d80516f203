"""Patterns of one candle."""

from __future__ import annotations

from typing import Any

from indicators.blocks.candle import (
    above,
    below,
    body,
    colour,
    doji_body,
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


def cdldoji(k: Any, s: Any) -> Any:
    """Doji."""
    return 100 if body(k[0]) <= doji_body(s, 1) else 0


def cdldragonflydoji(k: Any, s: Any) -> Any:
    """Dragonfly doji."""
    flat = body(k[0]) <= doji_body(s, 1) and above(k[0]) < no_shadow(s, 2)
    return 100 if flat and below(k[0]) > no_shadow(s, 2) else 0


def cdlgravestonedoji(k: Any, s: Any) -> Any:
    """Gravestone doji."""
    flat = body(k[0]) <= doji_body(s, 1) and below(k[0]) < no_shadow(s, 2)
    return 100 if flat and above(k[0]) > no_shadow(s, 2) else 0


def cdllongleggeddoji(k: Any, s: Any) -> Any:
    """Long-legged doji."""
    size = body(k[0])
    if size > doji_body(s, 1):
        return 0
    return 100 if below(k[0]) > size or above(k[0]) > size else 0


def cdlrickshawman(k: Any, s: Any) -> Any:
    """Rickshaw man."""
    size = body(k[0])
    if size > doji_body(s, 1) or below(k[0]) <= size or above(k[0]) <= size:
        return 0
    middle = k[0][2] + (k[0][1] - k[0][2]) / 2.0
    inside = foot(k[0]) <= middle + near(s, 2) and head(k[0]) >= middle - near(s, 2)
    return 100 if inside else 0


def cdltakuri(k: Any, s: Any) -> Any:
    """Takuri (dragonfly doji with a very long lower shadow)."""
    flat = body(k[0]) <= doji_body(s, 1) and above(k[0]) < no_shadow(s, 2)
    return 100 if flat and below(k[0]) > 2.0 * body(k[0]) else 0


def cdlbelthold(k: Any, s: Any) -> Any:
    """Belt-hold."""
    if body(k[0]) <= long_body(s, 1):
        return 0
    shadow = below(k[0]) if white(k[0]) else above(k[0])
    return colour(k[0]) * 100 if shadow < no_shadow(s, 2) else 0


def cdlclosingmarubozu(k: Any, s: Any) -> Any:
    """Closing marubozu."""
    if body(k[0]) <= long_body(s, 1):
        return 0
    shadow = above(k[0]) if white(k[0]) else below(k[0])
    return colour(k[0]) * 100 if shadow < no_shadow(s, 2) else 0


def cdlmarubozu(k: Any, s: Any) -> Any:
    """Marubozu."""
    bare = above(k[0]) < no_shadow(s, 2) and below(k[0]) < no_shadow(s, 2)
    return colour(k[0]) * 100 if bare and body(k[0]) > long_body(s, 1) else 0


def cdllongline(k: Any, s: Any) -> Any:
    """Long line."""
    bare = above(k[0]) < short_shadow(s, 2) and below(k[0]) < short_shadow(s, 2)
    return colour(k[0]) * 100 if bare and body(k[0]) > long_body(s, 1) else 0


def cdlshortline(k: Any, s: Any) -> Any:
    """Short line."""
    bare = above(k[0]) < short_shadow(s, 2) and below(k[0]) < short_shadow(s, 2)
    return colour(k[0]) * 100 if bare and body(k[0]) < long_body(s, 1) else 0


def cdlspinningtop(k: Any, s: Any) -> Any:
    """Spinning top."""
    size = body(k[0])
    if size >= long_body(s, 1) or above(k[0]) <= size or below(k[0]) <= size:
        return 0
    return colour(k[0]) * 100


def cdlhighwave(k: Any, s: Any) -> Any:
    """High wave."""
    size = body(k[0])
    if size >= long_body(s, 1) or above(k[0]) <= 2.0 * size:
        return 0
    return colour(k[0]) * 100 if below(k[0]) > 2.0 * size else 0


def cdlhammer(k: Any, s: Any) -> Any:
    """Hammer."""
    size = body(k[0])
    if size >= long_body(s, 1) or below(k[0]) <= size:
        return 0
    fits = above(k[0]) < no_shadow(s, 2) and foot(k[0]) <= k[1][2] + near(s, 3)
    return 100 if fits else 0


def cdlhangingman(k: Any, s: Any) -> Any:
    """Hanging man."""
    size = body(k[0])
    if size >= long_body(s, 1) or below(k[0]) <= size:
        return 0
    fits = above(k[0]) < no_shadow(s, 2) and foot(k[0]) >= k[1][1] - near(s, 3)
    return -100 if fits else 0


def cdlinvertedhammer(k: Any, s: Any) -> Any:
    """Inverted hammer."""
    size = body(k[0])
    if size >= long_body(s, 1) or above(k[0]) <= size:
        return 0
    fits = below(k[0]) < no_shadow(s, 2) and gap_down(k[0], k[1])
    return 100 if fits else 0


def cdlshootingstar(k: Any, s: Any) -> Any:
    """Shooting star."""
    size = body(k[0])
    if size >= long_body(s, 1) or above(k[0]) <= size:
        return 0
    fits = below(k[0]) < no_shadow(s, 2) and gap_up(k[0], k[1])
    return -100 if fits else 0


ROWS = (
    pattern("cdldoji", "doji", 0, "doji@0", cdldoji,
            "body no more than a doji's"),
    pattern("cdldragonflydoji", "dragonfly doji", 0, "doji@0 shadow_none@0", cdldragonflydoji,
            "doji without upper shadow, with a lower one"),
    pattern("cdlgravestonedoji", "gravestone doji", 0, "doji@0 shadow_none@0", cdlgravestonedoji,
            "doji without lower shadow, with an upper one"),
    pattern("cdllongleggeddoji", "long-legged doji", 0, "doji@0", cdllongleggeddoji,
            "doji with a shadow longer than its body"),
    pattern("cdlrickshawman", "rickshaw man", 0, "doji@0 near@0", cdlrickshawman,
            "doji with two long shadows and the body near the middle"),
    pattern("cdltakuri", "takuri (dragonfly doji with a very long lower shadow)", 0,
            "doji@0 shadow_none@0", cdltakuri,
            "doji without upper shadow, lower shadow over twice the body"),
    pattern("cdlbelthold", "belt-hold", 0, "long@0 shadow_none@0", cdlbelthold,
            "long body without shadow at its open"),
    pattern("cdlclosingmarubozu", "closing marubozu", 0, "long@0 shadow_none@0", cdlclosingmarubozu,
            "long body without shadow at its close"),
    pattern("cdlmarubozu", "marubozu", 0, "long@0 shadow_none@0", cdlmarubozu,
            "long body without shadows"),
    pattern("cdllongline", "long line", 0, "long@0 shadow_short@0", cdllongline,
            "long body, short shadows"),
    pattern("cdlshortline", "short line", 0, "short@0 shadow_short@0", cdlshortline,
            "short body, short shadows"),
    pattern("cdlspinningtop", "spinning top", 0, "short@0", cdlspinningtop,
            "short body, both shadows longer than it"),
    pattern("cdlhighwave", "high wave", 0, "short@0", cdlhighwave,
            "short body, both shadows over twice as long"),
    pattern("cdlhammer", "hammer", 1, "short@0 shadow_none@0 near@1", cdlhammer,
            "short body, long lower shadow, no upper one, near or under the low before"),
    pattern("cdlhangingman", "hanging man", 1, "short@0 shadow_none@0 near@1", cdlhangingman,
            "a hammer near or over the high before"),
    pattern("cdlinvertedhammer", "inverted hammer", 1, "short@0 shadow_none@0", cdlinvertedhammer,
            "short body, long upper shadow, no lower one, gap down"),
    pattern("cdlshootingstar", "shooting star", 1, "short@0 shadow_none@0", cdlshootingstar,
            "short body, long upper shadow, no lower one, gap up"),
)  # fmt: skip
