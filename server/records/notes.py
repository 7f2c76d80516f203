"""Notes: text in the command log, in rows behind the commands that it is about.

A note is a JSON object, compressed, cut into rows whose command is `NOTE`. The exchange knows no
such command: it refuses the row and changes nothing, and its answer goes to nobody. So a note and
its commands are one entry of the log: both are there or neither. The cells that a note uses:

    attribute           HEAD in the first row, MORE in those behind it
    index               HEAD: how many rows of commands stand directly before it
    parent              HEAD: bytes of the text
    cl_ord_id           HEAD: a digest of what was asked for, without who asked from where
    orig_cl_ord_id ..   96 bytes of text in two pieces, up to algo_id and from value to the token
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from domain.errors import InvalidField
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]

NOTE = 200  # no code of domain.codes.Command
HEAD, MORE = 1, 2
MOST_BYTES = 64 * 1024  # of compressed text
_PIECES = ((64, 120), (144, 184))
_ROOM = sum(end - begin for begin, end in _PIECES)
_PERSONAL = ("by", "peer")  # the same request may come again from another address


class Note(NamedTuple):
    """A note that was read: the place of its first row, how many rows it is about, and its text."""

    place: int
    covers: int
    text: dict[str, Any]


def written(text: dict[str, Any], covers: int = 0) -> bytes:
    """The rows of a note about the last `covers` commands of the same entry.

    Raises InvalidField when the text is too long.
    """
    data = zlib.compress(_plain(text))
    if len(data) > MOST_BYTES:
        raise InvalidField("request", f"{len(data)} bytes", f"at most {MOST_BYTES} bytes")
    rows = np.zeros(max(-(-len(data) // _ROOM), 1), COMMAND)
    rows["command"], rows["attribute"] = NOTE, MORE
    rows["attribute"][0], rows["index"][0], rows["parent"][0] = HEAD, covers, len(data)
    asked = _plain({key: value for key, value in text.items() if key not in _PERSONAL})
    digest = hashlib.blake2b(asked, digest_size=8).digest()
    rows["cl_ord_id"][0] = int.from_bytes(digest, "big") >> 1
    padded = np.frombuffer(data.ljust(len(rows) * _ROOM, b"\0"), np.uint8).reshape(-1, _ROOM)
    flat, at = _bytes_of(rows), 0
    for begin, end in _PIECES:
        flat[:, begin:end] = padded[:, at : at + end - begin]
        at += end - begin
    return rows.tobytes()


def read(rows: Rows) -> Iterator[Note]:
    """The notes among the rows of a batch."""
    heads = np.flatnonzero((rows["command"] == NOTE) & (rows["attribute"] == HEAD))
    for place in heads.tolist():
        size = int(rows["parent"][place])
        flat = _bytes_of(rows[place : place + max(-(-size // _ROOM), 1)])
        data = np.concatenate([flat[:, begin:end] for begin, end in _PIECES], axis=1).tobytes()
        text = json.loads(zlib.decompress(data[:size]))
        yield Note(place, int(rows["index"][place]), text)


def bare(rows: Rows) -> Rows:
    """The rows by which two requests are compared: of a note only its digest."""
    marks = rows["command"] == NOTE
    if not marks.any():
        return rows
    kept: Rows = rows[~marks | (rows["attribute"] == HEAD)].copy()
    own = kept["command"] == NOTE
    flat = _bytes_of(kept)
    for begin, end in _PIECES:
        flat[own, begin:end] = 0
    kept["parent"][own] = 0
    return kept


def _bytes_of(rows: Rows) -> Any:
    return rows.view(np.uint8).reshape(len(rows), COMMAND.itemsize)


def _plain(text: dict[str, Any]) -> bytes:
    return json.dumps(text, sort_keys=True, separators=(",", ":")).encode()
