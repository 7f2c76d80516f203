"""A folder of EVENT rows that is read without being loaded.

    STORE/header.json    format, version, dtype, listings, and of each segment: file, rows, first
                         and last time, BLAKE2b of its bytes
    STORE/000000.npy     the rows, in the order of time: plain numpy files, np.load reads them

The folder appears as a whole or not at all: it is written under another name beside its place,
brought to the disk, and renamed. Reading maps one segment after another into memory, so a store may
be larger than that.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np

from backtest.data.dataset import CHUNK, Dataset, Rows, window
from backtest.events import EVENT
from backtest.readers.facts import BadRecord
from backtest.record import Listing
from domain.codes import InstrumentType
from domain.errors import AlreadyExists, InvalidField

FORMAT, VERSION = "gridworks market history", 1
HEADER: Final = "header.json"
SEGMENT: Final = 1 << 18  # rows: 23 MB


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of a store."""

    file: str
    rows: int
    first: int  # ns
    last: int
    digest: str


def write_store(data: Dataset, path: str | Path, segment: int = SEGMENT) -> Dataset:
    """Write everything into a new folder and open it. A chunk is in memory at a time.

    Raises AlreadyExists if there is something at `path`, OSError; then nothing is left behind.
    """
    target = Path(path)
    if target.exists():
        raise AlreadyExists("file", str(target))
    if segment < 1:
        raise InvalidField("segment", segment, "1 row or more")
    target.parent.mkdir(parents=True, exist_ok=True)
    making = target.with_name(f".{target.name}.{os.getpid()}.part")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir()
    try:
        segments = [_write(making, n, rows) for n, rows in enumerate(_cut(data, segment))]
        header = {
            "format": FORMAT, "version": VERSION, "dtype": _dtype(),
            "listings": [_listed(each) for each in data.listings],
            "segments": [
                {name: getattr(each, name) for name in Segment.__slots__} for each in segments
            ],
        }  # fmt: skip
        _sync(making / HEADER, json.dumps(header, indent=1).encode())
        os.rename(making, target)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)
        raise
    _sync_folder(target.parent)
    return open_store(target)


def _cut(data: Dataset, segment: int) -> Iterator[Rows]:
    """Rows in pieces of exactly a segment, but for the last."""
    waiting: list[Rows] = []
    count = 0
    for chunk in data.chunks(min(CHUNK, segment)):
        waiting.append(chunk)
        count += len(chunk)
        if count >= segment:
            rows = np.concatenate(waiting)
            yield rows[:segment]
            waiting, count = [rows[segment:]], count - segment
    if count:
        yield np.concatenate(waiting)


def _write(folder: Path, number: int, rows: Rows) -> Segment:
    name = f"{number:06}.npy"
    with (folder / name).open("wb") as file:
        np.save(file, rows)
        file.flush()
        os.fsync(file.fileno())
    return Segment(name, len(rows), int(rows["time"][0]), int(rows["time"][-1]), _digest(rows))


def _digest(rows: Rows) -> str:
    plain: Any = np.ascontiguousarray(rows).view(np.uint8)
    return hashlib.blake2b(plain, digest_size=16).hexdigest()


def _dtype() -> list[list[str]]:
    return [list(map(str, each)) for each in EVENT.descr]


def _sync(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _listed(each: Listing) -> dict[str, Any]:
    return {
        "symbol": each.symbol, "tick": f"{each.tick:f}", "lot": f"{each.lot:f}",
        "type": each.type.name, "multiplier": each.multiplier, "currency": each.currency,
        "decimals": each.decimals,
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Store:
    """A store on disk as a source."""

    path: Path
    listings: tuple[Listing, ...]
    segments: tuple[Segment, ...]

    def rows(self, first: int, last: int) -> Iterator[Rows]:
        for each in self.segments:
            if each.last < first or each.first > last:
                continue
            rows = window(self._mapped(each), first, last)
            for at in range(0, len(rows), CHUNK):
                yield rows[at : at + CHUNK]

    def extent(self) -> tuple[int, int, int]:
        if not self.segments:
            return 0, 0, 0
        count = sum(each.rows for each in self.segments)
        return count, self.segments[0].first, self.segments[-1].last

    def _mapped(self, each: Segment) -> Rows:
        path = self.path / each.file
        try:
            rows: Rows = np.load(path, mmap_mode="r")
        except (ValueError, EOFError) as problem:
            raise BadRecord(str(path), "file", "bytes", str(problem), "a numpy file") from None
        if rows.dtype != EVENT or len(rows) != each.rows:
            found = f"{len(rows)} rows of {rows.dtype.itemsize} bytes"
            allowed = f"{each.rows} rows of {EVENT.itemsize} bytes, as the header says"
            raise BadRecord(str(path), "file", "rows", found, allowed)
        return rows

    def verify(self) -> Iterator[Segment]:
        """Read each segment against its digest. Raises BadRecord for one that has changed."""
        for each in self.segments:
            rows = self._mapped(each)
            if (found := _digest(rows)) != each.digest:
                path = str(self.path / each.file)
                raise BadRecord(path, "file", "digest", found, f"{each.digest}: it was changed")
            yield each


def read_header(path: str | Path) -> Store:
    """What a store says of itself. Raises InvalidField, OSError if there is none."""
    folder = Path(path)
    text = (folder / HEADER).read_bytes()
    try:
        header = json.loads(text)
        known = header["format"] == FORMAT and header["version"] == VERSION
        if not known or header["dtype"] != _dtype():
            found = f"{header['format']} version {header['version']}"
            allowed = f"{FORMAT} version {VERSION} with the rows of this release: import it again"
            raise InvalidField(f"format of {folder}", found, allowed)
        listings = [
            Listing(
                each["symbol"], Decimal(each["tick"]), Decimal(each["lot"]),
                InstrumentType[each["type"]], int(each["multiplier"]), each["currency"],
                int(each["decimals"]),
            )
            for each in header["listings"]
        ]  # fmt: skip
        segments = [Segment(**each) for each in header["segments"]]
    except (ValueError, KeyError, TypeError, ArithmeticError) as problem:
        if isinstance(problem, InvalidField):
            raise
        where = str(folder / HEADER)
        raise BadRecord(where, "file", "header", str(problem), "what write_store wrote") from None
    return Store(folder, tuple(listings), tuple(segments))


def open_store(path: str | Path) -> Dataset:
    """The data set of a store; nothing is read but the header. Raises InvalidField, OSError."""
    store = read_header(path)
    return Dataset(store.listings, store)
