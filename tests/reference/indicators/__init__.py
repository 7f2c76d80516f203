"""Naive twins of indicators: slices and loops, one obvious function each.

`twins()` finds them by name. A twin takes the columns and then the parameters of its registry
row (choices as their names) and returns one array or a list of them, NaN (0 in columns of whole
numbers) where there is no value. It is written from the source named in the registry; it keeps
no state between rows but what the recursion itself is.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from typing import Any


def twins() -> dict[str, Callable[..., Any]]:
    """Every twin by the name of its registry row."""
    found: dict[str, Callable[..., Any]] = {}
    names = [module.name for module in pkgutil.iter_modules(__path__, f"{__name__}.")]
    tables = [getattr(importlib.import_module(name), "TWINS", {}) for name in names]
    for table in {id(t): t for t in tables}.values():
        assert not set(table) & set(found), f"two twins: {set(table) & set(found)}"
        found |= table
    return found
