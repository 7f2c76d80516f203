"""The hash chain: each batch's digest covers its content and the digest before it.

    digest = SHA-256(previous digest || first_seq || count || blob as it is stored)

with both integers as 8 bytes, big-endian. The digest before the first batch covers the format,
the row size and the layout, so a changed description breaks the chain as a changed row does.
"""

import hashlib
import struct
from typing import NamedTuple

Blob = bytes | bytearray | memoryview

FORMAT = 2  # 1: batches are never packed; such logs are read and go on as they are
FORMATS = (1, FORMAT)
_HEADER = struct.Struct(">32sqq")


class Head(NamedTuple):
    """A point of the chain: the digest after command `seq`. Keep one elsewhere as an anchor."""

    seq: int
    digest: bytes


def genesis(row_size: int, layout: str, form: int = FORMAT) -> Head:
    """The point before the first command."""
    text = f"gridworks command log {form} {row_size} {layout}"
    return Head(0, hashlib.sha256(text.encode()).digest())


def link(previous: bytes, first_seq: int, count: int, blob: Blob) -> bytes:
    """The digest of a batch that follows the digest `previous`."""
    digest = hashlib.sha256(_HEADER.pack(previous, first_seq, count))
    digest.update(blob)
    return digest.digest()
