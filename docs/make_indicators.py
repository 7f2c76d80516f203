"""Writes docs/indicators/: a page and a small picture for each row of the registry, and an index.

    python docs/make_indicators.py            write
    python docs/make_indicators.py --check    say what is stale, exit 1 if anything is

Pictures are drawn from a fixed random walk of 160 bars: the same on every machine.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from indicators.batch import Function  # noqa: E402
from indicators.registry import Row, rows  # noqa: E402
from indicators.tables import groups, shown  # noqa: E402

FOLDER = ROOT / "docs" / "indicators"
COLOURS = ("#1f6fb2", "#c1442e", "#2e8b57", "#8a5fb0", "#b8860b", "#555555", "#00838f")
BARS, HIDDEN, WIDTH, HEIGHT = 160, 240, 480, 90
GAPS = (
    "A row with NaN or an infinity in any input has no value in any output and leaves the state"
    " as it was."
)


def series() -> dict[str, np.ndarray]:
    """A fixed random walk of bars, quotes and trades."""
    r = np.random.default_rng(20)
    count = BARS + HIDDEN
    close = 100.0 * np.exp(np.cumsum(r.normal(0.0, 0.012, count)))
    first = close * (1.0 + r.normal(0.0, 0.006, count))
    high = np.maximum(first, close) * (1.0 + np.abs(r.normal(0.0, 0.005, count)))
    low = np.minimum(first, close) * (1.0 - np.abs(r.normal(0.0, 0.005, count)))
    out = {"open": first, "high": high, "low": low, "close": close, "price": close}
    out["volume"] = r.integers(100, 1000, count).astype(float)
    out |= {"x": high, "y": low, "periods": r.integers(2, 31, count).astype(float)}
    out |= {"session": np.floor(np.arange(count) / 40.0), "size": out["volume"]}
    out |= {"bid": close - 0.01, "ask": close + 0.01, "side": r.choice([-1.0, 1.0], count)}
    out["bid_size"] = r.integers(1, 100, count).astype(float)
    out["ask_size"] = r.integers(1, 100, count).astype(float)
    return out


def line(values: np.ndarray, low: float, high: float, top: int, colour: str) -> str:
    """One polyline for each run of numbers."""
    scale = (HEIGHT - 10) / (high - low) if high > low else 0.0
    out, points = [], []
    for i, v in enumerate([*values, np.nan]):
        if np.isfinite(v):
            x, y = 2 + i * (WIDTH - 4) / (BARS - 1), top + HEIGHT - 5 - (v - low) * scale
            points.append(f"{x:.0f},{y:.1f}")
        elif points:
            out.append(f'<polyline points="{" ".join(points)}" stroke="{colour}"/>')
            points = []
    return "".join(out)


def picture(row: Row, data: dict[str, np.ndarray]) -> str:
    """The close above, the outputs below (or over the close, if they live there)."""
    result = Function(row)(*[data[c] for c in row.columns])
    outs = result if isinstance(result, tuple) else (result,)
    shown_ = [np.asarray(c[HIDDEN:], float) for c in outs]
    close = data["close"][HIDDEN:]
    over = row.group in ("overlap", "price") and row.name not in ("avgdev", "zigzag", "renko")
    panels = [close, *shown_] if over else [close]
    tall = HEIGHT if over else 2 * HEIGHT
    low, high = _span(panels)
    parts = [line(close, low, high, 0, "#999999")]
    base = 0
    if not over:
        (low, high), base = _span(shown_), HEIGHT
    for k, c in enumerate(shown_):
        parts.append(line(c, low, high, base, COLOURS[k % len(COLOURS)]))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {tall}" fill="none"'
        f' stroke-width="1"><rect width="{WIDTH}" height="{tall}" fill="#ffffff"/>'
        + "".join(parts)
        + "</svg>\n"
    )


def _span(parts: list[np.ndarray]) -> tuple[float, float]:
    live = np.concatenate([c[np.isfinite(c)] for c in parts])
    return (float(live.min()), float(live.max())) if len(live) else (0.0, 1.0)


def page(row: Row) -> str:
    """The page of one indicator."""
    call = ", ".join([*row.columns, *(f"{p.name}={p.default!r}" for p in row.params)])
    lines = [
        f"# {row.title} (`{row.name}`)", "", f"![{row.title}]({row.name}.svg)", "",
        f"    gridworks.indicators.{row.name}({call})", "",
        f"**Formula.** {row.formula}.", "", f"**Source.** {row.source}.", "",
        f"**Outputs.** {', '.join(row.results)}.", "",
        f"**Warm-up.** {row.lookback()} rows without a value with these defaults.", "",
        f"**Seeding.** {row.seeding}.", "",
    ]  # fmt: skip
    if row.params:
        lines += ["| parameter | meaning | default and range |", "|---|---|---|"]
        lines += [f"| {p.name} | {p.meaning or 'value'} | {_cell(shown(p))} |" for p in row.params]
        lines.append("")
    rule = "Elementwise: IEEE arithmetic." if row.elementwise else GAPS
    lines += [f"**Gaps.** {rule}", ""]
    names = [f"TA-Lib `{row.talib_name}`"] if row.talib else []
    names += [f"`ta` `{row.ta}`"] if row.ta else []
    if names:
        lines += [f"**Elsewhere.** {', '.join(names)}; see [differences](differences.md).", ""]
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("|", " / ")


def index() -> str:
    """All indicators by group."""
    about = f"{len(rows())} indicators, one page each, written by `docs/make_indicators.py`."
    lines = ["# Indicators", "", about, ""]
    lines += ["[How to call them](using.md)", ""]
    lines += ["[How they differ from TA-Lib, ta and others](differences.md)", ""]
    lines += ["[What ten million rows add up to](drift.md)", ""]
    lines += ["[How fast they are, and how to measure it](speed.md)", ""]
    for group in groups():
        lines += [f"## {group}", ""]
        lines += [
            f"- [{r.name}]({r.name}.md): {r.title}" for r in rows().values() if r.group == group
        ]
        lines.append("")
    return "\n".join(lines)


def files() -> dict[Path, str]:
    """Every generated file and what it should hold."""
    data = series()
    out = {FOLDER / "README.md": index()}
    for row in rows().values():
        out[FOLDER / f"{row.name}.md"] = page(row)
        out[FOLDER / f"{row.name}.svg"] = picture(row, data)
    return out


def main() -> int:
    """Write or check."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = 0
    for path, text in files().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if check:
            sys.stdout.write(f"stale: {path.relative_to(ROOT)}\n")
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{stale} files {'stale' if check else 'written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    raise SystemExit(main())
