"""Rows of commands as the server handles them: joined, stamped, marked, and its own ones.

Two things ride in cells that their commands do not use, so that the log alone brings them back:
the token of a request id in the last 8 bytes of any row, and in CONNECT the name of the session
(where the labels of instruments and nodes stand) with its key.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from ctypes import addressof, c_char
from typing import Any, NamedTuple

import numpy as np

from domain.codes import Scope
from domain.errors import InvalidField
from domain.fields import LABEL_AT, LABEL_BYTES
from domain.layout import COMMAND
from domain.messages import Connect, DeadMan, Disconnect, Tick
from server.records import notes

Rows = np.ndarray[Any, Any]

WIDTH = COMMAND.itemsize
WORDS = WIDTH // 8
TOKEN = WORDS - 1  # the word of a row that holds the token
_FIELDS: Any = COMMAND.fields
_SPARE = _FIELDS["_spare"]
assert _SPARE[1] == 8 * TOKEN
assert _SPARE[0].itemsize == 8
_STAMP = struct.Struct("=qq")  # seq and transact_time
assert (_FIELDS["seq"][1], _FIELDS["transact_time"][1]) == (0, 8)
_LETTERS = "-0123456789abcdefghijklmnopqrstuvwxyz"
_MOST_LETTERS = 64
RESET = 1  # in `value` of CONNECT: both numberings begin at 1 again


def joined(pieces: Iterable[bytes]) -> Rows:
    """One writable array of all rows."""
    data = bytearray().join(pieces)
    return np.ndarray(len(data) // WIDTH, COMMAND, data)


class Stamped(NamedTuple):
    """A batch with its numbers and its time: the rows, the bytes that they are, and where."""

    rows: Rows
    data: bytearray
    address: int


def stamped(pieces: list[bytes], first: int, now: int) -> Stamped:
    """All rows, numbered from `first` on, at one time."""
    data = bytearray(pieces[0]) if len(pieces) == 1 else bytearray().join(pieces)
    rows = np.ndarray(len(data) // WIDTH, COMMAND, data)
    if len(rows) == 1:
        _STAMP.pack_into(data, 0, first, now)
    elif len(rows):
        cells = words(rows)
        cells[:, 0], cells[:, 1] = np.arange(first, first + len(rows)), now
    return Stamped(rows, data, addressof(c_char.from_buffer(data)) if data else 0)


def words(rows: Rows) -> Rows:
    """The rows as int64, a line each: the same memory."""
    return rows.view(np.int64).reshape(-1, rows.itemsize // 8)


def picked(rows: Rows, which: Rows) -> Rows:
    """A copy of some rows, by their places or a mask; numpy itself would copy field by field."""
    found: Rows = words(rows)[which].view(rows.dtype).reshape(-1)
    return found


def tokens(rows: Rows) -> Rows:
    """The token of each row, 0: none; the same memory."""
    return words(rows)[:, TOKEN]


def token_of(key_id: int, request_id: str) -> int:
    """A number for a request id of a key; never 0.

    64 bits of BLAKE2b: among 100,000 remembered ids the chance that a new one meets another's is
    5e-15, and what it would be given is checked to be an answer to the same command.
    """
    text = f"{key_id}/{request_id}".encode()
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big", signed=True) or 1


def meaning(rows: Rows) -> bytes:
    """A digest of what the rows ask for, without seq and time and who said so from where."""
    bare = words(notes.bare(rows)).copy()
    bare[:, :2] = 0
    return hashlib.blake2b(bare.tobytes(), digest_size=16).digest()


def connect(session: int, key_id: int, name: str, *, reset: bool = False) -> bytes:
    """CONNECT with the session's name and key in it."""
    row = bytearray(Connect(scope=Scope.SESSION, entity=session).pack())
    row[LABEL_AT : LABEL_AT + LABEL_BYTES] = _packed(name)
    made = np.ndarray(1, COMMAND, row)
    made["parent"], made["value"] = key_id, RESET if reset else 0
    return bytes(row)


def connected(row: Any) -> tuple[int, int, str, bool]:
    """(session, key, name, reset) of a CONNECT row."""
    data = row.tobytes()[LABEL_AT : LABEL_AT + LABEL_BYTES]
    return int(row["entity"]), int(row["parent"]), _unpacked(data), bool(row["value"] & RESET)


def disconnect(session: int) -> bytes:
    """DISCONNECT."""
    return Disconnect(scope=Scope.SESSION, entity=session).pack()


def dead_man(account: int, timeout_ns: int) -> bytes:
    """DEAD_MAN."""
    return DeadMan(account=account, value=timeout_ns).pack()


def tick(passed: int = 0) -> bytes:
    """TICK; how much time an operator has let pass stands in a cell that it does not use."""
    row = np.ndarray(1, COMMAND, bytearray(Tick().pack()))
    row["value"] = passed
    return row.tobytes()


def check_session(name: str) -> str:
    """The name if it is one. Raises InvalidField."""
    if not 1 <= len(name) <= _MOST_LETTERS or not set(name) <= set(_LETTERS):
        raise InvalidField("logon.session", name, "1 to 64 characters of a-z, 0-9 and -")
    return name


def _packed(name: str) -> bytes:
    """64 letters out of 37 in 56 bytes: a number with digits 1 to 37."""
    number = 0
    for letter in name:
        number = number * (len(_LETTERS) + 1) + _LETTERS.index(letter) + 1
    return number.to_bytes(LABEL_BYTES, "little")


def _unpacked(data: bytes) -> str:
    number, letters = int.from_bytes(data, "little"), []
    while number:
        number, digit = divmod(number, len(_LETTERS) + 1)
        letters.append(_LETTERS[digit - 1] if digit else "")
    return "".join(reversed(letters))


def marked(data: bytes, key_id: int, request_id: str) -> tuple[int, Rows, bytes]:
    """The token of a request, the rows with it, and a digest of what they mean."""
    token, rows = token_of(key_id, request_id), joined((data,))
    tokens(rows)[:] = token
    return token, rows, meaning(rows)
