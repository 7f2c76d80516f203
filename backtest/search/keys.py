"""What a result depends on, as a hash: parameters, data and code."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from domain import jit


def digest(*parts: str | bytes) -> str:
    """A hash of texts; where one ends and the next begins counts."""
    found = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        found.update(len(data).to_bytes(8, "little") + data)
    return found.hexdigest()[:32]


def key_of_parameters(parameters: dict[str, Any]) -> str:
    """Parameters as text that depends on neither their order nor their numpy types."""
    return json.dumps(parameters, sort_keys=True, default=_written)


def _written(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else repr(value)


def key_of_rows(chunks: Iterable[Any], *described: str) -> str:
    """A hash of all rows of a data set, however they are cut into chunks."""
    found = hashlib.sha256("\0".join(described).encode())
    for chunk in chunks:
        found.update(np.ascontiguousarray(chunk).tobytes())
    return found.hexdigest()[:32]


def key_of_code(*objects: Any) -> str:
    """A hash of the source of functions and classes, with the classes that they inherit from.

    What they call counts only as far as it belongs to this project: give a `version` for the rest.
    """
    parts = [jit.source_key(Path(__file__).resolve().parent.parent / "simulator" / "__init__.py")]
    for item in objects:
        kinds = item.__mro__[:-1] if isinstance(item, type) else (item,)
        parts += [f"{kind.__module__}.{kind.__qualname__} {_source(kind)}" for kind in kinds]
    return digest(*parts)


def _source(item: Any) -> str:
    try:
        return inspect.getsource(item)
    except (OSError, TypeError):  # typed into an interpreter, or callable without being a function
        code = getattr(item, "__code__", None)
        return f"{code.co_code.hex()} {code.co_consts}" if code else ""
