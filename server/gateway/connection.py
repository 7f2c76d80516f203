"""One connection: what comes in. The library keeps the protocol's state, the kernel cuts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Protocol

import ngh2
import numpy as np

from server.codec.decoder import Decoder
from server.gateway.http2.frames import cut
from server.gateway.http2.inbound import Halves
from server.gateway.http2.limits import CALM, Budget, Closing, Limits
from server.gateway.http2.outgoing import MOST_WINDOW, MOST_WRITE, Outgoing
from server.gateway.http2.past import Past
from server.gateway.http2.slots import Column, Found, Note, Slot
from server.gateway.http2.stream import Stream
from server.gateway.http2.wire import Pair, ended

Array = np.ndarray[Any, Any]
PREFACE = 24  # bytes
RESET_COST = 10  # a stream that is reset costs the budget as much as so many frames


class Owner(Protocol):
    """The gateway, as its connections see it. They share the memory that they read into."""

    limits: Limits
    configuration: ngh2.Configuration
    decoder: Decoder
    input: Array
    output: Array
    view: memoryview
    lead: int  # where in the decoder's memory a run of DATA goes: behind what is left of a message
    received: int
    halves: Halves

    def enter(self, connection: Connection) -> bool:
        """A new connection; whether there is room for it."""

    def leave(self, connection: Connection, reason: str) -> None:
        """A connection is gone."""

    def begin(self, connection: Connection, stream: Stream, headers: Iterable[Pair]) -> None:
        """A request's headers are there."""

    def give_up(self, stream: Stream) -> None:
        """The rest of a request does not come."""

    def crowd(self, stream: Stream) -> None:
        """There is no room for a message that is not whole."""


