"""What one small DATA frame costs: through ngh2, through h2, and cut by the gateway's kernel.

    python -m benches.pieces.http2

Processor time of the receiving side, the least of many rounds. docs/decisions.md has the figures
that the choice was made by.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import h2.config
import h2.connection
import ngh2
import numpy as np

from server.gateway.http2.frames import cut
from server.gateway.http2.slots import Column, Note, Slot

FRAMES, SIZE, ROUNDS = 500, 40, 30
HEAD = (SIZE << 8).to_bytes(4, "big") + b"\0" + (1).to_bytes(4, "big")
RUN = (HEAD + bytes(SIZE)) * FRAMES
CALL = [
    (b":method", b"POST"), (b":scheme", b"http"), (b":path", b"/a.B/C"), (b":authority", b"x"),
    (b"te", b"trailers"), (b"content-type", b"application/grpc"),
]  # fmt: skip


def opening() -> bytes:
    """What a client sends before its DATA."""
    client = ngh2.Connection(ngh2.Role.CLIENT)
    client.initiate_connection()
    client.send_request(CALL)
    return client.data_to_send()


def through_ngh2() -> Callable[[], object]:
    """The library makes an event of each frame."""
    server = ngh2.Connection(ngh2.Role.SERVER)
    server.initiate_connection({ngh2.Setting.INITIAL_WINDOW_SIZE: 2**30})
    server.set_local_window_size(2**30)
    server.receive_data(opening())
    server.events()

    def take() -> object:
        server.receive_data(RUN)
        server.data_to_send()
        return server.events()

    return take


def through_h2() -> Callable[[], object]:
    """The same in Python."""
    server = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))
    server.initiate_connection()
    server.receive_data(opening())

    def take() -> object:
        events = server.receive_data(RUN)
        server.acknowledge_received_data(len(RUN) - 9 * FRAMES, 1)
        server.data_to_send()
        return events

    return take


def by_the_kernel() -> Callable[[], object]:
    """Cut in one call, without an event."""
    notes, table = np.zeros(len(Note), np.int64), np.zeros((1, len(Column)), np.int64)
    data, out = np.frombuffer(RUN, np.uint8).copy(), np.zeros(len(RUN), np.uint8)
    pairs = np.zeros(2 * len(Slot), np.int64)
    for slot, array in (
        (Slot.INPUT, data), (Slot.OUTPUT, out), (Slot.NOTES, notes), (Slot.STREAMS, table),
    ):  # fmt: skip
        pairs[2 * slot : 2 * slot + 2] = array.ctypes.data, len(array)

    def take() -> object:
        table[0] = 1, 2**30
        notes[Note.WINDOW] = 2**30
        return cut(int(pairs.ctypes.data), 0, len(data), 0), out, data

    return take


def measure(take: Callable[[], object]) -> float:
    """Nanoseconds a frame."""
    least = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time_ns()
        take()
        least = min(least, time.process_time_ns() - begin)
    return least / FRAMES


def main() -> None:
    """One line for each way."""
    for way in (through_ngh2, through_h2, by_the_kernel):
        print(f"{way.__name__:14} {measure(way()):8.0f} ns a frame")


if __name__ == "__main__":
    main()
