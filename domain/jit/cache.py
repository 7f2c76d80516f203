"""Where compiled code is kept, and the key that says what it was made from."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import sys
import tempfile
from pathlib import Path

import numba

BOUNDSCHECK = os.environ.get("GRIDWORKS_BOUNDSCHECK", "0") == "1"
ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGES = ("domain", "risk", "engine", "indicators", "backtest", "server")
_IMPORT = re.compile(
    rf"^[ \t]*(?:from|import)[ \t]+((?:{'|'.join(PACKAGES)})[\w.]*)"
    r"(?:[ \t]+import[ \t]+(\([^)]*\)|[^\n]*))?",
    re.M,
)


def cache_root() -> Path:
    """The writable folder that holds compiled code."""
    named = os.environ.get("GRIDWORKS_CACHE")
    home = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser()
    wanted = Path(named) if named else home / "gridworks"
    try:
        wanted.mkdir(parents=True, exist_ok=True)
    except OSError:
        return Path(tempfile.gettempdir()) / "gridworks"
    return wanted if os.access(wanted, os.W_OK) else Path(tempfile.gettempdir()) / "gridworks"


@functools.cache
def _imports(path: Path) -> tuple[Path, ...]:
    found = []
    for name, taken in _IMPORT.findall(path.read_text(encoding="utf-8")):
        base = ROOT.joinpath(*name.split("."))
        parts = [base, *(base / part for part in re.findall(r"\w+", taken))]
        for part in parts:  # `from risk import checks` takes a module, not a name in one
            found += [p for p in (part.with_suffix(".py"), part / "__init__.py") if p.exists()]
    return tuple(found)


@functools.cache
def source_key(path: Path) -> str:
    """A hash of a module's source and of the project sources it reaches by imports."""
    seen, todo = {path}, [path]
    while todo:
        for found in _imports(todo.pop()):
            if found not in seen:
                seen.add(found)
                todo.append(found)
    digest = hashlib.sha256(f"{numba.__version__} {sys.version} {BOUNDSCHECK}".encode())
    for source in sorted(seen):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
