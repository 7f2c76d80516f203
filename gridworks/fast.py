"""Order entry at full speed: rows in, rows out, through the gateway. Needs the extra `server`.

    session = FastSession("127.0.0.1:7401", key, Logon(session="desk-1", account="accounts/a"))
    session.send(rows)            # COMMAND rows (domain.layout), each a message of its own
    reports = session.receive()   # REPORT rows; waits until there are some
    session.close()

One thread, no callbacks, no object for each order: kernels write the messages of many rows and read
those that come back. It is plain gRPC on the wire. Numbers of messages are counted here, so that
nothing is applied twice; to resume, log on with `next_expected_msg_seq_num`.
"""

from __future__ import annotations

import ssl
import time
from typing import Any

import numpy as np

from domain.errors import InvalidField
from domain.layout import COMMAND, REPORT
from gridworks.api.trading.v1.order_entry_pb2 import (
    Heartbeat,
    Logon,
    LogonResponse,
    Logout,
    OrderEntryRequest,
    OrderEntryResponse,
)
from gridworks.client.errors import Unavailable, from_status
from gridworks.client.wire.channels import ORDER_ENTRY
from gridworks.fastwire import Wire, connect
from server.codec.encoder import Encoder
from server.codec.reader import ReportReader
from server.codec.slots import Message
from server.gateway.http2.wire import PREFIX

Rows = np.ndarray[Any, Any]
PIECE = 1024  # rows that are packed at once


class FastSession:
    """One order-entry session. Not for several threads at a time.

    Args:
        target: host:port of the gateway.
        key: the API key.
        logon: how to log on.
        tls: how to talk TLS; None: not at all.
        timeout: seconds that the logon and the goodbye may take.

    Raises CallError when the server refuses, Unavailable when there is none.
    """

    def __init__(
        self, target: str, key: str, logon: Logon, *, tls: ssl.SSLContext | None = None,
        timeout: float = 30.0,
    ) -> None:  # fmt: skip
        self._reader, self._encoder = ReportReader(), Encoder(COMMAND, PIECE)
        connection = connect(target, timeout, tls)
        metadata = (("authorization", f"Bearer {key}"),)
        self._wire = Wire(connection, target, ORDER_ENTRY, metadata, self._reader.data)
        self._timeout, self._begin = timeout, 0
        self._found: list[Rows] = []
        self._ended, self._sent, self._interval = False, time.monotonic(), 30.0
        self.logon = LogonResponse()
        try:
            self._log_on(logon, time.monotonic() + timeout)
        except BaseException:
            self._wire.close()
            raise
        self.next_msg_seq_num = self.logon.next_expected_msg_seq_num
        self.last_seq_num = 0  # the last report that was read
        interval = self.logon.heartbeat_interval
        self._interval = interval.seconds + interval.nanos * 1e-9

    @property
    def processed(self) -> int:
        """The last command that the server has applied, as far as it has said so."""
        return self._reader.processed

    def send(self, rows: Rows) -> int:
        """Send each row as a message of its own; the number of the first.

        What comes back meanwhile is kept for `receive`. Raises InvalidField for other rows.
        """
        if rows.dtype != COMMAND or not rows.flags.c_contiguous:
            raise InvalidField("rows", rows.dtype, "contiguous COMMAND rows")
        first = self.next_msg_seq_num
        for at in range(0, len(rows), PIECE):
            part = rows[at : at + PIECE]
            self._encoder.encode(part)
            self._wire.push(bytes(self._encoder.each(None, self.next_msg_seq_num)))
            self.next_msg_seq_num += len(part)
            self._push(until=None)
        return first

    def send_batch(self, rows: Rows) -> int:
        """Send rows as one message, at most `logon.max_commands`; the number of the first."""
        first = self.next_msg_seq_num
        self._encoder.encode(rows)
        self._wire.push(bytes(self._encoder.framed(None, first)))
        self.next_msg_seq_num += len(rows)
        self._push(until=None)
        return first

    def receive(self, timeout: float | None = None) -> Rows:
        """Reports that have come, oldest first; waits for the first. Empty after the timeout.

        A timeout of 0 takes what is there. Raises CallError.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while not self._found and not self._ended:
            self._turn(until)
            if until is not None and time.monotonic() >= until:
                break
        found, self._found = self._found, []
        if len(found) == 1:
            return found[0]
        return np.concatenate(found) if found else np.zeros(0, REPORT)

    def close(self) -> None:
        """Log out in good order, if the server lets us, and hang up."""
        try:
            if not self._ended:
                self._control(OrderEntryRequest(logout=Logout()))
                until = time.monotonic() + self._timeout
                while not self._ended:
                    self._await(until)
        finally:
            self._wire.close()

    def __enter__(self) -> FastSession:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # ------------------------------------------------------------------ the wire

    def _log_on(self, logon: Logon, until: float) -> None:
        self._control(OrderEntryRequest(logon=logon))
        while not self.logon.session:
            self._await(until)

    def _control(self, request: OrderEntryRequest) -> None:
        data = request.SerializeToString()
        self._wire.push(PREFIX.pack(0, len(data)) + data)

    def _push(self, until: float | None) -> None:
        """Write what can be written; while the peer takes nothing more, read."""
        while self._wire.write():
            self._turn(until)
        self._sent = time.monotonic()

    def _turn(self, until: float | None) -> None:
        """Write and read once; take in what came. Raises CallError."""
        left = 1.0 if until is None else until - time.monotonic()
        end = self._wire.turn(self._begin, max(0.0, min(left, 1.0)))
        self._begin = self._take(end)
        if self._wire.status is not None:
            self._ended = True
            code, text, details = self._wire.status
            if code:
                raise from_status(code, text, details)
        elif self.logon.session and time.monotonic() - self._sent > self._interval:
            self._control(OrderEntryRequest(heartbeat=Heartbeat()))
            self._sent = time.monotonic()

    def _await(self, until: float) -> None:
        """`_turn` where an answer is due. Raises Unavailable when the time is over."""
        if time.monotonic() >= until:
            raise Unavailable("the server does not answer")
        self._turn(until)

    def _take(self, end: int) -> int:
        """Read the messages up to `end`; returns how many bytes are left, moved to the front."""
        begin, data = 0, self._reader.data
        while begin < end:
            rows, found, after = self._reader.read(begin, end)
            if not len(found):
                break
            begin = after
            if len(rows):
                self._found.append(rows.copy())
                numbered = found[found[:, Message.ROWS] > 0][-1]
                self.last_seq_num = int(numbered[Message.MSG_SEQ_NUM] + numbered[Message.ROWS] - 1)
            for start, stop, *_, control in found[found[:, Message.CONTROL] > 0].tolist():
                if control:
                    self._answered(OrderEntryResponse.FromString(bytes(data[start:stop])))
        left = end - begin
        data[:left] = bytes(data[begin:end])
        return left

    def _answered(self, response: OrderEntryResponse) -> None:
        if response.HasField("logon"):
            self.logon.CopyFrom(response.logon)
        if response.HasField("heartbeat") and response.heartbeat.test_req_id:
            same = Heartbeat(test_req_id=response.heartbeat.test_req_id)
            self._control(OrderEntryRequest(heartbeat=same))
