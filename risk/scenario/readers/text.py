"""Parameters and portfolios as JSON and CSV."""

from __future__ import annotations

import csv
import json
from typing import Any, Protocol

from domain.errors import InvalidField
from risk.scenario.facts import Contract, Portfolio, Position, contract_of
from risk.scenario.fields import Fields
from risk.scenario.parameters import Parameters, parameters_of

MAX_TEXT = 64 * 2**20  # characters or bytes
_NUMBERS = ("premium_due", "assignment_due", "entry_price", "collateral")


class Readable(Protocol):
    """An open file."""

    def read(self, size: int = -1, /) -> str | bytes:
        """Up to `size` characters or bytes."""


Source = str | bytes | Readable


def text_of(source: Source, what: str) -> str:
    """The whole text of a source, UTF-8. Raises InvalidField if it is too long or no text."""
    found = source if isinstance(source, (str, bytes)) else source.read(MAX_TEXT + 1)
    if len(found) > MAX_TEXT:
        raise InvalidField(what, f"{len(found)} bytes", f"at most {MAX_TEXT}")
    try:
        return found.decode("utf-8-sig") if isinstance(found, bytes) else found
    except UnicodeDecodeError as error:
        raise InvalidField(what, f"byte {error.start}", "text in UTF-8") from None


def _refuse_constant(name: str) -> float:
    raise InvalidField("JSON", name, "finite numbers")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise InvalidField(f"JSON field {name}", "twice", "each field once")
        made[name] = value
    return made


def json_of(source: Source) -> Any:
    """Data from JSON, without NaN, infinity and fields that come twice. Raises InvalidField."""
    try:
        return json.loads(
            text_of(source, "JSON"), parse_constant=_refuse_constant, object_pairs_hook=_once
        )
    except InvalidField:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidField("JSON", str(error), "JSON") from None


def _table(source: Source, what: str) -> list[dict[str, str]]:
    rows = csv.reader(text_of(source, what).splitlines())
    try:
        lines = [[cell.strip() for cell in row] for row in rows if any(row)]
    except csv.Error as error:
        raise InvalidField(what, str(error), "CSV") from None
    if not lines:
        raise InvalidField(what, "no line", "CSV with a header")
    header = lines[0]
    made = []
    for number, line in enumerate(lines[1:], 2):
        if len(line) != len(header):
            allowed = f"{len(header)} cells, as the header has"
            raise InvalidField(f"{what} line {number}", f"{len(line)} cells", allowed)
        made.append(_once([(n, v) for n, v in zip(header, line, strict=True) if v]))
    return made


def read_contracts(source: Source) -> tuple[Contract, ...]:
    """Contracts from CSV: a header with names of `Contract` fields, one contract a line.

    Empty cells count as missing; `risk_array` is 16 numbers with spaces between them. Raises
    InvalidField with the contract's name and the column.
    """
    found = []
    for number, line in enumerate(_table(source, "contracts"), 2):
        row = Fields(f"contracts[{line.get('name', f'line {number}')}]", line)
        found.append(contract_of(row))
        row.done()
    return tuple(found)


def read_json(source: Source, contracts: Source | None = None) -> Parameters:
    """Scenario parameters from JSON, and from CSV those contracts that the JSON does not list."""
    return parameters_of(json_of(source), () if contracts is None else read_contracts(contracts))


def _position(row: Fields) -> Position:
    return Position(
        row.text("contract"),
        row.whole("quantity", 0, least=-(2**40)),
        row.whole("open_buy", 0),
        row.whole("open_sell", 0),
        leverage=row.number("leverage", 1.0),
        **{name: row.number(name, 0.0, least=-1e15) for name in _NUMBERS},
    )


def read_portfolio(source: Source) -> Portfolio:
    """A portfolio: CSV with columns contract, quantity and others of `Position`, or JSON
    {"cash": ..., "positions": [...]}. Raises InvalidField with the line or the place."""
    text = text_of(source, "portfolio")
    if not text.lstrip().startswith("{"):
        lines = enumerate(_table(text, "portfolio"), 2)
        found = []
        for number, line in lines:
            row = Fields(f"portfolio line {number}", line)
            found.append(_position(row))
            row.done()
        return Portfolio(tuple(found))
    row = Fields("", json_of(text))
    made = Portfolio(row.rows("positions", _position), row.number("cash", 0.0, least=-1e15))
    row.done()
    return made
