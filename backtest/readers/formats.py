"""The front door: open a market data file by the name of its format.

feed = open_feed(Path("01302019.NASDAQ_ITCH50.gz"), "itch", instruments=("AAPL",))
for facts in feed.chunks: ...                     # what the file says
for commands in read(path, "lobster", book=...):  # the same as COMMAND rows
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from inspect import signature
from pathlib import Path
from typing import Any, Final

from backtest.readers.binance import open_binance
from backtest.readers.bitstamp import open_bitstamp
from backtest.readers.facts import Feed, Rows
from backtest.readers.itch import open_itch
from backtest.readers.lobster import open_lobster
from backtest.readers.orders import open_orders
from backtest.readers.replay.commands import Director, check_mode
from domain.errors import InvalidField

FORMATS: Final[dict[str, Callable[..., Feed]]] = {
    "lobster": open_lobster,
    "itch": open_itch,
    "csv": open_orders,
    "bitstamp": open_bitstamp,
    "binance": open_binance,
}
# What may be said about a file of each format.
OPTIONS: Final = {
    name: tuple(p for p in signature(function).parameters if p != "path")
    for name, function in FORMATS.items()
}
# Only these say which order was executed; an order file decides by itself what trades.
TRADE_FORMATS: Final = ("lobster", "itch")


def open_feed(path: Path, kind: str, **options: Any) -> Feed:
    """Open `path` as format `kind`; `options` are those of the format's own function.

    Raises InvalidField for an unknown format or option value, OSError if there is no such file.
    """
    if kind not in FORMATS:
        raise InvalidField("format", kind, ", ".join(FORMATS))
    return FORMATS[kind](path, **options)


def check_trade(feed: Feed, mode: str) -> None:
    """Raise InvalidField if the format does not say what mode "trade" needs to know."""
    if check_mode(mode) == "trade" and feed.format not in TRADE_FORMATS and not feed.commands:
        allowed = f"book for this format: only {' and '.join(TRADE_FORMATS)} name the makers"
        raise InvalidField("mode", mode, allowed)


def read(path: Path, kind: str, mode: str = "book", **options: Any) -> Iterator[Rows]:
    """The file as COMMAND rows, chunk by chunk, with the commands that add what they name.

    Instruments are numbered 1, 2, 3, ... as in the feed; account 1 holds what rests, account 2
    sends the aggressors of mode "trade" (an order file has its own accounts).
    """
    feed = open_feed(path, kind, **options)
    check_trade(feed, mode)
    director = Director(feed, mode)
    for batch in director.batches():
        yield batch.commands
