"""A column that holds a few words: scopes, account patterns, networks.

Stored as the words with one space between them, so that whatever reads the table without Django
gets them with `split()` from either database.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import models

if TYPE_CHECKING:
    _Text = models.TextField[Iterable[str], tuple[str, ...]]
else:
    _Text = models.TextField  # cannot be subscripted at run time


class WordsField(_Text):
    """A tuple of words without white space in them; the empty tuple is the default."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        kwargs.setdefault("blank", True)
        kwargs.setdefault("default", ())
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]

    def from_db_value(self, value: str | None, *_: object) -> tuple[str, ...]:
        """What the table holds, as a tuple."""
        return tuple((value or "").split())

    def to_python(self, value: str | Iterable[str] | None) -> tuple[str, ...]:
        """Any spelling of the words, as a tuple."""
        return tuple(value.split()) if isinstance(value, str) else tuple(value or ())

    def get_prep_value(self, value: str | Iterable[str] | None) -> str:
        """The words as the table holds them. Raises ValueError for a word with white space."""
        words = self.to_python(value)
        for word in words:
            if word.split() != [word]:
                raise ValueError(f"{word!r} is not one word")
        return " ".join(words)
