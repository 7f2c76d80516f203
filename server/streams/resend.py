"""What a reader that comes back has missed, out of the windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from server.codec.encoder import Encoder
from server.sequencer.numbering.window import Window

Array = np.ndarray[Any, Any]
CHUNK = 256  # rows of one message


class Missed(NamedTuple):
    """Places in a window, and the number of the first in the stream."""

    places: Array
    first: int


def missed(places: Array, last: int, wanted: int, until: int = 0) -> Missed:
    """The rows numbered `wanted` to `until` (0: the last) of a stream.

    `places` are all that the window still has of it, the newest of them is number `last`. `first`
    is higher than `wanted` when older ones are wanted, and lower, `last` + 1, when `wanted` is a
    number that will be given after others.
    """
    oldest = max(last - len(places) + 1, 1)
    places = places[len(places) - (last - oldest + 1) :]  # a numbering that began again
    begin = min(max(wanted, oldest), last + 1)
    end = last if not until else min(until, last)
    return Missed(places[begin - oldest : max(end - oldest + 1, 0)], begin)


def messages(
    encoder: Encoder, window: Window, found: Missed, fields: Callable[[int], dict[str, int]]
) -> Iterator[bytes]:
    """The messages that bring them; `fields(place)` are the fields behind the rows."""
    for at in range(0, len(found.places), CHUNK):
        part = found.places[at : at + CHUNK]
        encoder.encode(window.picked(part))
        yield encoder.reply(None, found.first + at, **fields(int(part[-1])))
