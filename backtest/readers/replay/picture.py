"""The picture of a replay: depth as heat over time and price, the best prices, the trades."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from backtest.readers.facts import Instrument, Rows
from backtest.readers.replay.rebuild import Trade
from backtest.readers.replay.samples import Sample

ROWS = 260  # price steps of the heat
DAY_NS = 86_400 * 10**9
PAPER, INK, FAINT = "#0e1420", "#d7deea", "#2a3447"
BID, ASK = "#4cc2ff", "#ff9f4a"
BID_HEAT = ("#0e1420", "#12314f", "#17618f", "#4cc2ff", "#e4f6ff")
ASK_HEAT = ("#0e1420", "#4a2a16", "#955018", "#ff9f4a", "#fff0dd")


def clock_label(ns: float) -> str:
    """A time as a person reads it: of the day, with the date if it is one since 1970."""
    moment = datetime.fromtimestamp(max(ns, 0) / 1e9, UTC)
    return moment.strftime("%H:%M:%S")


def time_step(span: float) -> float:
    """A round number of ns that divides `span` into at most nine parts."""
    seconds = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400)
    for step in seconds:
        if span <= 9e9 * step:
            return 1e9 * step
    return span / 8


def price_range(samples: list[Sample]) -> tuple[int, int]:
    """The prices worth showing: around the best ones, without the outliers, in ticks."""
    bids = np.array([s.bids[0, 0] for s in samples if len(s.bids)] or [0])
    asks = np.array([s.asks[0, 0] for s in samples if len(s.asks)] or bids)
    bids = bids if bids.any() else asks
    both = np.concatenate([bids, asks])
    low, high = (float(q) for q in np.quantile(both, [0.01, 0.99]))
    spread = float(np.median(asks)) - float(np.median(bids))
    room = max(0.35 * (high - low), 4 * max(spread, 0.0), 10.0)
    shown = [int(rows[-1, 0]) for s in samples for rows in (s.bids, s.asks) if len(rows)]
    low, high = max(low - room, min(shown) - 1), min(high + room, max(shown) + 1)
    return max(int(low), 0), int(high) + 1


def price_unit(samples: list[Sample]) -> int:
    """The largest step, in ticks, of which every price is a multiple (cents, say)."""
    sides = [rows[:, 0] for s in samples for rows in (s.bids, s.asks)]
    return int(np.gcd.reduce(np.concatenate(sides))) or 1


def heat(samples: list[Sample], low: int, high: int, unit: int = 1) -> tuple[Rows, Rows]:
    """(bids, asks): quantity by price step (rows) and sample (columns), in lots.

    `low` and `high` are multiples of `unit`; there is a row for each, up to ROWS of them.
    """
    steps = min(ROWS, (high - low) // unit)
    grids = np.zeros((2, steps, len(samples)))
    for column, sample in enumerate(samples):
        for grid, rows in zip(grids, (sample.bids, sample.asks)):
            rows = rows[(rows[:, 0] >= low) & (rows[:, 0] < high)]
            np.add.at(grid[:, column], (rows[:, 0] - low) * steps // (high - low), rows[:, 1])
    return grids[0], grids[1]


def draw(
    samples: list[Sample], trades: list[Trade], instrument: Instrument, title: str, path: Path
) -> None:
    """Write the picture of one instrument as PNG (or what the name of `path` says).

    Raises ValueError when there is nothing to draw, OSError when `path` cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    samples = [s for s in samples if len(s.bids) or len(s.asks)]
    if len(samples) < 2:
        raise ValueError("a picture needs at least two moments with orders in the book")
    with plt.rc_context({"font.size": 10, "text.color": INK, "font.family": "DejaVu Sans"}):
        figure = plt.figure(figsize=(14, 8.5), facecolor=PAPER)
        grid = figure.add_gridspec(
            2, 2, width_ratios=(6, 1), height_ratios=(5, 1), hspace=0.05, wspace=0.03,
            left=0.07, right=0.97, top=0.90, bottom=0.07,
        )  # fmt: skip
        main = figure.add_subplot(grid[0, 0])
        volume = figure.add_subplot(grid[1, 0], sharex=main)
        depth = figure.add_subplot(grid[0, 1], sharey=main)
        for axes in (main, volume, depth):
            _style(axes)
        limits = price_range(samples)
        tick, lot = float(instrument.tick), float(instrument.lot)
        _heat_panel(main, samples, limits, tick)
        _trades_panel(main, samples, trades, (tick, lot))
        _volume_panel(volume, samples, trades, lot)
        _depth_panel(depth, samples[-1], limits, (tick, lot))
        _words(figure, main, samples, trades, title)
        figure.savefig(path, dpi=120, facecolor=PAPER)
        plt.close(figure)


def _style(axes: Any) -> None:
    axes.set_facecolor(PAPER)
    axes.tick_params(colors=INK, which="both", length=3)
    for spine in axes.spines.values():
        spine.set_color(FAINT)
    axes.grid(True, color=FAINT, linewidth=0.5, alpha=0.6)
    axes.set_axisbelow(False)


def _edges(samples: list[Sample]) -> Rows:
    """Column borders: each sample holds until the next one."""
    times = np.array([s.time for s in samples], np.float64)
    times = np.maximum.accumulate(times)
    last = times[-1] + max((times[-1] - times[0]) / len(times), 1.0)
    return np.append(times, last)


