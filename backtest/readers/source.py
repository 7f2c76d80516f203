"""Bytes of a file, plain or compressed, in blocks, with a truncated file told from a good one."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from backtest.readers.facts import BadRecord, Feed

BLOCK = 1 << 22
# The content decides, not the file's name: the first bytes of each container.
MAGIC: dict[bytes, Any] = {b"\x1f\x8b": gzip.open, b"\xfd7zXZ\x00": lzma.open, b"BZh": bz2.open}


def opener(path: Path) -> Any:
    """The function that opens `path` for reading uncompressed bytes."""
    with path.open("rb") as file:
        head = file.read(6)
    for magic, found in MAGIC.items():
        if head.startswith(magic):
            return found
    return open


def blocks(path: Path, feed: Feed | None = None, size: int = BLOCK) -> Iterator[bytes]:
    """The uncompressed bytes of `path`, `size` at a time; `feed.consumed` follows.

    Raises BadRecord if the compressed data ends early or is damaged, OSError if there is no
    such file.
    """
    done = 0
    opened = opener(path)
    with path.open("rb") as raw:
        stream: IO[bytes] = raw if opened is open else opened(raw, "rb")
        try:
            while block := stream.read(size):
                done += len(block)
                if feed is not None:
                    feed.consumed = raw.tell()
                yield block
        except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
            found = "cut off" if isinstance(error, EOFError) else "damaged"
            raise BadRecord(
                str(path), f"byte {done} uncompressed", "compressed data", found,
                f"a complete file ({error})",
            ) from error  # fmt: skip
