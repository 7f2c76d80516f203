"""Parameter data from outside, read strictly: every error names the place of the value."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np

from domain.errors import InvalidField

T = TypeVar("T")

MAX_NUMBER = 1e15  # no price, rate or amount of money is larger
_NOTHING = object()


def number(
    field: str, value: object, least: float = -MAX_NUMBER, most: float = MAX_NUMBER
) -> float:
    """A finite number from `least` to `most`. Raises InvalidField; text of a number is fine."""
    allowed = f"a number from {least:g} to {most:g}"
    if isinstance(value, bool) or not isinstance(value, (int, float, str, np.integer, np.floating)):
        raise InvalidField(field, value, allowed)
    try:
        found = float(value)
    except ValueError:
        raise InvalidField(field, value, allowed) from None
    if not (math.isfinite(found) and least <= found <= most):
        raise InvalidField(field, value, allowed)
    return found


def whole(field: str, value: object, least: int = -(2**40), most: int = 2**40) -> int:
    """A whole number from `least` to `most`. Raises InvalidField."""
    found = number(field, value, least, most)
    if found != int(found):
        raise InvalidField(field, value, f"a whole number from {least} to {most}")
    return int(found)


def text(field: str, value: object, allowed: str = "a name of 1 to 64 characters") -> str:
    """A name. Raises InvalidField."""
    if not isinstance(value, str) or not 1 <= len(value) <= 64 or not value.isprintable():
        raise InvalidField(field, value, allowed)
    return value


def day(field: str, value: object) -> str:
    """A date as YYYY-MM-DD; YYYYMMDD is fine too. Raises InvalidField."""
    found = str(value)
    if len(found) == 8 and found.isdigit():
        found = f"{found[:4]}-{found[4:6]}-{found[6:]}"
    try:
        valid = len(found) == 10 and not np.isnat(np.datetime64(found, "D"))
    except ValueError:
        valid = False
    if not valid:
        raise InvalidField(field, value, "a date as YYYY-MM-DD")
    return found


def days_between(first: str, last: str) -> int:
    """Calendar days from one date to another, negative if `last` comes first."""
    return int((np.datetime64(last, "D") - np.datetime64(first, "D")).astype(int))


def choice(field: str, value: object, known: Iterable[str]) -> str:
    """One of a few words, in any case; returned as it is spelt in `known`."""
    words = {word.lower(): word for word in known}
    found = words.get(str(value).lower())
    if found is None:
        raise InvalidField(field, value, ", ".join(words.values()))
    return found


class Fields:
    """A mapping whose values are taken one by one; `done` refuses what nobody asked for."""

    def __init__(self, where: str, data: object) -> None:
        if not isinstance(data, Mapping):
            raise InvalidField(where or "the file", data, "an object with named fields")
        self.where, self._data, self._asked = where, data, {"note", "source"}

    def path(self, name: str) -> str:
        """The place of a field, as errors name it."""
        return f"{self.where}.{name}" if self.where else name

    def has(self, name: str) -> bool:
        """Whether a field is given and not empty."""
        return self._data.get(name) not in (None, "")

    def _take(self, name: str, default: object) -> Any:
        self._asked.add(name)
        if self.has(name):
            return self._data[name]
        if default is _NOTHING:
            raise InvalidField(self.path(name), None, "a value; it is missing")
        return default

    def raw(self, name: str) -> Any:
        """Whatever is given, None when nothing is."""
        return self._take(name, None)

    def number(
        self, name: str, default: object = _NOTHING, least: float = 0.0, most: float = MAX_NUMBER
    ) -> float:
        """A number from `least` to `most`."""
        return number(self.path(name), self._take(name, default), least, most)

    def whole(
        self, name: str, default: object = _NOTHING, least: int = 0, most: int = 2**40
    ) -> int:
        """A whole number from `least` to `most`."""
        return whole(self.path(name), self._take(name, default), least, most)

    def text(self, name: str, default: object = _NOTHING) -> str:
        """A name."""
        found = self._take(name, default)
        return found if found == default else text(self.path(name), found)

    def day(self, name: str, default: object = _NOTHING) -> str:
        """A date."""
        found = self._take(name, default)
        return str(found) if found == default else day(self.path(name), found)

    def choice(self, name: str, known: Iterable[str], default: object = _NOTHING) -> str:
        """One of a few words."""
        found = self._take(name, default)
        return str(found) if found == default else choice(self.path(name), found, known)

    def flag(self, name: str, default: bool = False) -> bool:
        """true or false."""
        found = self._take(name, default)
        if not isinstance(found, bool):
            raise InvalidField(self.path(name), found, "true or false")
        return found

    def rows(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """A list of objects, each read by `read`; a missing list is empty."""
        found = self._take(name, ())
        if not isinstance(found, (list, tuple)):
            raise InvalidField(self.path(name), found, "a list")
        made = []
        for at, item in enumerate(found):
            label = item.get("name", at) if isinstance(item, Mapping) else at
            row = Fields(f"{self.path(name)}[{label}]", item)
            made.append(read(row))
            row.done()
        return tuple(made)

    def numbers(self, name: str, count: int) -> tuple[float, ...]:
        """A list of `count` numbers, or an empty tuple when it is missing."""
        found = self._take(name, ())
        if isinstance(found, str):
            found = found.split()
        if not isinstance(found, (list, tuple)) or (found and len(found) != count):
            raise InvalidField(self.path(name), found, f"a list of {count} numbers")
        return tuple(number(f"{self.path(name)}[{at}]", v) for at, v in enumerate(found))

    def done(self) -> None:
        """Raise InvalidField for a field that nobody asked for: a misspelt limit must not pass."""
        for name in self._data:
            if name not in self._asked:
                known = ", ".join(sorted(self._asked))
                raise InvalidField(self.path(str(name)), self._data[name], f"one of {known}")
