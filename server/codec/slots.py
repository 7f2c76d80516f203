"""Which table of a codec is which: numbers that the kernels and their owners share."""

from enum import IntEnum


class Slot(IntEnum):
    """Place in the list of (address, count) pairs that a kernel gets."""

    DATA = 0  # u1: bytes, PAD more than are used
    WORDS = 1  # rows as cells of 8 bytes
    INTS = 2  # the same rows as cells of 4
    SHORTS = 3  # of 2
    BYTES = 4  # of 1
    NOTES = 5  # i8: Note
    FIELDS = 6  # decoding: field number -> kind, place, row of codes
    CODES = 7  # decoding: number on the wire -> code
    SCRATCH = 8  # decoding: open groups, bad fields
    MESSAGES = 9  # decoding: one row of Message for each gRPC message
    STARTS = 10  # encoding: first step by type of row
    STEPS = 11  # encoding: tag, kind, place
    OFFSETS = 12  # encoding: where each row's bytes begin in DATA, and where the last one's end
    PICKS = 13  # encoding: the rows that a reply is made of
    REPLY = 14  # encoding: the replies
    HEAD = 15  # encoding: the other fields of a reply, by number; varints, 0 left out
    MAY = 16  # decoding, u1: by number of a node, whether it is known to be the sender's


class Note(IntEnum):
    """What a kernel says about a message, and what it is told."""

    FAULT = 0
    POSITION = 1
    COMMAND = 2  # row, -1 none
    FIELD = 3
    VALUE = 4
    MSG_SEQ_NUM = 5
    CONTROL = 6
    SESSION = 7  # told: goes into every row
    ACCOUNT = 8  # told: goes into rows that name none
    PROCESSED = 9  # of responses: the last command that was processed
    ODD = 10  # how many commands are a sweep or name an account that MAY does not have


class Message(IntEnum):
    """Columns of MESSAGES. The row behind the last message has START and ROW of what is next."""

    START = 0  # first byte behind the five of the prefix
    STOP = 1
    ROW = 2
    ROWS = 3
    MSG_SEQ_NUM = 4
    CONTROL = 5
