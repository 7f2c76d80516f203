"""XML as a stream of elements, hardened: nothing declared, nothing external, all sizes bounded.

The whole of a risk parameter file is tens of megabytes, so elements are handed over one by one
when they end and are then forgotten, but for those that somebody collects.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from xml.parsers import expat

from domain.errors import InvalidField
from risk.scenario.readers.text import Readable

MAX_BYTES = 512 * 2**20
MAX_DEPTH = 32
MAX_TEXT = 4096
_CHUNK = 1 << 20


class Element:
    """An element that is open or has just ended: its text, and its children so far by name."""

    __slots__ = ("children", "line", "name", "text")

    def __init__(self, name: str, line: int) -> None:
        self.name, self.line, self.text = name, line, ""
        self.children: dict[str, list[Element]] = {}

    def all(self, name: str) -> list[Element]:
        """The children of this name, in order."""
        return self.children.get(name, [])

    def wrong(self, value: object, allowed: str, child: str = "") -> InvalidField:
        """The error for this element, or for a child of it."""
        path = f"<{self.name}>{f'<{child}>' if child else ''}"
        return InvalidField(f"{path} in line {self.line}", value, allowed)

    def word(self, name: str, default: str | None = None) -> str:
        """The text of the first child of this name. Raises InvalidField if there is none."""
        found = self.all(name)
        if found and found[0].text.strip():
            return found[0].text.strip()
        if default is None:
            raise self.wrong(None, "this element; it is missing", name)
        return default

    def number(self, name: str, default: float | None = None) -> float:
        """The number in the first child of this name."""
        shown = self.word(name, None if default is None else str(default))
        try:
            found = float(shown)
        except ValueError:
            found = float("nan")
        if not abs(found) < 1e15:
            raise self.wrong(shown, "a number", name)
        return found


Handler = Callable[[Element, list[Element]], None]


class Stream:
    """Parses chunks and calls `handlers[name](element, ancestors)` whenever such an element ends.

    An element with a handler is not kept in its parent, so memory stays bounded.
    """

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers, self._open = handlers, list[Element]()
        self._parser = parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        parser.ExternalEntityRefHandler = self._refuse

    def parse(self, source: str | bytes | Readable) -> None:
        """Read all of it. Raises InvalidField where it is not well-formed, too large or unsafe."""
        if isinstance(source, (str, bytes)):
            self._feed(source[: MAX_BYTES + 1])
            self._feed(b"", last=True)
            return
        read = 0
        while chunk := source.read(_CHUNK):
            read += len(chunk)
            if read > MAX_BYTES:
                raise InvalidField("XML", f"over {MAX_BYTES} bytes", f"at most {MAX_BYTES}")
            self._feed(chunk)
        self._feed(b"", last=True)

    def _feed(self, chunk: str | bytes, last: bool = False) -> None:
        if len(chunk) > MAX_BYTES:
            raise InvalidField("XML", f"over {MAX_BYTES} bytes", f"at most {MAX_BYTES}")
        try:
            self._parser.Parse(chunk, last)
        except expat.ExpatError as error:
            raise InvalidField("XML", str(error), "a well-formed document") from None

    def _start(self, name: str, _attributes: dict[str, str]) -> None:
        if len(self._open) >= MAX_DEPTH:
            line = self._parser.CurrentLineNumber
            raise InvalidField(f"<{name}> in line {line}", "too deep", f"{MAX_DEPTH} levels")
        self._open.append(Element(name, self._parser.CurrentLineNumber))

    def _text(self, text: str) -> None:
        element = self._open[-1]
        element.text += text
        if len(element.text) > MAX_TEXT:
            if element.text.strip():
                raise element.wrong("too much text", f"at most {MAX_TEXT} characters")
            element.text = ""  # blanks between its children

    def _end(self, name: str) -> None:
        element = self._open.pop()
        handler = self._handlers.get(name)
        if handler is not None:
            handler(element, self._open)
        elif self._open:
            self._open[-1].children.setdefault(name, []).append(element)

    def _refuse(self, *_: Any) -> int:
        line = self._parser.CurrentLineNumber
        raise InvalidField(f"XML in line {line}", "a declaration", "no DTD and no entities")
