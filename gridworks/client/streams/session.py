"""An order-entry session: commands in, reports out, over as many connections as it takes.

The session numbers commands and reports, heartbeats, and after a loss connects again, asks for the
reports that it has not seen and sends the commands that the server has not applied. The server
skips what it has; so nothing is lost and nothing is done twice.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Unpack

from domain.errors import InvalidField
from gridworks.api.trading.v1 import order_entry_pb2 as api
from gridworks.client.errors import CallError, Cancelled, FailedPrecondition, Unavailable
from gridworks.client.faces import (
    Async,
    AsyncStream,
    M,
    Service,
    Stream,
    Sync,
    Wire,
    call,
)
from gridworks.client.options import Settings
from gridworks.client.plans import Link, Metadata, Plan, Step, emit, follow, sleep
from gridworks.client.requests import Code, build
from gridworks.client.scales import Scale
from gridworks.client.streams import orders
from gridworks.client.streams.commands import Commands
from gridworks.client.streams.reports import Counter, Numbered
from gridworks.client.wire.channels import ORDER_ENTRY

_END = object()  # the last thing in an inbox
_CLOSED = "the session is closed"


@dataclass(frozen=True)
class Wish:
    """How a session is opened."""

    session: str
    account: str
    first_report: int  # 0: with what happens from now on
    cancel_on_disconnect: bool
    dead_man: float | None  # seconds
    heartbeat: float  # seconds
    resend: bool
    most_waiting: int


class Session(Service[M]):
    """What `client.trading.order_entry(...)` opens; use it with `with` or `async with`.

    Iterate, or `receive`, for (number, report). Sending does not wait: the bytes are queued, the
    answer is a report. Prices are int ticks and quantities int lots: `client.market_data.scale`.
    """

    path = ORDER_ENTRY
    both_ways = True

    def __init__(self, wire: Wire, settings: Settings, metadata: Metadata, wish: Wish) -> None:
        super().__init__(wire)
        self._settings, self._metadata, self._wish = settings, metadata, wish
        self._lock = threading.Lock()
        self._commands = Commands(wish.most_waiting)
        self._counter = Counter(wish.first_report)
        self._inbox: Any = None
        self._ready: list[Numbered] = []
        self._link: Link | None = None
        self._connected = self._closing = False
        self._error: CallError | None = None
        self._ended = False
        self._sent_at = 0.0
        self.logon: api.LogonResponse = api.LogonResponse()
        self.dropped = 0
        self.connections = 0
        self.next_number = wish.first_report

    # ------------------------------------------------------------------ state

    @property
    def sent(self) -> int:
        """Number of the last command that was sent, 0 for none."""
        return max(self._commands.next - 1, 0)

    @property
    def applied(self) -> int:
        """Number of the last command that the server is known to have applied."""
        return self._commands.applied

    @property
    def connected(self) -> bool:
        """Whether the session is logged on at this moment."""
        return self._connected

    @property
    def accounts(self) -> dict[str, int]:
        """The accounts that the key may use, with their numbers, as the logon told."""
        return {each.name: each.number for each in self.logon.accounts}

    # ------------------------------------------------------------------ sending

    def send(self, commands: Sequence[api.OrderCommand]) -> int:
        """Send commands in one message, or in as few as the server takes: the first's number.

        While the connection is lost they wait for the next one. Raises Backlog when too many wait,
        FailedPrecondition before the session is open, and whatever has ended the session.
        """
        if not commands:
            raise InvalidField("commands", commands, "one or more")
        with self._lock:
            self._require_open()
            if not self._connected and not self._wish.resend:
                raise Unavailable("not connected now, and the session was opened with resend=False")
            first, messages = self._commands.add(commands, self.logon.max_commands)
            if self._connected and self._link is not None:
                self._sent_at = time.monotonic()
                for data in messages:
                    self._link.write(data)
            return first

    def new_order(
        self, instrument: Scale | int, side: Code, order_qty: int, price: int = 0,
        **more: Unpack[orders.More],
    ) -> int:  # fmt: skip
        """Enter an order (`streams.orders.new_order`): its cl_ord_id. Raises as `send`."""
        made = orders.new_order(instrument, side, order_qty, price, **more)
        self.send([made])
        return made.cl_ord_id

    def cancel_order(self, orig_cl_ord_id: int = 0, *, order_id: int = 0) -> int:
        """Cancel an order: the number of the command. Raises as `send`."""
        return self.send([orders.cancel_order(orig_cl_ord_id, order_id=order_id)])

    def replace_order(
        self, orig_cl_ord_id: int = 0, *, order_id: int = 0, order_qty: int = 0, price: int = 0,
        **more: Unpack[orders.More],
    ) -> int:  # fmt: skip
        """Change an order: the number of the command. Raises as `send`."""
        return self.send([
            orders.replace_order(
                orig_cl_ord_id, order_id=order_id, order_qty=order_qty, price=price, **more
            )
        ])  # fmt: skip

    def mass_cancel(self, instrument: Scale | int = 0, side: Code | None = None) -> int:
        """Cancel orders of the session's account: the number of the command. Raises as `send`."""
        return self.send([orders.mass_cancel(instrument, side)])

    def quote(
        self, instrument: Scale | int, bid: tuple[int, int], offer: tuple[int, int],
        **more: Unpack[orders.More],
    ) -> int:  # fmt: skip
        """Enter or change a quote: its cl_ord_id. Raises as `send`."""
        made = orders.quote(instrument, bid, offer, **more)
        self.send([made])
        return made.cl_ord_id

    def _require_open(self) -> None:
        if self._error is not None:
            raise self._error
        if self._closing or not self._commands.next:
            raise FailedPrecondition(_CLOSED if self._closing else "the session is not open yet")

    # ------------------------------------------------------------------ what a connection does

    def request(self) -> api.OrderEntryRequest:
        """The logon. Raises Cancelled once the session is to end."""
        if self._closing:
            raise Cancelled(_CLOSED)
        wish, message = self._wish, api.OrderEntryRequest()
        message.logon.CopyFrom(
            build(api.Logon, {
                "session": wish.session, "account": wish.account,
                "next_expected_msg_seq_num": self._counter.next,
                "cancel_on_disconnect": wish.cancel_on_disconnect,
                "dead_man_timeout": wish.dead_man, "heartbeat_interval": wish.heartbeat,
            })
        )  # fmt: skip
        return message

    def opened(self, link: Link) -> None:
        """The logon is on its way; its answer comes with the first message."""
        self._link = link

    def lost(self, error: CallError) -> None:
        """Nothing more can be written."""
        with self._lock:
            self._connected, self._link = False, None

    def take(self, data: bytes) -> list[list[Numbered]]:
        """The new reports of a message, as one item."""
        message = api.OrderEntryResponse.FromString(data)
        if message.HasField("logon"):
            self._logged_on(message.logon)
        if message.HasField("sequence_reset"):
            raise self._counter.reset(message.sequence_reset.new_seq_no)
        if message.HasField("heartbeat") and message.heartbeat.test_req_id:
            answer = api.OrderEntryRequest()
            answer.heartbeat.test_req_id = message.heartbeat.test_req_id
            self._write(answer)
        reports = self._counter.take(message.msg_seq_num, message.reports)
        with self._lock:
            self._commands.processed(message.last_msg_seq_num_processed)
        return [reports] if reports else []

    def _logged_on(self, logon: api.LogonResponse) -> None:
        """Send again what the server has not applied, before anything new."""
        with self._lock:
            self.logon, again = logon, self._commands.expected(
                logon.next_expected_msg_seq_num
            )
            if not self._wish.resend and again:
                self.dropped += self._commands.forget()
                again = []
            self._counter.next = self._counter.next or logon.next_msg_seq_num
            self.next_number = self.next_number or self._counter.next
            for data in again:
                if self._link is not None:
                    self._link.write(data)
            self._sent_at = time.monotonic()
            self._connected = True
            self.connections += 1

    def _write(self, message: api.OrderEntryRequest) -> None:
        with self._lock:
            if self._connected and self._link is not None:
                self._sent_at = time.monotonic()
                self._link.write(message.SerializeToString())

    # ------------------------------------------------------------------ in the background

    def _pump(self) -> Plan[None]:
        """Read reports into the inbox until the session ends; then say why."""
        made, error = self._settings, None
        try:
            yield from follow(
                self, self._metadata, made.retry, made.patience,
                give=lambda reports: Step("put", (self._inbox, reports)),
            )  # fmt: skip
        except CallError as problem:
            error = problem
        with self._lock:
            self._connected = False
            self._error = error or Cancelled(_CLOSED)
        yield Step("put", (self._inbox, _END))

    def _beats(self) -> Plan[None]:
        """Say "alive" often enough for the server and for the dead man's switch."""
        beat = api.OrderEntryRequest()
        beat.heartbeat.SetInParent()
        every = self._wish.heartbeat / 3
        if self._wish.dead_man:
            every = min(every, self._wish.dead_man / 3)
        while self._error is None:
            yield sleep(every)
            if time.monotonic() - self._sent_at >= every * 0.9:
                self._write(beat)

    # ------------------------------------------------------------------ for whoever uses it

    @call
    def open(self) -> Plan[None]:
        """Log on and wait for the answer; `with` does it. Raises CallError."""
        self._inbox = self.wire.inbox(1024)  # type: ignore[attr-defined]
        self.wire.background(self._pump())
        ends = time.monotonic() + self._settings.timeout
        while not self._connected and self._error is None:
            if time.monotonic() > ends:
                self._stop()
                raise Unavailable(f"no answer to the logon within {self._settings.timeout:g} s")
            yield sleep(0.002)
        if self._error is not None:
            raise self._error
        self.wire.background(self._beats())

    @call
    def receive(self, timeout: float | None = None) -> Plan[Numbered | None]:
        """The next (number, report); None when none came within `timeout` seconds.

        Raises what has ended the session, behind the last report.
        """
        return self._receive(timeout)

    def _receive(self, timeout: float | None) -> Plan[Numbered | None]:
        if not self._ready:
            found: Any = _END
            if not self._ended:
                found = yield Step("take", (self._inbox, timeout))
            if found is None:
                return None
            if found is _END:
                self._ended = True
                raise self._error or Cancelled(_CLOSED)
            self._ready = found[::-1]
        item = self._ready.pop()
        self.next_number = item.number + 1
        return item

    def _all(self) -> Plan[None]:
        """Every report to come, until the session is closed. Raises what has ended it."""
        while True:
            try:
                item = yield from self._receive(None)
            except Cancelled:
                return
            yield emit(item)

    @call
    def close(self, timeout: float = 5.0) -> Plan[None]:
        """Log out: what was sent is applied first. `with` does it."""
        message = api.OrderEntryRequest()
        message.logout.SetInParent()
        with self._lock:
            self._closing = True
        self._write(message)
        ends = time.monotonic() + timeout
        while self._connected and time.monotonic() < ends:
            yield sleep(0.002)
        self._stop()
        while not self._ended:  # reports that nobody took may be in the way of the last word
            found = yield Step("take", (self._inbox, timeout))
            self._ended = found is None or found is _END

    def _stop(self) -> None:
        with self._lock:
            self._closing = True
            self._error = self._error or Cancelled(_CLOSED)
        if (link := self._link) is not None:
            link.cancel()

    # ------------------------------------------------------------------ with, for

    def __iter__(self: Session[Sync]) -> Stream[Numbered]:
        return Stream(self.wire, self._all())

    def __aiter__(self: Session[Async]) -> AsyncStream[Numbered]:
        return AsyncStream(self.wire, self._all())

    def __enter__(self: Session[Sync]) -> Session[Sync]:
        self.open()
        return self

    def __exit__(
        self: Session[Sync], kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()

    async def __aenter__(self: Session[Async]) -> Session[Async]:
        await self.open()
        return self

    async def __aexit__(
        self: Session[Async], kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()