def _heat_panel(axes: Any, samples: list[Sample], limits: tuple[int, int], tick: float) -> None:
    from matplotlib.colors import LinearSegmentedColormap, LogNorm

    unit, edges = price_unit(samples), _edges(samples)
    low, high = limits[0] // unit * unit, -(-limits[1] // unit) * unit
    for grid, colours in zip(heat(samples, low, high, unit), (BID_HEAT, ASK_HEAT)):
        shown = grid[grid > 0]
        if not len(shown):
            continue
        norm = LogNorm(*_spread(np.quantile(shown, [0.05, 0.995])))
        prices = (np.linspace(low, high, len(grid) + 1) - unit / 2) * tick
        colour_map = LinearSegmentedColormap.from_list("depth", colours)
        axes.pcolormesh(
            edges, prices, np.ma.masked_less_equal(grid, 0), cmap=colour_map, norm=norm,
            rasterized=True,
        )  # fmt: skip
    for name, side, colour in (("best bid", "bids", BID), ("best ask", "asks", ASK)):
        sides: list[Rows] = [getattr(s, side) for s in samples]
        best = [rows[0, 0] * tick if len(rows) else np.nan for rows in sides]
        times = [s.time for s in samples]
        axes.step(times, best, where="post", color=PAPER, linewidth=2.6)
        axes.step(times, best, where="post", color=colour, linewidth=1.2, label=name)
    axes.set_ylim(low * tick, high * tick)
    axes.set_xlim(edges[0], edges[-1])
    axes.set_ylabel("price", color=INK)
    axes.tick_params(labelbottom=False)


def _spread(ends: Rows) -> tuple[float, float]:
    low, high = float(ends[0]), float(ends[1])
    return (low, high) if high > 1.5 * low else (low / 2, high * 2)


def _trades_panel(
    axes: Any, samples: list[Sample], trades: list[Trade], steps: tuple[float, float]
) -> None:
    """Dots: size grows with quantity; a buyer's trade hits a resting sell."""
    rows = np.array(trades, np.float64).reshape(-1, 4)
    rows = rows[(rows[:, 0] >= samples[0].time)]
    if not len(rows):
        return
    size = np.sqrt(rows[:, 2] / np.quantile(rows[:, 2], 0.9))
    busy = min(1.0, 600 / len(rows)) ** 0.5
    for side, colour, name in ((2, "#7dffb0", "buyer's trade"), (1, "#ff6d8d", "seller's trade")):
        at = rows[:, 3] == side
        axes.scatter(
            rows[at, 0], rows[at, 1] * steps[0], s=np.clip(26 * size[at], 5, 90) * busy,
            color=colour, edgecolor=PAPER, linewidth=0.4, alpha=0.9, zorder=5, label=name,
        )  # fmt: skip


def _volume_panel(axes: Any, samples: list[Sample], trades: list[Trade], lot: float) -> None:
    """Traded quantity over time, buyers up and sellers down."""
    from matplotlib.ticker import MultipleLocator

    rows = np.array(trades, np.float64).reshape(-1, 4)
    borders = np.linspace(samples[0].time, _edges(samples)[-1], 121)
    width = borders[1] - borders[0]
    for side, colour, sign in ((2, "#7dffb0", 1), (1, "#ff6d8d", -1)):
        at = rows[:, 3] == side
        total, _ = np.histogram(rows[at, 0], borders, weights=rows[at, 2] * lot)
        axes.bar(borders[:-1], sign * total, width=0.85 * width, align="edge", color=colour)
    axes.axhline(0, color=INK, linewidth=0.6)
    if not len(rows):
        axes.set_yticks([])
        axes.text(
            0.5, 0.62, "the file does not say what traded", transform=axes.transAxes,
            ha="center", color=INK, alpha=0.7,
        )  # fmt: skip
    axes.set_ylabel("traded", color=INK)
    axes.xaxis.set_major_locator(MultipleLocator(time_step(borders[-1] - borders[0])))
    axes.xaxis.set_major_formatter(lambda x, _: clock_label(x))
    axes.yaxis.set_major_formatter(lambda y, _: f"{abs(y):,g}")


def _depth_panel(
    axes: Any, sample: Sample, limits: tuple[int, int], steps: tuple[float, float]
) -> None:
    """What stands in the book at the end, added up from the best price outwards."""
    for rows, colour in ((sample.bids, BID), (sample.asks, ASK)):
        shown = rows[(rows[:, 0] >= limits[0]) & (rows[:, 0] < limits[1])]
        if len(shown):
            prices = shown[:, 0] * steps[0]
            total = np.cumsum(shown[:, 1]) * steps[1]
            axes.fill_betweenx(prices, 0, total, step="post", color=colour, alpha=0.35)
            axes.step(total, prices, where="pre", color=colour, linewidth=1.2)
    axes.set_xlim(left=0)
    axes.tick_params(labelleft=False)
    axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1000:g}k" if x >= 10_000 else f"{x:g}")
    axes.set_xlabel("depth at the end", color=INK)


def _words(figure: Any, axes: Any, samples: list[Sample], trades: list[Trade], title: str) -> None:
    first, last = samples[0].time, samples[-1].time
    dated = first >= 2 * DAY_NS  # else it counts from midnight where the exchange is
    day = f"{datetime.fromtimestamp(first / 1e9, UTC):%Y-%m-%d}, " if dated else ""
    figure.text(0.07, 0.945, title, fontsize=16, fontweight="bold", color=INK)
    when = f"{day}{clock_label(first)} to {clock_label(last)}"
    key = "brightness: quantity at the price, log scale (blue bids, orange asks)"
    line = f"{when}    {len(trades):,} trades    {key}"
    figure.text(0.07, 0.915, line, fontsize=10, color=INK, alpha=0.8)
    legend = axes.legend(loc="upper left", ncols=4, framealpha=0.85, facecolor=PAPER)
    legend.get_frame().set_edgecolor(FAINT)
    for text in legend.get_texts():
        text.set_color(INK)
