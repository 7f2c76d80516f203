"""`gridworks backtest`: a strategy over history, with a summary, a report and JSON."""

from __future__ import annotations

import inspect
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from re import fullmatch
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from gridworks.cli import writable
from gridworks.cli.data.files import Format, Lot, Tick, Zone, opened, progress, told

if TYPE_CHECKING:
    from backtest.data import Dataset
    from backtest.record import Record
    from backtest.results import Result
    from backtest.settings import Costs, Latency, Settings


@dataclass(frozen=True)
class Options:
    """What the command is told; typer reads the fields as it would read parameters."""

    file: Annotated[Path, typer.Argument(help="Python file with a gw.backtest.Strategy")]
    data: Annotated[
        list[str] | None,
        typer.Option(help="CSV, parquet, market data file or store; repeat it. Default: what "
                          "data() of the file returns"),
    ] = None  # fmt: skip
    format: Format = ""
    tz: Zone = ""
    tick: Tick = ""
    lot: Lot = ""
    strategy: Annotated[str, typer.Option(help="Class, if the file has several")] = ""
    set: Annotated[
        list[str] | None, typer.Option(help="Parameter of the strategy: fast=10; repeat it")
    ] = None
    cash: Annotated[float | None, typer.Option(help="At the start")] = None
    fees: Annotated[
        str, typer.Option(help="Basis points: 5, or taker_bps=5,maker_bps=-1,slippage_bps=2")
    ] = ""
    latency: Annotated[
        str, typer.Option(help="5ms each way, or data=1ms,order=2ms,report=2ms")
    ] = ""
    seed: Annotated[int | None, typer.Option(help="Of all that is drawn at random")] = None
    begin: Annotated[str, typer.Option("--from", help="First moment: 2012-01-31")] = ""
    end: Annotated[str, typer.Option("--to", help="Last moment; a day is meant as a whole")] = ""
    report: Annotated[
        Path | None, typer.Option(help="Write a page with pictures, .html", callback=writable)
    ] = None
    as_json: Annotated[bool, typer.Option("--json", help="Measures as JSON, no table")] = False


def backtest(**given: Any) -> None:
    """Run a strategy over history, on the exchange that trades live.

    Exit code 1 if the strategy raised: what it had done until then is shown. 2 for input that is
    not understood.
    """
    from backtest.results import Result

    options = Options(**given)
    with told():
        record = _run(options)
        result = Result(record) if len(record.times) else None
        if result is not None and options.report is not None:
            result.report(options.report)
    if result is not None:
        _tell(result, options)
    elif not record.error:
        typer.echo("gridworks: there is no row in this span: see --from and --to", err=True)
        raise typer.Exit(2)
    if record.error:
        typer.echo(f"gridworks: the strategy stopped: {record.error}", err=True)
        raise typer.Exit(1)


backtest.__signature__ = inspect.signature(Options, eval_str=True)  # type: ignore[attr-defined]
backtest.__annotations__ = get_type_hints(Options, include_extras=True)


def _run(options: Options) -> Record:
    from backtest.settings import Settings
    from backtest.simulator import run
    from gridworks.cli.backtest import strategies

    module = strategies.load(options.file)
    strategy = strategies.chosen(module, options.strategy)
    parameters = strategies.parameters(strategy, options.set or [])
    settings = _settings(getattr(module, "settings", None) or Settings(), options)
    data = _data(module, options)
    with progress(strategy.__name__, data.known_count) as seen:
        failed: list[Exception] = []
        record = run(strategy, data.derived(_watched(seen, failed)), parameters, settings)
    if failed:
        raise failed[0]  # of the data; the run took it for the end
    return record


def _watched(seen: Any, failed: list[Exception]) -> Any:
    """`seen`, and what reading the data has raised."""

    def through(chunks: Iterator[Any]) -> Iterator[Any]:
        try:
            yield from seen(chunks)
        except Exception as problem:
            failed.append(problem)
            raise

    return through


