"""Tables of files, piece by piece: CSV with pandas, parquet with pyarrow (extra `research`)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backtest.readers.facts import BadRecord
from domain.errors import InvalidField

PIECE = 131_072  # rows
PARQUET = b"PAR1"


def pieces(path: Path) -> Iterator[Any]:
    """The table's pieces. Raises OSError, InvalidField.

    The content decides: parquet begins with its four letters, everything else is CSV with a
    header line, plain or compressed (by its name: .gz, .bz2, .xz, .zip, .zst).
    """
    with path.open("rb") as file:
        head = file.read(4)
    return _parquet(path) if head == PARQUET else _csv(path)


def whole(table: Any) -> Any:
    """A table as it is; of a path the table in the file, all of it."""
    if not isinstance(table, (str, Path)):
        return table
    from pandas import concat

    return concat(list(pieces(Path(table))))


def _parquet(path: Path) -> Iterator[Any]:
    from pyarrow import ArrowInvalid, Table
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PIECE):
                yield Table.from_batches([batch])
    except (ArrowInvalid, OSError) as problem:
        raise InvalidField(str(path), str(problem), "a complete parquet file") from None


def _csv(path: Path) -> Iterator[Any]:
    from pandas import read_csv
    from pandas.errors import EmptyDataError, ParserError

    try:
        with read_csv(path, chunksize=PIECE) as reader:  # floats nearest to what is written
            yield from reader
    except (EmptyDataError, ParserError, UnicodeDecodeError, EOFError) as problem:
        allowed = "a CSV file with a header line"
        raise BadRecord(str(path), "table", "text", str(problem), allowed) from None
