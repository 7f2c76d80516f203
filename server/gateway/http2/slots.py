"""Numbers that the kernel of `frames` and its callers share."""

from enum import IntEnum


class Slot(IntEnum):
    """Place in the list of (address, count) pairs that the kernel gets."""

    INPUT = 0  # u1: what came from the socket
    OUTPUT = 1  # u1: the payload of a run of DATA frames, one after the other
    NOTES = 2  # i8: Note
    STREAMS = 3  # i8: one row of Column for each stream whose DATA the kernel takes


class Column(IntEnum):
    """Columns of STREAMS."""

    NUMBER = 0  # of the stream; 0: the row is free
    WINDOW = 1  # bytes that the peer may still send


class Note(IntEnum):
    """What the kernel is told and tells."""

    BEGIN = 0  # first byte of what was found, in INPUT or (RUN) in OUTPUT
    END = 1  # behind its last byte
    NEXT = 2  # where to go on in INPUT
    ROW = 3  # RUN: row of STREAMS
    FLOW = 4  # RUN: bytes that count against the windows, padding too
    ENDED = 5  # RUN: 1 if the peer has ended the stream
    NUMBER = 6  # CREDIT: stream; LIBRARY: that of the HEADERS or DATA in it, 0: there is none
    INCREMENT = 7  # CREDIT
    HEADERS = 8  # kept: the stream whose block of headers is not complete, 0: none
    WINDOW = 9  # kept: bytes that the peer may still send on all streams together
    EMPTY = 10  # RUN: frames without payload in it; LIBRARY: frames that bring no work


class Found(IntEnum):
    """What is at the place where the kernel was told to look."""

    NOTHING = 0  # no complete frame
    RUN = 1  # DATA frames of one stream
    LIBRARY = 2  # frames that belong to the library
    CREDIT = 3  # a WINDOW_UPDATE
    OVERRUN = 4  # more DATA than the window allows
    WRONG = 5  # PRIORITY of the connection, or of a stream that depends on itself
