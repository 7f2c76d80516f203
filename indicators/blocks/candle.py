"""The shape of candles, and the walk that all candlestick patterns share.

A pattern is a predicate ``match(k, s)``: ``k[j]`` is the bar j rows ago as a tuple (open, high,
low, close), ``s[t]`` the running total of candle ranges of its term number t (from 1; ``s[0]`` is
the parameter). It returns 0 or a signed strength. A term is a setting at a shift: the total over
the `period` bars before bar i - shift. What "long", "short", "near" mean are TA-Lib's default
settings. Bars and totals travel as tuples of numbers, not arrays: calls stay cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from domain.jit import DISABLED, kernel, scratch
from indicators.blocks.edge import warm
from indicators.registry import Param, Row

BODY, RANGE, SHADOWS = 0, 1, 2
# setting: what is totalled, over how many bars
SETTINGS = {
    "long": (BODY, 10),
    "short": (BODY, 10),
    "doji": (RANGE, 10),
    "shadow_short": (SHADOWS, 10),
    "shadow_none": (RANGE, 10),
    "near": (RANGE, 5),
    "far": (RANGE, 5),
    "equal": (RANGE, 5),
}


@kernel
def long_body(s: Any, t: Any) -> Any:
    """Bodies above this are long (and below it short); t is the place of the term, from 1."""
    return s[t] / 10.0


@kernel
def doji_body(s: Any, t: Any) -> Any:
    """Bodies up to this are a doji's."""
    return 0.1 * (s[t] / 10.0)


@kernel
def short_shadow(s: Any, t: Any) -> Any:
    """Shadows below this are short."""
    return s[t] / 10.0 / 2.0


@kernel
def no_shadow(s: Any, t: Any) -> Any:
    """Shadows below this count as none."""
    return 0.1 * (s[t] / 10.0)


@kernel
def near(s: Any, t: Any) -> Any:
    """Distances up to this are near."""
    return 0.2 * (s[t] / 5.0)


@kernel
def far(s: Any, t: Any) -> Any:
    """Distances above this are far."""
    return 0.6 * (s[t] / 5.0)


@kernel
def equal(s: Any, t: Any) -> Any:
    """Distances up to this count as none."""
    return 0.05 * (s[t] / 5.0)


@kernel
def white(bar: Any) -> Any:
    """The close is not below the open."""
    return bar[3] >= bar[0]


@kernel
def colour(bar: Any) -> Any:
    """1 white, -1 black."""
    return 1 if bar[3] >= bar[0] else -1


@kernel
def body(bar: Any) -> Any:
    """The size of the body."""
    return abs(bar[3] - bar[0])


@kernel
def head(bar: Any) -> Any:
    """The upper end of the body."""
    return bar[3] if bar[3] > bar[0] else bar[0]


@kernel
def foot(bar: Any) -> Any:
    """The lower end of the body."""
    return bar[3] if bar[3] < bar[0] else bar[0]


@kernel
def above(bar: Any) -> Any:
    """The upper shadow."""
    return bar[1] - (bar[3] if bar[3] >= bar[0] else bar[0])


@kernel
def below(bar: Any) -> Any:
    """The lower shadow."""
    return (bar[0] if bar[3] >= bar[0] else bar[3]) - bar[2]


@kernel
def gap_up(bar: Any, other: Any) -> Any:
    """The body lies above the other."""
    return foot(bar) > head(other)


@kernel
def gap_down(bar: Any, other: Any) -> Any:
    """The body lies below the other."""
    return head(bar) < foot(other)


@kernel
def extent(kind: Any, o: Any, h: Any, low: Any, c: Any) -> Any:
    """Body, range or both shadows of a bar."""
    if kind == 0:
        return abs(c - o)
    if kind == 1:
        return h - low
    return (h - (c if c >= o else o)) + ((o if c >= o else c) - low)


SPAN, REACH = 128, 1
COUNT, KIND, PERIOD, SHIFT = 1, (0,), (10,), (0,)


