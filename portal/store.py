"""Opening the control-plane store: Django is set up here, and only here."""

from __future__ import annotations

import os
from contextlib import closing

from portal.address import DEFAULT_URL, VARIABLE, database, safe, sqlite_path


class StoreProblem(Exception):
    """The store cannot be used; the message says why and what to do, for a person to read."""


class NotMigrated(StoreProblem):
    """The store has no tables yet, or older ones than this version works with."""


def open_store(url: str | None = None, *, migrated: bool = True) -> str:
    """Set Django up on the store at `url`, else of GRIDWORKS_CONTROL_URL, else ./control.db.

    A second call moves to another store. With `migrated` the tables must be there and current.
    Returns the URL without its password. Raises BadAddress, StoreProblem, NotMigrated.
    """
    url = url or os.environ.get(VARIABLE) or DEFAULT_URL
    described = database(url)
    _set_up(url)
    from django.db import connections

    connections.close_all()
    for alias in list(connections):
        if hasattr(connections._connections, alias):  # type: ignore[attr-defined]
            del connections[alias]
    connections.settings = connections.configure_settings({"default": described})
    if migrated:
        _require_current(url)
    return safe(url)


def _set_up(url: str) -> None:
    """Django reads its settings once, and they name the store by the variable."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    named = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = url
    try:
        import django

        django.setup()
    finally:
        del os.environ[VARIABLE]
        if named is not None:
            os.environ[VARIABLE] = named


def _require_current(url: str) -> None:
    from django.db.utils import DatabaseError

    path = sqlite_path(url)
    try:
        waiting = ["everything"] if path is not None and not path.exists() else pending()
    except DatabaseError as problem:
        raise StoreProblem(f"{safe(url)}: {str(problem).strip()}") from problem
    if waiting:
        raise NotMigrated(
            f"{safe(url)} is not set up for this version (missing: {', '.join(waiting)}); "
            "run: gridworks control migrate"
        )


def pending() -> list[str]:
    """The migrations that the open store has not seen. Raises django.db.DatabaseError."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [migration.name for migration, _ in plan]


def migrate(url: str | None = None) -> list[str]:
    """Create or upgrade the tables of the store; returns the migrations that were run.

    Raises BadAddress, StoreProblem.
    """
    url = url or os.environ.get(VARIABLE) or DEFAULT_URL
    open_store(url, migrated=False)
    from django.core.management import call_command
    from django.db.utils import DatabaseError

    path = sqlite_path(url)
    try:
        if path is not None:
            _private_file(url)
        waiting = pending()
        call_command("migrate", verbosity=0, interactive=False)
    except (DatabaseError, OSError) as problem:
        raise StoreProblem(f"{safe(url)}: {str(problem).strip()}") from problem
    return waiting


def _private_file(url: str) -> None:
    """Make the file before SQLite does, for its owner's eyes only."""
    path = sqlite_path(url)
    assert path is not None
    if not path.exists():
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with closing(os.fdopen(handle, "wb")):
            pass
