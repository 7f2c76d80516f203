"""A strategy out of a user's file, and its parameters out of words."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from ast import literal_eval
from pathlib import Path
from types import ModuleType
from typing import Any

from backtest.strategy import Strategy
from domain.errors import InvalidField, NotFound


def load(path: Path) -> ModuleType:
    """Run the file as a module; its folder is importable. Raises InvalidField with the line."""
    if not path.is_file():
        raise NotFound("file", str(path))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise InvalidField("file", str(path), "a Python file, FILE.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # so that what it defines can be pickled
    sys.path.insert(0, str(path.parent.resolve()))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        raise InvalidField(f"{path}, line {error.lineno}", error.text, f"{error.msg}") from error
    except Exception as error:
        if isinstance(error, ModuleNotFoundError) and error.name != path.stem:
            raise
        stack = traceback.extract_tb(error.__traceback__)
        here = path.resolve()
        lines = [each.lineno for each in stack if Path(each.filename).resolve() == here]
        where = f"{path}, line {lines[-1]}" if lines else str(path)
        allowed = f"a file that can be imported without an error ({error})"
        raise InvalidField(where, type(error).__name__, allowed) from error
    return module


def chosen(module: ModuleType, name: str) -> type[Strategy]:
    """The strategy of that name, or the only one. Raises InvalidField."""
    found = {
        key: value
        for key, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy)
        and value.__module__ == module.__name__
    }  # fmt: skip
    names = ", ".join(found) or "none: derive a class from gw.backtest.Strategy"
    if name:
        if name not in found:
            raise InvalidField("strategy", name, names)
        return found[name]
    if len(found) != 1:
        raise InvalidField("strategy", None, f"one of those in the file: {names}")
    return next(iter(found.values()))


def parameters(strategy: type[Strategy], words: list[str]) -> dict[str, Any]:
    """`["fast=10"]` as values of the kinds that the defaults have. Raises InvalidField."""
    known = strategy.parameters()
    found: dict[str, Any] = {}
    for word in words:
        name, sign, text = word.partition("=")
        if not sign:
            raise InvalidField("set", word, "name=value, such as fast=10")
        if name not in known:
            raise InvalidField("set", name, ", ".join(known) or "none: it has no parameters")
        found[name] = _value(name, text, known[name])
    return found


def _value(name: str, text: str, default: Any) -> Any:
    if isinstance(default, str):
        return text
    try:
        value = literal_eval(text)
    except (ValueError, SyntaxError):
        value = {"true": True, "false": False}.get(text.lower())
        if value is None:
            allowed = f"a value like its default, {default!r}"
            raise InvalidField(f"set {name}", text, allowed) from None
    if isinstance(default, float) and isinstance(value, int):
        return float(value)
    if default is not None and not isinstance(value, type(default)):
        raise InvalidField(f"set {name}", text, f"a value like its default, {default!r}")
    return value