@kernel
def bars_1(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """The last 1 bars, newest first."""
    return ((o[i], h[i], low[i], c[i]),)


@kernel
def bars_2(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """The last 2 bars, newest first."""
    k0 = (o[i], h[i], low[i], c[i])
    k1 = (o[i - 1], h[i - 1], low[i - 1], c[i - 1])
    return k0, k1


@kernel
def bars_3(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """The last 3 bars, newest first."""
    k0 = (o[i], h[i], low[i], c[i])
    k1 = (o[i - 1], h[i - 1], low[i - 1], c[i - 1])
    k2 = (o[i - 2], h[i - 2], low[i - 2], c[i - 2])
    return k0, k1, k2


@kernel
def bars_4(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """The last 4 bars, newest first."""
    k0 = (o[i], h[i], low[i], c[i])
    k1 = (o[i - 1], h[i - 1], low[i - 1], c[i - 1])
    k2 = (o[i - 2], h[i - 2], low[i - 2], c[i - 2])
    k3 = (o[i - 3], h[i - 3], low[i - 3], c[i - 3])
    return k0, k1, k2, k3


@kernel
def bars_5(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """The last 5 bars, newest first."""
    k0 = (o[i], h[i], low[i], c[i])
    k1 = (o[i - 1], h[i - 1], low[i - 1], c[i - 1])
    k2 = (o[i - 2], h[i - 2], low[i - 2], c[i - 2])
    k3 = (o[i - 3], h[i - 3], low[i - 3], c[i - 3])
    k4 = (o[i - 4], h[i - 4], low[i - 4], c[i - 4])
    return k0, k1, k2, k3, k4


@kernel
def totals_2(p: Any, t: Any, r: Any) -> Any:
    """The parameter and 1 total."""
    return p, t[r]


@kernel
def totals_3(p: Any, t: Any, r: Any) -> Any:
    """The parameter and 2 totals."""
    return p, t[r], t[128 + r]


@kernel
def totals_5(p: Any, t: Any, r: Any) -> Any:
    """The parameter and 4 totals."""
    return p, t[r], t[128 + r], t[256 + r], t[384 + r]


@kernel
def totals_9(p: Any, t: Any, r: Any) -> Any:
    """The parameter and 8 totals."""
    low = t[r], t[128 + r], t[256 + r], t[384 + r]
    return p, low[0], low[1], low[2], low[3], t[512 + r], t[640 + r], t[768 + r], t[896 + r]


@kernel
def changes_body(o: Any, h: Any, low: Any, c: Any, kind: Any, j: Any, k: Any, t: Any) -> None:
    """By how much a total changes from row to row: bodies from row j on less those from k on."""
    n, m = j + len(t), k + len(t)
    o1, c1, o2, c2 = o[j:n], c[j:n], o[k:m], c[k:m]
    for r in range(len(t)):
        t[r] = abs(c1[r] - o1[r]) - abs(c2[r] - o2[r])


@kernel
def changes_range(o: Any, h: Any, low: Any, c: Any, kind: Any, j: Any, k: Any, t: Any) -> None:
    """The same of ranges."""
    n, m = j + len(t), k + len(t)
    h1, l1, h2, l2 = h[j:n], low[j:n], h[k:m], low[k:m]
    for r in range(len(t)):
        t[r] = (h1[r] - l1[r]) - (h2[r] - l2[r])


@kernel
def changes_two(o: Any, h: Any, low: Any, c: Any, kind: Any, j: Any, k: Any, t: Any) -> None:
    """The same of bodies or ranges."""
    if kind == 0:
        changes_body(o, h, low, c, kind, j, k, t)
    else:
        changes_range(o, h, low, c, kind, j, k, t)


@kernel
def changes_any(o: Any, h: Any, low: Any, c: Any, kind: Any, j: Any, k: Any, t: Any) -> None:
    """The same of any extent."""
    if kind != 2:
        changes_two(o, h, low, c, kind, j, k, t)
        return
    n, m = j + len(t), k + len(t)
    o1, h1, l1, c1 = o[j:n], h[j:n], low[j:n], c[j:n]
    o2, h2, l2, c2 = o[k:m], h[k:m], low[k:m], c[k:m]
    for r in range(len(t)):
        new = extent(2, o1[r], h1[r], l1[r], c1[r])
        t[r] = new - extent(2, o2[r], h2[r], l2[r], c2[r])


def changes(o: Any, h: Any, low: Any, c: Any, kind: Any, j: Any, k: Any, t: Any) -> None:
    """Stands for one of the above, the smallest that does: it is a tenth of what is compiled."""


def bars(o: Any, h: Any, low: Any, c: Any, i: Any) -> Any:
    """Stands for one of the above."""


def totals(p: Any, t: Any, r: Any) -> Any:
    """Stands for one of the above."""


def match(k: Any, s: Any) -> Any:
    """Stands for the predicate of one pattern."""


def work() -> Any:
    """Stands for work space of `SPAN` rows for each term."""


def walk(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """Slot 0 (or the parameter), then the total of each term.

    `SPAN` rows at a time: first the totals before each row, one term after the other, then the
    pattern, which has no branch left and works on several rows at once.
    """
    o, h, low, c, out, i = x[0], x[1], x[2], x[3], y[0], start
    full, seen, t = int(s[len(s) - 2]), warm(s), work()
    while i < stop and seen < full:
        out[i - base] = 0
        for k in range(COUNT):
            if seen >= full - PERIOD[k]:
                j = i - SHIFT[k]
                s[1 + k] += extent(KIND[k], o[j], h[j], low[j], c[j])
        seen += 1
        i += 1
    while i < stop:
        rows = min(stop - i, SPAN)
        for k in range(COUNT):
            part, value = t[SPAN * k : SPAN * k + rows], s[1 + k]
            changes(o, h, low, c, KIND[k], i - SHIFT[k], i - SHIFT[k] - PERIOD[k], part)
            for r in range(rows):
                change = part[r]
                part[r] = value
                value += change
            s[1 + k] = value
        first, last, to = i - REACH, i + rows, out[i - base : i - base + rows]
        o1, h1, l1, c1 = o[first:last], h[first:last], low[first:last], c[first:last]
        for r in range(rows):
            to[r] = match(bars(o1, h1, l1, c1, r + REACH), totals(s[0], t, r))
        i += rows


def walk_plain(x: Any, y: Any, s: Any, start: Any, stop: Any, base: Any) -> None:
    """For patterns without terms."""
    o, h, low, c, out = x[0], x[1], x[2], x[3], y[0]
    full, seen = int(s[len(s) - 2]), warm(s)
    first = min(max(start, start + full - seen), stop)
    for i in range(start, first):
        out[i - base] = 0
    a, to = first - REACH, out[first - base : stop - base]
    o, h, low, c = o[a:stop], h[a:stop], low[a:stop], c[a:stop]
    for r in range(len(to)):
        to[r] = match(bars(o, h, low, c, r + REACH), (0.0, 0.0))


BARS = (bars_1, bars_2, bars_3, bars_4, bars_5)
TOTALS = {0: totals_2, 1: totals_2, 2: totals_3, 3: totals_5, 4: totals_5}
ROOM = {3: 4, 5: 8, 6: 8, 7: 8}
CHANGES = {(BODY,): changes_body, (RANGE,): changes_range, (BODY, RANGE): changes_two}


def _kernel(name: str, predicate: Any, terms: tuple[tuple[str, int], ...], reach: int) -> Any:
    """A copy of the walk that stands in the file of the predicate."""
    template = walk if terms else walk_plain
    file = (template if DISABLED else predicate).__code__.co_filename
    scope: dict[str, Any] = {"match": kernel(predicate), "extent": extent, "warm": warm}
    scope |= {"bars": BARS[reach], "totals": TOTALS.get(len(terms), totals_9)}
    scope |= {"int": int, "len": len, "range": range, "min": min, "max": max}
    scope |= {"COUNT": len(terms), "SPAN": SPAN, "REACH": reach}
    kinds = tuple(sorted({SETTINGS[t][0] for t, _ in terms}))
    scope["changes"] = CHANGES.get(kinds, changes_any)
    scope["work"] = scratch(SPAN * ROOM.get(len(terms), len(terms) or 1))
    scope["KIND"] = tuple(SETTINGS[t][0] for t, _ in terms)
    scope["PERIOD"] = tuple(SETTINGS[t][1] for t, _ in terms)
    scope["SHIFT"] = tuple(shift for _, shift in terms)
    made = FunctionType(template.__code__.replace(co_filename=file, co_name=name), scope, name)
    made.__module__, made.__qualname__ = predicate.__module__, name
    return made


def pattern(
    name: str,
    title: str,
    bars: int,
    terms: str,
    predicate: Callable[..., Any],
    formula: str,
    params: tuple[Param, ...] = (),
) -> Row:
    """The registry row of a pattern.

    `terms` is text such as "long@2 doji@1"; `bars` is added to the longest period for the
    warm-up.
    """
    asked = tuple((t.split("@")[0], int(t.split("@")[1])) for t in terms.split())
    full = max([SETTINGS[t][1] for t, _ in asked], default=0) + bars
    reach = max(bars, max([shift for _, shift in asked], default=0))
    return Row(
        name, f"Candlestick pattern: {title}", "open high low close", params, "pattern",
        _kernel(name, predicate, asked, reach), slots=lambda *p: 9 - len(p),
        warmup=lambda *p: full, history=lambda *p: max(full, 1), formula=formula,
        source="Nison 1991; Morris 2006, Candlestick Charting Explained; settings of TA-Lib",
        seeding="averages of candle sizes need the bars of the warm-up",
        talib=" ".join([name.upper(), *(p.name for p in params)]), integer_outputs=(0,),
    )  # fmt: skip
