"""A data set by a line of text: what a command line, or a file of settings, can say.

    AAPL.csv                                  bars, the symbol from the name of the file
    AAPL.csv:tz=America/New_York,tick=0.001   with options of `backtest.data.bars`
    quotes.parquet:format=quotes,symbol=ES,unit=ns
    day.itch:format=itch,instruments=AAPL+MSFT
    history                                   the folder of a store
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from inspect import signature
from pathlib import Path
from typing import Any, Final

from backtest.data.actions import actions, funding
from backtest.data.dataset import Dataset, merge
from backtest.data.sources import tables
from backtest.data.sources.columns import How
from backtest.data.sources.feeds import market_file
from backtest.data.sources.listings import listing
from backtest.data.store import HEADER, open_store
from backtest.readers.formats import FORMATS, OPTIONS
from domain.codes import InstrumentType
from domain.errors import InvalidField


def _one(made: Callable[..., Dataset]) -> Callable[..., Dataset]:
    """A function of one listing that is given a list of them."""
    return lambda path, listings, **how: made(path, listings[0], **how)


TABLES: Final[dict[str, Callable[..., Dataset]]] = {
    "bars": tables.bars, "quotes": tables.quotes, "trades": tables.trades,
    "levels": tables.levels, "orders": tables.orders, "actions": _one(actions),
    "funding": _one(funding),
}  # fmt: skip
FEEDS: Final = tuple(name for name in FORMATS if name != "csv")
_LISTED: Final = tuple(p for p in signature(listing).parameters if p != "symbol")
_HOW: Final = tuple(each.name for each in fields(How) if each.name not in ("tick", "lot"))


def open_data(*sources: str, **usual: str) -> Dataset:
    """All sources on one clock; `usual` are options of those that do not say otherwise.

    A source is a path and, after a colon, options: `format` (bars, quotes, trades, levels, orders,
    actions, funding, or a reader's name), `symbol`, what `listing` takes (tick, lot, type,
    contract, currency, decimals), what `How` takes (tz, unit, period, stamp, bad, ...; `columns` as
    columns.close=Adj Close), and of a reader its own. Raises InvalidField, OSError.
    """
    if not sources:
        raise InvalidField("data", None, "at least one file or store")
    opened = [_open(text, {k: v for k, v in usual.items() if v}) for text in sources]
    return opened[0] if len(opened) == 1 else merge(*opened)


def split(text: str) -> tuple[Path, dict[str, str]]:
    """The path and the options of a source."""
    path, colon, tail = text.rpartition(":")
    if not colon or "=" not in tail:
        return Path(text), {}
    pairs = [part.partition("=") for part in tail.split(",") if part]
    return Path(path), {name.strip(): value.strip() for name, _, value in pairs}


def _open(text: str, usual: dict[str, str]) -> Dataset:
    path, options = split(text)
    options = usual | options
    if not path.exists():
        raise FileNotFoundError(2, "No such file or folder", str(path))
    if path.is_dir():
        if not (path / HEADER).exists():
            raise InvalidField("data", str(path), f"a file, or a folder with a {HEADER} (a store)")
        return open_store(path)
    kind = options.pop("format", "bars")
    if kind in FEEDS:
        return market_file(path, kind, **_of_a_reader(kind, options))
    if kind not in TABLES:
        raise InvalidField("format", kind, ", ".join((*TABLES, *FEEDS)))
    return _table(kind, path, options)


def _of_a_reader(kind: str, options: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = dict(options)
    for name in found:
        if name not in OPTIONS[kind]:
            raise InvalidField(f"option of {kind}", name, ", ".join(OPTIONS[kind]) or "none")
    if "instruments" in found:
        found["instruments"] = options["instruments"].split("+")
    if "book" in found:
        found["book"] = Path(options["book"])
    return found


def _table(kind: str, path: Path, options: dict[str, str]) -> Dataset:
    symbols = options.pop("symbol", path.name.partition(".")[0]).split("+")
    listed: dict[str, Any] = {}
    how: dict[str, Any] = {}
    renamed: dict[str, str] = {}
    for name, value in options.items():
        if name.startswith("columns."):
            renamed[name.removeprefix("columns.")] = value
        elif name in _LISTED:
            listed[name] = _listed(name, value)
        elif name in _HOW and name != "columns":
            how[name] = value.lower() in ("1", "true", "yes") if name == "sort" else value
        else:
            known = ", ".join(("format", "symbol", *_LISTED, *_HOW))
            raise InvalidField(f"option of {path.name}", name, known)
    made = [listing(symbol, **listed) for symbol in symbols]
    return TABLES[kind](path, made, columns=renamed, **how)


def _listed(name: str, value: str) -> Any:
    if name == "type":
        kinds = {each.name.lower(): each for each in InstrumentType}
        if value.lower() not in kinds:
            raise InvalidField("type", value, ", ".join(kinds))
        return kinds[value.lower()]
    if name == "decimals":
        if not value.isdecimal():
            raise InvalidField("decimals", value, "a whole number")
        return int(value)
    return value
