"""Fewer bytes for a batch of rows: what is the same in all of its rows is stored once.

Rows are fixed in width and mostly alike: of the 192 bytes of a command about 20 differ between
the rows of a batch. A packed batch is

    one bit for each byte of a row, set where the rows differ from the first (little-endian bits)
    the first row
    the bytes that differ, row by row

It is never as long as the rows themselves, so the length alone says which of the two is stored.
Time: about 70 ns a row, half of what SHA-256 takes over whole rows. zlib at its fastest takes four
times as long and leaves more.
"""

import numpy as np

from journal.chain import Blob

LEAST = 16  # rows: fewer share a page of the file anyway
_WORD = 8


def pack(blob: Blob, count: int, size: int) -> Blob:
    """`count` rows of `size` bytes in fewer bytes, or as they are where that is not less."""
    if count < LEAST or size % _WORD:
        return blob
    words = np.frombuffer(blob, np.uint64).reshape(count, size // _WORD)
    differ = np.bitwise_or.reduce(words ^ words[0], axis=0).view(np.uint8) != 0
    head = size // 8 + size
    if head + count * int(differ.sum()) >= count * size:
        return blob
    rows = words.view(np.uint8)
    kept = rows.take(np.flatnonzero(differ), axis=1)
    marks = np.packbits(differ, bitorder="little")
    return b"".join((marks.data, rows[0].data, kept.data))


def unpack(stored: bytes, count: int, size: int) -> bytes | None:
    """The rows again; None if these bytes cannot be `count` of them."""
    if len(stored) == count * size:
        return stored
    head = size // 8 + size
    if size % _WORD or len(stored) < head:
        return None
    marks = np.frombuffer(stored, np.uint8, size // 8)
    differ = np.unpackbits(marks, bitorder="little").view(bool)
    kept = int(differ.sum())
    if len(stored) != head + count * kept or len(stored) > count * size:
        return None
    rows = np.empty((count, size), np.uint8)
    rows[:] = np.frombuffer(stored, np.uint8, size, size // 8)
    rows[:, differ] = np.frombuffer(stored, np.uint8, -1, head).reshape(count, kept)
    return rows.tobytes()
