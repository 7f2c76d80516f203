"""The catalogue: symbols and names, and what a tick, a lot and a minor unit are worth.

Numbers of the engine have no names and no decimals. Both stand in cells of the rows that add an
instrument or a node which those commands do not use, so that the log brings them back: the label
where `domain.fields` puts it, and

    price_low, price_high    tick size: price_low x 10 ** -price_high; 0 x: 1
    offer_px, offer_size     lot size, in the same way
    value                    digits of the currency + 1; 0: 2 digits
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import numpy as np

from domain.codes import Command, ReportType
from domain.errors import InvalidField
from domain.fields import label_of
from domain.layout import COMMAND
from domain.messages import Instrument, Node
from domain.money import price as times
from server.codec.people.decimals import Scale
from server.codec.people.names import Directory
from server.sequencer.rows import Rows

_MOST_PLACES, _MOST_DIGITS, DIGITS = 12, 8, 2


class Catalogue:
    """A `Directory` that follows the log, with the digits of each node's currency."""

    def __init__(self) -> None:
        self.directory = Directory()
        self.digits: dict[int, int] = {}

    def learn(self, rows: Rows, reports: Rows) -> None:
        """Note what the commands of a batch have added."""
        added = (reports["report"] == ReportType.ADMIN) & (reports["reason"] == 0)
        for seq in reports["seq"][added].tolist():
            row = rows[seq - int(rows["seq"][0])]
            if row["command"] == Command.INSTRUMENT_ADD:
                self._instrument(row)
            elif row["command"] == Command.NODE_ADD:
                self._node(int(row["entity"]), label_of(row.tobytes()), _digits(row))

    def _node(self, number: int, name: str, digits: int) -> None:
        name = name or str(number)
        self.digits[number] = digits
        if name not in self.directory.nodes:
            self.directory.add_node(name, number)

    def _instrument(self, row: Any) -> None:
        number = int(row["entity"])
        symbol = label_of(row.tobytes()) or str(number)
        if symbol not in self.directory.symbols:
            tick, lot = _step(row, "price_low", "price_high"), _step(row, "offer_px", "offer_size")
            self.directory.add_instrument(Scale(number, symbol, tick, lot, _digits(row)))

    def node_digits(self, node: int) -> int:
        """Decimal places of a node's currency."""
        return self.digits.get(node, DIGITS)

    def money(self, node: int) -> Scale:
        """A scale for amounts of a node."""
        return Scale(0, "", digits=self.node_digits(node))

    def parts(self) -> dict[str, bytes]:
        """For a snapshot; `labels` is what `gridworks.Exchange` also reads."""
        known = self.directory
        scales = [
            [s.number, s.symbol, str(s.tick_size), str(s.lot_size), s.digits]
            for s in known.scales.values()
        ]
        labels = {
            "instrument": {symbol: scale.number for symbol, scale in known.symbols.items()},
            "node": known.nodes,
        }
        return {
            "labels": json.dumps(labels, sort_keys=True).encode(),
            "catalogue": json.dumps({"scales": scales, "digits": self.digits}).encode(),
        }

    def load(self, parts: dict[str, bytes]) -> None:
        """Take back what `parts` gave, also without `catalogue`."""
        labels = json.loads(parts.get("labels", b"{}"))
        more = json.loads(parts.get("catalogue", b"{}"))
        digits = {int(node): places for node, places in more.get("digits", {}).items()}
        for name, number in labels.get("node", {}).items():
            self._node(number, name, digits.get(number, DIGITS))
        scales = {s[0]: Scale(s[0], s[1], Decimal(s[2]), Decimal(s[3]), s[4])
                  for s in more.get("scales", [])}  # fmt: skip
        for symbol, number in labels.get("instrument", {}).items():
            self.directory.add_instrument(scales.get(number, Scale(number, symbol)))


def instrument_row(message: Instrument, tick: Decimal, lot: Decimal, digits: int) -> bytes:
    """INSTRUMENT_ADD with its decimals. Raises InvalidField."""
    made = _writable(message.pack())
    made["price_low"], made["price_high"] = _cells("tick_size", tick)
    made["offer_px"], made["offer_size"] = _cells("lot_size", lot)
    return _with_digits(made, digits)


def node_row(message: Node, digits: int) -> bytes:
    """NODE_ADD with the digits of its currency. Raises InvalidField."""
    return _with_digits(_writable(message.pack()), digits)


def _writable(row: bytes) -> Rows:
    return np.ndarray(1, COMMAND, bytearray(row))


def _with_digits(row: Rows, digits: int) -> bytes:
    if not 0 <= digits <= _MOST_DIGITS:
        raise InvalidField("currency_digits", digits, f"0 to {_MOST_DIGITS}")
    row["value"] = digits + 1
    return row.tobytes()


def _cells(field: str, step: Decimal) -> tuple[int, int]:
    plain = step.normalize()
    places = max(-int(plain.as_tuple().exponent), 0)
    whole = int(plain.scaleb(places))
    if step <= 0 or places > _MOST_PLACES or whole >= 2**40:
        raise InvalidField(field, str(step), f"greater than 0, at most {_MOST_PLACES} places")
    return whole, places


def _step(row: Any, whole: str, places: str) -> Decimal:
    if int(row[whole]) <= 0 or not 0 <= int(row[places]) <= _MOST_PLACES:
        return Decimal(1)
    return times(int(row[whole]), Decimal(1).scaleb(-int(row[places])))


def _digits(row: Any) -> int:
    found = int(row["value"])
    return found - 1 if 1 <= found <= _MOST_DIGITS + 1 else DIGITS
