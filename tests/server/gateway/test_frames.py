"""The kernel that cuts frames, against hyperframe: what it finds does not depend on the cuts."""

import numpy as np
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    GoAwayFrame,
    HeadersFrame,
    PingFrame,
    RstStreamFrame,
    SettingsFrame,
    WindowUpdateFrame,
)
from hypothesis import given
from hypothesis import strategies as st

from benches.pieces import http2
from server.gateway.http2.frames import MOST, cut
from server.gateway.http2.slots import Column, Found, Note, Slot

pytestmark = pytest.mark.nojit
OWN = (1, 5)  # streams whose DATA the kernel takes
LEAD = 7


class Cutter:
    """One connection's memory, and what the kernel has found in it."""

    def __init__(self, window=10**6) -> None:
        self.input, self.output = np.zeros(1 << 16, np.uint8), np.zeros(1 << 16, np.uint8)
        self.notes = np.zeros(len(Note), np.int64)
        self.table = np.zeros((3, len(Column)), np.int64)
        for row, number in enumerate(OWN):
            self.table[row] = number, window
        self.notes[Note.WINDOW] = window
        self.pairs = np.zeros(2 * len(Slot), np.int64)
        for slot, array in (
            (Slot.INPUT, self.input), (Slot.OUTPUT, self.output), (Slot.NOTES, self.notes),
            (Slot.STREAMS, self.table),
        ):  # fmt: skip
            self.pairs[2 * slot : 2 * slot + 2] = array.ctypes.data, len(array)
        self.kept = b""
        self.data = dict.fromkeys(OWN, b"")
        self.ended, self.flow, self.empty = set(), 0, 0
        self.library, self.granted, self.overrun = b"", [], False

    def feed(self, data: bytes) -> None:
        data = self.kept + data
        self.input[: len(data)] = np.frombuffer(data, np.uint8)
        at, notes = 0, self.notes
        while at < len(data):
            found = cut(int(self.pairs.ctypes.data), at, len(data), LEAD)
            if found == Found.NOTHING:
                break
            if found == Found.RUN:
                number = int(self.table[notes[Note.ROW], Column.NUMBER])
                self.data[number] += self.output[LEAD : notes[Note.END]].tobytes()
                self.flow += int(notes[Note.FLOW])
                self.empty += int(notes[Note.EMPTY])
                if notes[Note.ENDED]:
                    self.ended.add(number)
            elif found == Found.LIBRARY:
                self.library += data[notes[Note.BEGIN] : notes[Note.END]]
            elif found == Found.CREDIT:
                self.granted.append((int(notes[Note.NUMBER]), int(notes[Note.INCREMENT])))
            else:
                self.overrun = True
                return
            at = int(notes[Note.NEXT])
        self.kept = data[at:]


def padded(number, data, padding, end):
    flags = (["PADDED"] if padding else []) + (["END_STREAM"] if end else [])
    return DataFrame(number, data, pad_length=padding, flags=flags)


FRAMES = st.one_of(
    st.builds(padded, st.sampled_from([1, 3, 5]), st.binary(max_size=40),
              st.sampled_from([0, 0, 1, 200]), st.sampled_from([False, False, False, True])),
    st.builds(lambda n: PingFrame(0, bytes([n] * 8)), st.integers(0, 255)),
    st.builds(lambda: SettingsFrame(settings={4: 100})),
    st.builds(lambda n: HeadersFrame(n, b"\x82", flags=["END_HEADERS"]), st.sampled_from([7, 9])),
    st.builds(lambda n: RstStreamFrame(n, 8), st.sampled_from([3, 7])),
    st.builds(lambda: GoAwayFrame(0, 1, 2)),
    st.builds(lambda n, more: WindowUpdateFrame(n, window_increment=more),
              st.sampled_from([0, 1, 3]), st.integers(1, 2**31 - 1)),
)  # fmt: skip


def expected(frames):
    """The obvious version."""
    data = dict.fromkeys(OWN, b"")
    ended, library, granted, flow, empty = set(), b"", [], 0, 0
    for frame in frames:
        wire = frame.serialize()
        if isinstance(frame, WindowUpdateFrame):
            granted.append((frame.stream_id, frame.window_increment))
        elif isinstance(frame, DataFrame) and frame.stream_id in OWN:
            data[frame.stream_id] += frame.data
            flow += len(wire) - 9
            empty += not frame.data
            if "END_STREAM" in frame.flags:
                ended.add(frame.stream_id)
        else:
            library += wire
    return data, ended, library, granted, flow, empty


@given(st.lists(FRAMES, max_size=12), st.lists(st.integers(1, 60), max_size=20))
def test_any_frames_in_any_cuts_are_what_they_are(frames, cuts):
    wire, cutter = b"".join(frame.serialize() for frame in frames), Cutter()
    for size in [*cuts, len(wire)]:
        cutter.feed(wire[:size])
        wire = wire[size:]
    assert not cutter.kept
    found = cutter.data, cutter.ended, cutter.library, cutter.granted, cutter.flow, cutter.empty
    assert found == expected(frames)
    assert cutter.notes[Note.WINDOW] == 10**6 - cutter.flow


def test_between_headers_and_their_end_everything_is_the_librarys():
    frames = [
        HeadersFrame(7, b"\x82"), DataFrame(1, b"x"), WindowUpdateFrame(0, window_increment=1),
        ContinuationFrame(7, b""), ContinuationFrame(7, b"", flags=["END_HEADERS"]),
        DataFrame(1, b"y"),
    ]  # fmt: skip
    cutter = Cutter()
    for frame in frames:
        cutter.feed(frame.serialize())
    assert cutter.library == b"".join(frame.serialize() for frame in frames[:-1])
    assert cutter.data[1] == b"y"


@pytest.mark.parametrize(
    "wire",
    [
        b"\x00\x00\x03\x00\x08\x00\x00\x00\x01\x03ab",  # padding longer than the frame
        b"\x00\x00\x00\x00\x08\x00\x00\x00\x01",  # padded, and nothing in it
        b"\x00\x00\x03\x08\x00\x00\x00\x00\x01abc",  # credit of three bytes
        (MOST + 1).to_bytes(3, "big") + b"\x00\x00\x00\x00\x00\x01abc",  # too long
    ],
)
def test_what_breaks_the_rules_is_for_the_library_to_refuse(wire):
    cutter = Cutter()
    cutter.feed(wire)
    assert cutter.library == wire
    assert not cutter.data[1]


def test_more_than_the_window_is_told():
    for windows in ((10, 100), (100, 10)):
        cutter = Cutter(windows[0])
        cutter.notes[Note.WINDOW] = windows[1]
        cutter.feed(DataFrame(1, b"x" * 10).serialize())
        assert not cutter.overrun
        cutter.feed(DataFrame(1, b"x").serialize())
        assert cutter.overrun


@pytest.mark.parametrize("way", [http2.through_ngh2, http2.through_h2, http2.by_the_kernel])
def test_the_benchmark_of_the_choice_runs(way, monkeypatch):
    monkeypatch.setattr(http2, "ROUNDS", 1)
    assert http2.measure(way()) > 0
