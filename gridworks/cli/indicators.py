"""`gridworks indicators list | show NAME | plot FILE`."""

from __future__ import annotations

from pathlib import Path

import typer


def register(app: typer.Typer) -> None:
    """Add the `indicators` commands."""
    group = typer.Typer(help="Technical indicators: what there is, how it works, how it looks.")
    group.command("list")(list_)
    group.command("show")(show)
    group.command("plot")(plot)
    app.add_typer(group, name="indicators")


def list_(group: str = typer.Option("", help="Only this group.")) -> None:
    """Print every indicator with its parameters."""
    from indicators.registry import rows
    from indicators.tables import groups

    if group and group not in groups():
        raise typer.BadParameter(f"no group {group!r}; known: {', '.join(groups())}")
    for row in rows().values():
        if group in ("", row.group):
            params = ", ".join(f"{p.name}={p.default}" for p in row.params)
            typer.echo(f"{row.name:22} {row.group:11} {row.title} ({params})")


def show(name: str) -> None:
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
    file: Path,
    name: str = typer.Option("sma", "--indicator", "-i", help="Which indicator."),
    out: Path = typer.Option(Path("indicator.svg"), help="The picture to write."),
    params: list[str] = typer.Option([], "--param", "-p", help="name=value, repeated."),
) -> None:
    """Draw an indicator over a CSV file with columns open, high, low, close, volume."""
    import pandas

    import indicators.accessor  # noqa: F401 (gives the frame its .gw)
    from indicators.registry import get

    if not file.exists():
        raise typer.BadParameter(f"there is no file {file}")
    frame = pandas.read_csv(file)
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    try:
        row = get(name)
        result = getattr(frame.gw, row.name)(**_values(params))
    except (KeyError, TypeError, ValueError) as problem:
        raise typer.BadParameter(str(problem.args[0])) from None
    draw(frame, pandas.DataFrame(result), row.title, out)
    typer.echo(f"{row.title}: {len(frame)} rows drawn in {out}")


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


def draw(frame: object, result: object, title: str, out: Path) -> None:
    """Close above, the indicator below, as an SVG or PNG file."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, (top, bottom) = pyplot.subplots(2, 1, sharex=True, figsize=(8, 5))
    top.plot(frame["close"], color="black", linewidth=0.8)  # type: ignore[index]
    for column in result:  # type: ignore[attr-defined]
        bottom.plot(result[column], linewidth=0.8, label=str(column))  # type: ignore[index]
    top.set_title(title)
    bottom.legend(loc="upper left", fontsize="small")
    figure.tight_layout()
    figure.savefig(out)
    pyplot.close(figure)
