"""Where the control plane is kept: a URL, and what Django needs to know to open it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

VARIABLE = "GRIDWORKS_CONTROL_URL"
DEFAULT_URL = "sqlite:///control.db"
FORMS = "sqlite:///relative.db, sqlite:////absolute.db or postgresql://user@host/database"

# WAL lets the server read while a person writes. A lock is taken when a transaction begins, so
# that two writers wait for each other instead of failing at the end.
SQLITE_OPTIONS = {
    "timeout": 10,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
}


class BadAddress(ValueError):
    """The URL names no store; the message has no password in it."""


def sqlite_path(url: str) -> Path | None:
    """The file of a sqlite URL; None for another kind. Raises BadAddress."""
    if not url.startswith("sqlite:"):
        return None
    path = unquote(url.removeprefix("sqlite://").removeprefix("/"))
    if not url.startswith("sqlite:///") or not path:
        raise BadAddress(f"{url!r} names no file; use {FORMS}")
    return Path(path)


def database(url: str) -> dict[str, Any]:
    """Django's description of the database at `url`. Raises BadAddress."""
    path = sqlite_path(url)
    if path is not None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(path),
            "OPTIONS": dict(SQLITE_OPTIONS),
        }
    if urlsplit(url).scheme not in ("postgresql", "postgres"):
        raise BadAddress(f"{safe(url)!r} is no control-plane store; use {FORMS}")
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    try:
        options = conninfo_to_dict(url)
    except ProgrammingError as problem:
        raise BadAddress(f"{safe(url)!r} is not understood; use {FORMS}") from problem
    named = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST"}
    found = {named.get(key, key): value for key, value in options.items()}
    django = {key: found.pop(key) for key in (*named.values(), "port") if key in found}
    if not django.get("NAME"):
        raise BadAddress(f"{safe(url)!r} names no database; use {FORMS}")
    django["PORT"] = str(django.pop("port", ""))
    return {"ENGINE": "django.db.backends.postgresql", **django, "OPTIONS": found}


def safe(url: str) -> str:
    """The URL for people: without a password, wherever it stands in it."""
    if url.startswith("sqlite:"):
        return url
    if "://" not in url:
        return "(not a URL)"  # whatever it is, there may be a password in it
    parts = urlsplit(url)
    user, at, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}{at}{host}"
    return parts._replace(netloc=shown, query="", fragment="").geturl()
