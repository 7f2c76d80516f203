"""NASDAQ TotalView-ITCH 5.0 files (BinaryFILE: 2-byte length, message), plain or compressed.

Source of the format: "NASDAQ TotalView-ITCH 5.0", sections 1.1 to 1.9. One book per stock
locate. Prices are Price(4): a tick is 0.0001; a lot is one share. Times are ns since midnight.
All message types are known by their length; those that say something about a book become facts:

    A, F  ADD            E  EXECUTE        C  EXECUTE, or REDUCE when not printable (cross)
    X     REDUCE         D  DELETE         U  REPLACE
    P, Q  TRADE          H  RESUME for "T", HALT for the other states
    R     NOTE (it names the instrument)

A length field of 0 in front of a message counts as "not stated" (some writers leave it out).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np

from backtest.readers import source
from backtest.readers.cut import itch as itch_cut
from backtest.readers.facts import FACT, BadRecord, Feed, Instrument, Rows, check_bounds
from domain.errors import InvalidField

CHUNK = 65_536  # facts
TICK, LOT = Decimal("0.0001"), Decimal(1)
LENGTHS = {
    "S": 12,  # system event
    "R": 39,  # stock directory
    "H": 25,  # stock trading action
    "Y": 20,  # Reg SHO short sale price test
    "L": 26,  # market participant position
    "V": 35,  # market-wide circuit breaker decline level
    "W": 12,  # market-wide circuit breaker status
    "K": 28,  # IPO quoting period update
    "J": 35,  # limit up - limit down auction collar
    "h": 21,  # operational halt
    "A": 36,  # add order
    "F": 40,  # add order with attribution
    "E": 31,  # order executed
    "C": 36,  # order executed with price
    "X": 23,  # order cancel
    "D": 19,  # order delete
    "U": 35,  # order replace
    "P": 44,  # trade of a non-displayed order
    "Q": 40,  # cross trade
    "B": 19,  # broken trade
    "I": 50,  # net order imbalance indicator
    "N": 20,  # retail price improvement indicator
    "O": 48,  # direct listing with capital raise price discovery
}
TABLE = np.zeros(256, np.int64)
for _letter, _length in LENGTHS.items():
    TABLE[ord(_letter)] = _length
END_OF_SESSION = b"\0\0"  # BinaryFILE: a length of 0 with nothing behind it
STATUS = {
    itch_cut.HUGE_REF: ("order reference number", "below 2**63"),
    itch_cut.BAD_SIDE: ("buy/sell indicator", "B or S"),
    itch_cut.BAD_STATE: ("trading state", "H, P, Q or T"),
}


def packed(symbol: str) -> int:
    """A stock symbol as the eight space-padded bytes of a message."""
    text = symbol.strip().upper().encode("ascii", "replace")
    if not 1 <= len(text) <= 8:
        raise InvalidField("instrument", symbol, "a stock symbol of 1 to 8 letters")
    return int.from_bytes(text.ljust(8), "big")


def _symbol(locate: int, packed_symbol: int) -> str:
    text = packed_symbol.to_bytes(8, "big", signed=True).decode("latin-1").strip("\0 ")
    return text or f"LOCATE {locate}"


def open_itch(path: Path, instruments: Iterable[str] = ()) -> Feed:
    """The facts of an ITCH 5.0 file; `instruments` (symbols) selects some, none means all.

    Reading raises BadRecord for an unknown message type, a wrong length, a truncated message,
    an order reference of 2**63 or more, a side other than B or S, or a price or quantity out of
    bounds. The place is the offset of the message in the uncompressed file.
    """
    wanted = np.array(sorted({packed(s) for s in instruments}), np.int64)
    feed = Feed(path, "itch", iter(()), size=path.stat().st_size)
    warm()
    feed.chunks = _chunks(feed, wanted)
    return feed


@cache
def warm() -> None:
    """Load the compiled kernel now, so that reading is measured and not loading."""
    nothing = np.frombuffer(END_OF_SESSION, np.uint8)
    directory, counts = np.zeros((1, 2), np.int64), np.zeros(256, np.int64)
    none, state = np.zeros(0, np.int64), np.zeros(3, np.int64)
    itch_cut.cut(nothing, TABLE, directory, none, np.zeros(1, FACT), counts, state)


def _chunks(feed: Feed, wanted: Rows) -> Iterator[Rows]:
    directory = np.zeros((itch_cut.MAX_LOCATES, 2), np.int64)
    counts, state = np.zeros(256, np.int64), np.zeros(3, np.int64)
    out = np.zeros(CHUNK, FACT)
    rest = b""
    for block in source.blocks(feed.path, feed):
        data = rest + block
        view, at = np.frombuffer(data, np.uint8), 0
        while True:
            before = int(state[1])
            rows, used = itch_cut.cut(view[at:], TABLE, directory, wanted, out, counts, state)
            at += used
            state[2] += used
            _name_new(feed, directory, before, int(state[1]))
            for letter in LENGTHS:
                feed.counts[letter] = int(counts[ord(letter)])
            if rows:
                facts = out[:rows].copy()
                check_bounds(facts, (feed.path, "byte"))
                yield facts
            if state[0] != itch_cut.OK:
                raise _complain(feed, data[at : at + 64], state)
            if not used:
                break
        rest = data[at:]
    if rest and rest != END_OF_SESSION:
        left, said = len(rest), int.from_bytes(rest[:2], "big")
        where = f"byte {int(state[2])}"
        found = f"{left} bytes left" + (f" of a message of {said}" if left > 1 else "")
        raise BadRecord(str(feed.path), where, "message", found, "a whole message: file cut off")


def _name_new(feed: Feed, directory: Rows, before: int, now: int) -> None:
    if now == before:
        return
    fresh = np.flatnonzero(directory[:, 0] > before)
    for locate in fresh[np.argsort(directory[fresh, 0])]:
        name = _symbol(int(locate), int(directory[locate, 1]))
        feed.instruments.append(Instrument(name, TICK, LOT))


def _complain(feed: Feed, data: bytes, state: Rows) -> BadRecord:
    where, letter = f"byte {int(state[2])}", chr(data[2])
    path, status = str(feed.path), int(state[0])
    if status == itch_cut.UNKNOWN_TYPE:
        return BadRecord(path, where, "message type", letter, f"one of {' '.join(LENGTHS)}")
    if status == itch_cut.WRONG_LENGTH:
        found = int.from_bytes(data[:2], "big")
        return BadRecord(path, where, f"length of {letter}", found, str(LENGTHS[letter]))
    name, allowed = STATUS[status]
    if status != itch_cut.HUGE_REF:
        return BadRecord(path, where, name, chr(data[2 + 19]), allowed)
    cells = (int.from_bytes(data[at : at + 8], "big") for at in (2 + 11, 2 + 19))
    return BadRecord(path, where, name, next(cell for cell in cells if cell >= 2**63), allowed)