class Connection(asyncio.BufferedProtocol):
    """The protocol of one transport."""

    def __init__(self, door: Owner) -> None:
        limits = self._limits = door.limits
        self._door = door
        self._library = ngh2.Connection(ngh2.Role.SERVER, door.configuration)
        self._notes = np.zeros(len(Note), np.int64)
        self._table = np.zeros((limits.streams, len(Column)), np.int64)
        self._pairs = np.zeros(2 * len(Slot), np.int64)
        for slot, array in (
            (Slot.INPUT, door.input), (Slot.OUTPUT, door.output), (Slot.NOTES, self._notes),
            (Slot.STREAMS, self._table),
        ):  # fmt: skip
            self._pairs[2 * slot : 2 * slot + 2] = array.ctypes.data, len(array)
        self._address, self._told = int(self._pairs.ctypes.data), self._notes.data
        self._kept = b""  # the beginning of a frame
        self._preface = PREFACE  # bytes of it that have not come
        self.streams: dict[int, Stream] = {}
        self._rows: list[Stream | None] = [None] * limits.streams
        self._last = self._highest = 0  # number of a stream: that was taken, that was seen
        self._past = Past(limits.streams)
        self._reason = ""  # why it is being closed
        self._polite = False  # whether one side has said that it will go
        self._loop = asyncio.get_running_loop()
        self.budget = Budget(limits.control_burst, limits.control_rate, self._loop.time())
        windows = limits.window, limits.connection_window
        self.out = Outgoing(self._library, windows, self, self.forget, self.budget)
        self.heard = self.kept_since = self.stuck_since = self.closing_since = 0.0
        self.asked_at = 0.0  # when a PING was sent that is not answered
        self.peer = ""

    # ------------------------------------------------------------------ the transport

    def connection_made(self, transport: Any) -> None:
        """Let it in, or not; say the settings."""
        self._transport = self.out.transport = transport
        self.heard = self.kept_since = self._loop.time()
        self.peer = _peer(transport.get_extra_info("peername"))
        tls = transport.get_extra_info("ssl_object")
        is_http2 = tls is None or tls.selected_alpn_protocol() == "h2"
        if not self._door.enter(self) or not is_http2:
            self.abort("alpn" if not is_http2 else "refused")
            return
        transport.set_write_buffer_limits(high=MOST_WRITE)
        self._library.initiate_connection(
            {
                ngh2.Setting.INITIAL_WINDOW_SIZE: self._limits.window,
                ngh2.Setting.MAX_CONCURRENT_STREAMS: self._limits.streams,
                ngh2.Setting.MAX_HEADER_LIST_SIZE: self._limits.headers,
            }
        )
        self._library.set_local_window_size(self._limits.connection_window)
        self._notes[Note.WINDOW] = self._limits.connection_window
        self.out.flush()

    def get_buffer(self, sizehint: int) -> memoryview:
        """All connections read into one buffer; what was left of a frame goes in front."""
        size = len(self._kept)
        self._door.view[:size] = self._kept
        return self._door.view[size:]

    def buffer_updated(self, count: int) -> None:
        """Bytes came."""
        stop = len(self._kept) + count
        self._door.received += count
        if self._reason:
            self._kept = b""
            return
        self.heard, self.asked_at = self._loop.time(), 0.0
        self.out.flushes = True  # when all has been looked at
        block = self._told[Note.HEADERS]
        try:
            at = self._take(stop)
        except Closing as end:
            self.close(end.code, end.reason)
            return
        except ngh2.DenialOfServiceError:
            self.close(CALM, "flood")
            return
        except ngh2.NGH2Error:
            self.close(ngh2.ErrorCode.PROTOCOL_ERROR, "protocol")
            return
        waited = bool(self._preface) or (bool(self._kept) and at == 0)
        self._kept, open_block = bytes(self._door.view[at:stop]), self._told[Note.HEADERS]
        if not waited and not (block and block == open_block):
            self.kept_since = self.heard if self._kept or open_block else 0.0
        self.out.flush()
        if not self._library.want_read:  # it has said why, or the peer has said goodbye
            self._go("goodbye" if self._polite else "protocol")

    def eof_received(self) -> bool:
        """The peer sends nothing more: neither do we."""
        return False

    def connection_lost(self, error: Exception | None) -> None:
        """Everything under way on it ends."""
        for stream in list(self.streams.values()):
            self.forget(stream)
        self._door.leave(self, self._reason or ("peer" if error is None else "broken"))

    def pause_writing(self) -> None:
        """The peer does not read: take nothing from it either, so that no answers pile up."""
        self.out.paused, self.stuck_since = True, self._loop.time()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """It reads again."""
        self.out.paused, self.stuck_since = False, 0.0
        if not self._reason:
            self._transport.resume_reading()
            self.out.flush()

    # ------------------------------------------------------------------ what comes in

    def _take(self, stop: int) -> int:
        """Deal with the frames up to `stop`; returns where an incomplete one begins."""
        at = 0
        if self._preface:
            at = min(self._preface, stop)
            self._tell(self._door.view[:at])
            self._preface -= at
        told = self._told
        while at < stop:
            found = cut(self._address, at, stop, self._door.lead)
            if found == Found.NOTHING:
                break
            if found == Found.RUN:
                self._run(told[Note.ROW], told[Note.END], told[Note.FLOW])
            elif found == Found.LIBRARY:
                self._pass(self._door.view[told[Note.BEGIN] : told[Note.END]])
            elif found == Found.CREDIT:
                self._credited(told[Note.NUMBER], told[Note.INCREMENT])
            elif found == Found.WRONG:
                raise Closing(ngh2.ErrorCode.PROTOCOL_ERROR, "protocol")
            else:
                raise Closing(ngh2.ErrorCode.FLOW_CONTROL_ERROR, "protocol")
            at = told[Note.NEXT]
        return int(at)

    def _run(self, row: int, end: int, flow: int) -> None:
        """DATA of one stream, its payload from `lead` to `end` in the decoder's memory."""
        stream = self._rows[row]
        assert stream is not None
        is_last, empty, lead = self._told[Note.ENDED], self._told[Note.EMPTY], self._door.lead
        if empty:
            self.budget.spend(empty, self.heard)
        inbound, talk, data = stream.inbound, stream.conversation, self._door.decoder.data
        if talk is None or not talk.wants or len(inbound.pending) + end - lead < inbound.size:
            if not inbound.add(data[lead:end], flow):  # it waits, or a long message is not whole
                self._door.crowd(stream)
        else:
            size = len(inbound.pending)
            data[lead - size : lead] = inbound.pending
            talk.received(lead - size, end)
            inbound.count(flow)
        if is_last:
            self._tell(ended(stream.number))

    def _credited(self, number: int, increment: int) -> None:
        """The peer takes so many more bytes."""
        self.budget.spend(1, self.heard)
        if increment == 0 or number > self._highest:
            raise Closing(ngh2.ErrorCode.PROTOCOL_ERROR, "protocol")
        if number == 0:
            self.out.credited(None, increment)
        elif number in self.streams:
            self.out.credited(self.streams[number], increment)

    def _pass(self, frames: memoryview) -> None:
        """Frames that are the library's."""
        number, idle = self._told[Note.NUMBER], self._told[Note.EMPTY]
        if idle:
            self.budget.spend(idle, self.heard)
        if number in self.streams or not number:
            self._tell(frames)
            return
        is_new, self._highest = number > self._highest, max(number, self._highest)
        if not is_new:
            self.budget.spend(1, self.heard)
            self._past.check(number)
        self._tell(frames)
        if is_new and number not in self.streams:  # refused
            self.budget.spend(1, self.heard)
            self._past.add(number, was_ended=False)

    def _tell(self, data: memoryview | bytes) -> None:
        """Frames for the library, and what it makes of them."""
        self._library.receive_data(data)
        for event in self._library.events():
            match event:
                case ngh2.DataReceived():
                    self._data(event)
                case ngh2.RequestReceived():
                    self._request(event)
                case ngh2.TrailersReceived():
                    self._end(event.stream_id)
                case ngh2.GoAwayReceived():
                    self._polite = True
                case ngh2.StreamReset():
                    self._past.add(event.stream_id, was_ended=True)
                case ngh2.StreamClosed():
                    if event.error_code:
                        self.budget.spend(RESET_COST, self.heard)
                    if event.stream_id in self.streams:
                        self.forget(self.streams[event.stream_id])
                case ngh2.SettingsReceived():
                    self._settings(event.settings)

    def _request(self, event: ngh2.RequestReceived) -> None:
        number = self._last = event.stream_id
        window, most, halves = self.out.first_window, self._limits.message, self._door.halves
        stream = Stream(self.out, number, window, most, halves)
        self.streams[number] = stream
        self._door.begin(self, stream, event.headers)
        if event.end_stream:
            stream.inbound.end()

    def take_data(self, stream: Stream) -> None:
        """From now on the stream's DATA does not go through the library."""
        row = self._rows.index(None)
        self._rows[row], stream.row = stream, row
        self._table[row] = stream.number, self._limits.window

    def _data(self, event: ngh2.DataReceived) -> None:
        """DATA that went through the library, which has given credit for it."""
        stream = self.streams.get(event.stream_id)
        if stream is not None and event.data and stream.row < 0:
            if not stream.inbound.add(event.data, 0):
                self._door.crowd(stream)
            talk = stream.conversation
            if talk is not None and stream.inbound.ready:
                talk.resume()
        elif not event.end_stream:
            self.budget.spend(1, self.heard)
        if event.end_stream:
            self._end(event.stream_id)

    def _end(self, number: int) -> None:
        """The peer has ended its half of a stream."""
        stream = self.streams.get(number)
        if stream is not None:
            stream.inbound.end()
            if stream.conversation is not None:
                stream.conversation.resume()

    def _settings(self, settings: Any) -> None:
        wanted = settings.get(ngh2.Setting.INITIAL_WINDOW_SIZE)
        if wanted is not None:
            change, self.out.first_window = wanted - self.out.first_window, wanted
            for stream in self.streams.values():
                stream.window += change
                if stream.window > MOST_WINDOW:
                    raise Closing(ngh2.ErrorCode.FLOW_CONTROL_ERROR, "protocol")
                self.out.touch(stream)

    def grant(self, stream: Stream | None, size: int) -> None:
        """See `outgoing.Grants`."""
        if stream is None:
            self._notes[Note.WINDOW] += size
        elif stream.row >= 0:
            self._table[stream.row, Column.WINDOW] += size

    # ------------------------------------------------------------------ the end

    def forget(self, stream: Stream) -> None:
        """A stream is over, in whatever way."""
        stream.closed = True
        self.streams.pop(stream.number, None)
        self._past.add(stream.number, stream.inbound.ended)
        self.out.forget(stream)
        stream.inbound.close()
        if stream.row >= 0:
            self._rows[stream.row] = None
            self._table[stream.row] = 0
            stream.row = -1
        if stream.task is not None and stream.trailers is None:
            stream.task.cancel()

    def look(self, now: float) -> None:
        """Once a second: has the peer kept us waiting for too long?"""
        limits, transport = self._limits, self._transport
        if self.closing_since or self._reason:
            if now - self.closing_since > limits.pong:
                transport.abort()
        elif self.stuck_since and now - self.stuck_since > limits.pong:
            self.abort("stuck")
        elif self.kept_since and now - self.kept_since > limits.patience:
            self.close(CALM, "slow")
        elif self.asked_at and now - self.asked_at > limits.pong:
            self.abort("silent")
        elif not self.asked_at and now - self.heard > limits.ping:
            self.asked_at = now
            self._library.ping(b"gridwork")
            self.out.wake()
        for stream in list(self.streams.values()):
            if stream.stalled_at and now - stream.stalled_at > limits.patience:
                self.out.reset(stream, CALM)
            elif stream.since and now - stream.since > limits.patience:
                stream.since = 0.0
                self._door.give_up(stream)

    def shut(self, last: bool) -> None:
        """Say that no new stream will be taken; `last`: those under way are all."""
        if self._reason or self._transport.is_closing():
            return
        self._polite = True
        if last:
            self._library.send_goaway(0, last_stream_id=self._last)
        else:
            self._library.send_shutdown_notice()
        self.out.wake()

    def close(self, code: int, reason: str) -> None:
        """Say why, and go."""
        if not self._transport.is_closing():
            self.out.goaway(self._last, code)
            self._go(reason)

    def _go(self, reason: str) -> None:
        self._reason, self.closing_since = reason, self._loop.time()
        self._transport.close()

    def abort(self, reason: str) -> None:
        """Go at once."""
        self._reason = self._reason or reason
        self._transport.abort()


def _peer(name: Any) -> str:
    """An address as gRPC writes it."""
    if not isinstance(name, tuple):
        return "unknown"
    if ":" in name[0]:
        return f"ipv6:[{name[0]}]:{name[1]}"
    return f"ipv4:{name[0]}:{name[1]}"