def _data(module: Any, options: Options) -> Dataset:
    import numpy as np

    from backtest.data.sources.times import instant, later
    from domain.errors import InvalidField
    from domain.limits import MAX_TIME
    from indicators.bars import DAY

    if options.data:
        usual = {name: getattr(options, name) for name in ("format", "tz", "tick", "lot")}
        data = opened(options.data, usual)
    elif hasattr(module, "data"):
        data = module.data()
    else:
        raise InvalidField("data", None, "a file or store, or a function data() in the file")
    if not (options.begin or options.end):
        return data
    tz = options.tz or "UTC"
    first = instant(options.begin, "from", tz) if options.begin else 0
    last = instant(options.end, "to", tz) if options.end else MAX_TIME
    if fullmatch(r"\d{4}-\d\d-\d\d", options.end.strip()):
        last = int(later(np.array([last]), DAY, tz)[0]) - 1  # that day too
    return data.between(first, last)


def _settings(settings: Settings, options: Options) -> Settings:
    """What the file says, with what the command line says in its place."""
    changes: dict[str, Any] = {}
    if options.cash is not None:
        changes["cash"] = options.cash
    if options.seed is not None:
        changes["seed"] = options.seed
    if options.fees:
        changes["costs"] = _costs(settings.costs, options.fees)
    if options.latency:
        changes["latency"] = _latency(options.latency)
    return replace(settings, **changes)


def _pairs(option: str, text: str, known: list[str], alone: list[str]) -> dict[str, str]:
    """`a=1,b=2` by name; one value without a name is that of all in `alone`."""
    from domain.errors import InvalidField

    if "=" not in text:
        return dict.fromkeys(alone, text)
    found = dict(part.partition("=")[::2] for part in text.split(",") if part)
    for name in found:
        if name not in known:
            raise InvalidField(f"option of {option}", name, ", ".join(known))
    return found


def _costs(costs: Costs, text: str) -> Costs:
    from domain.errors import InvalidField

    known = [each.name for each in fields(costs)]
    changes: dict[str, Any] = {}
    for name, value in _pairs("--fees", text, known, ["taker_bps", "maker_bps"]).items():
        try:
            number = float(value)
        except ValueError:
            raise InvalidField(name, value, "a number, of basis points where it ends so") from None
        changes[name] = int(number) if number == int(number) else number
    return replace(costs, **changes)


def _latency(text: str) -> Latency:
    from backtest.data.sources.times import span_of
    from backtest.settings import Delay, Latency

    ways = ["data", "order", "report"]
    found = _pairs("--latency", text, ways, ways)
    return Latency(**{way: Delay(span_of(value, f"latency {way}")) for way, value in found.items()})


def _tell(result: Result, options: Options) -> None:
    if options.as_json:
        typer.echo(json.dumps(_plain(result), indent=1))
        return
    typer.echo(result.summary())
    if options.report is not None:
        typer.echo(f"report       {options.report}")


def _plain(result: Result) -> dict[str, Any]:
    """The run and its measures, without NaN, which is no JSON."""
    record = result.record
    measures = {
        name: value if math.isfinite(value) else None for name, value in result.measures.items()
    }
    parameters = {
        name: value if isinstance(value, (int, float, str)) else str(value)
        for name, value in record.parameters.items()
    }
    return {
        "strategy": record.name, "parameters": parameters,
        "instruments": [each.symbol for each in record.listings],
        "first": int(record.times[0]), "last": int(record.times[-1]), "seed": record.seed,
        "start_cash": record.start_cash, "equity": int(record.equity[-1]),
        "decimals": record.listings[0].decimals, "currency": record.listings[0].currency,
        "reports": len(record.reports), "events": record.events, "commands": record.commands,
        "state_hash": record.state_hash, "error": record.error, "measures": measures,
    }  # fmt: skip
