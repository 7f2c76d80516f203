"""`Store`: results of a search in a folder of parquet files, found again by their keys.

Each finished batch of runs becomes one file that is renamed into place when it is whole, so a
search that is killed loses the runs that were under way and no other.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from domain.errors import InvalidField

Row = dict[str, Any]
KEY = "key"


class Store:
    """Rows by key in `folder`, which is made if it is not there.

    A row is the key, `parameters` as JSON, `error`, `seconds`, and whatever the runs have
    measured; several searches may share a folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if self.folder.exists() and not self.folder.is_dir():
            raise InvalidField("store", str(folder), "a folder")
        self.folder.mkdir(parents=True, exist_ok=True)

    def __len__(self) -> int:
        return len(self.table())

    def _files(self) -> list[Path]:
        return sorted(self.folder.glob("*.parquet"))

    def table(self) -> pd.DataFrame:
        """All rows; of rows with one key the newest file's counts."""
        files = self._files()
        if not files:
            return pd.DataFrame({KEY: pd.Series(dtype=str)})
        rows = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
        return rows.drop_duplicates(KEY, keep="last", ignore_index=True)

    def rows(self, keys: Iterable[str]) -> dict[str, Row]:
        """Those of the keys that are there."""
        wanted, table = set(keys), self.table()
        found = table[table[KEY].isin(wanted)].to_dict("records")
        return {row[KEY]: {str(k): v for k, v in row.items()} for row in found}

    def add(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Write rows, all or none."""
        name = f"part-{len(self._files()):06d}-{uuid.uuid4().hex[:8]}"
        self._write(pd.DataFrame(list(rows)), name)

    def compact(self) -> None:
        """One file instead of many; what is read stays the same whenever it is interrupted."""
        files = self._files()
        if len(files) > 1:
            self._write(self.table(), f"whole-{uuid.uuid4().hex[:8]}")
            for file in files:
                file.unlink(missing_ok=True)

    def _write(self, table: pd.DataFrame, name: str) -> None:
        hidden = self.folder / f".{name}.{os.getpid()}"
        table.to_parquet(hidden, index=False)
        hidden.rename(self.folder / f"{name}.parquet")
