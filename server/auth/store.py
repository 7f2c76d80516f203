"""The control-plane store through DB-API: SQLite or PostgreSQL, the same statements for both.

The schema belongs to `portal/models.py`. A connection that fails is dropped and opened again at
the next use; the caller gets `Unavailable` and decides how long it can do without.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from domain.errors import InvalidField, Unavailable

BUSY_SECONDS = 10.0  # how long a writer waits for another
STATEMENT_SECONDS = 5  # how long PostgreSQL may think
POSTGRESQL = {
    "connect_timeout": 3,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 5_000,
    "application_name": "gridworks",
}
ALLOWED = "sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database"


class ControlStore:
    """One connection to the store at `url`, for one thread at a time.

    Raises InvalidField for a URL that names no store; opening waits for the first use.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._path: Path | None = None
        self._db: Any = None
        if url.startswith("sqlite:///") and len(url) > len("sqlite:///"):
            self._path = Path(unquote(url.removeprefix("sqlite:///")))
        elif urlsplit(url).scheme not in ("postgresql", "postgres"):
            raise InvalidField("control_url", self.name, ALLOWED)

    @property
    def name(self) -> str:
        """The store for people and logs: kind, host and name, never a password."""
        if self._path is not None:
            return f"sqlite {self._path}"
        if "://" not in self._url:
            return "(not a URL)"  # whatever it is, there may be a password in it
        parts = urlsplit(self._url)
        try:
            host = parts.hostname or ""
        except ValueError:
            host = ""
        return f"{parts.scheme} {host}{parts.path}"

    def __repr__(self) -> str:
        return f"ControlStore({self.name})"

    def rows(self, statement: str, values: Sequence[object] = ()) -> list[Any]:
        """Run a statement with `?` for each value; all its rows. Raises Unavailable."""
        with self._guarded() as db:
            cursor = db.execute(self._own(statement), tuple(values))
            return list(cursor.fetchall()) if cursor.description else []

    @contextmanager
    def transaction(self, *, snapshot: bool = False) -> Iterator[ControlStore]:
        """Statements that hold together: to write, or with `snapshot` to read one moment.

        Rolled back when the body raises. Raises Unavailable: then it may or may not be done.
        """
        with self._guarded() as db:
            db.execute(self._begin(snapshot))
            try:
                yield self
            except BaseException:
                if self._db is not None:
                    db.execute("ROLLBACK")
                raise
            db.execute("COMMIT")

    def close(self) -> None:
        """Let go of the connection; the next use opens another."""
        if self._db is not None:
            db, self._db = self._db, None
            db.close()

    def _begin(self, snapshot: bool) -> str:
        if self._path is not None:
            return "BEGIN" if snapshot else "BEGIN IMMEDIATE"
        return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if snapshot else "BEGIN"

    def _own(self, statement: str) -> str:
        return statement if self._path is not None else statement.replace("?", "%s")

    @contextmanager
    def _guarded(self) -> Iterator[Any]:
        """The connection; any error of the database drops it and becomes Unavailable."""
        errors: tuple[type[Exception], ...] = (sqlite3.Error,)
        try:
            if self._path is None:
                import psycopg

                errors = (psycopg.Error,)
            if self._db is None:
                self._db = self._open()
            yield self._db
        except errors as problem:
            self._drop()
            detail = " ".join(str(problem).split())
            raise Unavailable(f"control-plane store {self.name}: {detail}") from problem

    def _drop(self) -> None:
        try:
            self.close()
        except Exception:  # it is broken: what closing it says does not matter
            self._db = None

    def _open(self) -> Any:
        if self._path is not None:
            if not self._path.is_file():
                raise Unavailable(
                    f"control-plane store {self.name}: there is no such file; "
                    "make it with: gridworks control migrate"
                )
            db = sqlite3.connect(
                f"{self._path.absolute().as_uri()}?mode=rw", uri=True, timeout=BUSY_SECONDS,
                isolation_level=None, check_same_thread=False,
            )  # fmt: skip
            db.execute("PRAGMA synchronous = FULL")
            db.execute("PRAGMA foreign_keys = ON")
            return db
        import psycopg

        opened = psycopg.connect(self._url, autocommit=True, **POSTGRESQL)  # type: ignore[arg-type]
        opened.execute(f"SET statement_timeout = '{STATEMENT_SECONDS}s'")
        opened.execute("SET TIME ZONE 'UTC'")
        return opened
