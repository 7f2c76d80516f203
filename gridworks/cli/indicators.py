"""`gridworks indicators list | show NAME | plot FILE | bench`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer

from gridworks.cli import writable


def register(app: typer.Typer) -> None:
    """Add the `indicators` commands."""
    group = typer.Typer(help="Technical indicators: what there is and how it works.")
    group.command("list")(list_)
    group.command("show")(show)
    group.command("plot")(plot)
    group.command("bench")(bench)
    app.add_typer(group, name="indicators")


def list_(
    word: str = typer.Argument("", help="Only those with this in their name or title."),
    group: str = typer.Option("", help="Only this group."),
) -> None:
    """Print every indicator with its parameters."""
    from indicators.registry import rows
    from indicators.tables import groups

    if group and group not in groups():
        raise typer.BadParameter(f"no group {group!r}; known: {', '.join(groups())}")
    found = [
        row for row in rows().values()
        if group in ("", row.group) and word.lower() in f"{row.name} {row.title}".lower()
    ]  # fmt: skip
    if not found:
        raise typer.BadParameter(f"no indicator has {word!r} in its name or title")
    for row in found:
        params = ", ".join(f"{p.name}={p.default}" for p in row.params)
        typer.echo(f"{row.name:22} {row.group:11} {row.title} ({params})")


def show(name: str = typer.Argument(help="Its name, or TA-Lib's.")) -> None:
    """Print one indicator: formula, parameters, warm-up, source."""
    from indicators.batch import describe
    from indicators.registry import get

    try:
        row = get(name)
    except KeyError as problem:
        raise typer.BadParameter(str(problem.args[0])) from None
    typer.echo(f"{row.name}\n\n{describe(row)}")
    typer.echo(f"Warm-up with these defaults: {row.lookback()} rows.")
    if row.talib:
        typer.echo(f"TA-Lib: {row.talib_name}.")


def plot(
    file: Path = typer.Argument(help="A CSV file with a header: open, high, low, close ..."),
    name: str = typer.Option("sma", "--indicator", "-i", help="Which indicator."),
    out: Path = typer.Option(Path("indicator.svg"), help="The picture: .svg, .png or .pdf."),
    params: list[str] = typer.Option([], "--param", "-p", help="name=value, repeated."),
) -> None:
    """Draw an indicator over the bars of a CSV file.

    A column called date or time is the axis.
    """
    import pandas

    import indicators.accessor  # noqa: F401 (gives the frame its .gw)
    from indicators.registry import get

    frame = _read(file)
    try:
        row = get(name)
        result = getattr(frame.gw, row.name)(**_values(params))
    except (KeyError, TypeError, ValueError) as problem:
        raise typer.BadParameter(str(problem.args[0])) from None
    above = "close" if "close" in frame else row.columns[0]
    try:
        draw(frame[above], pandas.DataFrame(result), row.title, out)
    except (OSError, ValueError) as problem:
        raise typer.BadParameter(f"cannot write {out}: {problem}") from None
    typer.echo(f"{row.title}: {len(frame)} rows drawn in {out}")


def _read(file: Path) -> Any:
    """The frame in a CSV file, its columns in lower case, dates as its index."""
    import pandas

    if not file.is_file():
        raise typer.BadParameter(f"there is no file {file}")
    try:
        frame = pandas.read_csv(file)
    except ValueError as problem:  # also what pandas raises for empty and for broken files
        raise typer.BadParameter(f"{file} is no CSV file: {problem}") from None
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    if frame.empty:
        raise typer.BadParameter(f"{file} has no rows")
    for name in ("date", "time", "datetime", "timestamp"):
        if name in frame and frame[name].dtype.kind not in "fiu":
            return frame.set_index(pandas.to_datetime(frame[name], errors="coerce"))
    return frame


def bench(
    part: list[str] = typer.Option([], "--part", help="talib talib10m bank cores stream ta"),
    quick: bool = typer.Option(False, "--quick", help="Small sizes."),
    out: Path | None = typer.Option(
        None, "--json", help="Also FILE.json and FILE.md", callback=writable
    ),
) -> None:
    """Measure against TA-Lib, ta and talipp, in turns.

    The bank too; docs/indicators/speed.md has the results. With --part, the other parts of
    FILE.json stay as they are.
    """
    import json

    from benches.indicators import PARTS, measure, missing, page

    unknown = [name for name in part if name not in PARTS]
    if unknown:
        raise typer.BadParameter(f"no part {unknown[0]!r}; there are {', '.join(PARTS)}")
    lost = missing()
    if lost:
        raise typer.BadParameter(f"needs {', '.join(lost)}: pip install 'gridworks-infra[dev]'")
    kept = out.with_suffix(".json") if out else None
    found = json.loads(kept.read_text("utf-8")) if part and kept and kept.exists() else {}
    for name in part or [p for p in PARTS if not (quick and p == "talib10m")]:
        typer.echo(f"{name} ...", err=True)
        measure(name, found, quick, lambda text: typer.echo(text, err=True))
        if kept:
            kept.write_text(json.dumps(found, indent=1) + "\n", "utf-8")
            kept.with_suffix(".md").write_text(page(found), "utf-8")
    typer.echo(page(found))


def _values(params: list[str]) -> dict[str, float | str]:
    """`["length=14", "seed=first"]` as a dictionary."""
    out: dict[str, float | str] = {}
    for text in params:
        name, sign, value = text.partition("=")
        if not sign:
            raise typer.BadParameter(f"a parameter is name=value, not {text!r}")
        try:
            out[name] = float(value)
        except ValueError:
            out[name] = value
    return out


def draw(price: Any, result: Any, title: str, out: Path) -> None:
    """Price above, the indicator below, as an SVG or PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (top, bottom) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5))
    top.plot(price, color="black", linewidth=0.8)
    for column in result:
        bottom.plot(result[column], linewidth=0.8, label=str(column))
    top.set_title(title)
    bottom.legend(loc="upper left", fontsize="small")
    figure.tight_layout()
    figure.savefig(out)
    pyplot.close(figure)
