"""OrderEntry: the commands and reports of one session, as bytes through the kernels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import numpy as np

from domain.codes import Command, ExecInst, Scope
from domain.errors import InvalidField, Superseded, WrongState
from domain.tables import Table
from gridworks.api.trading.v1 import order_entry_pb2 as api
from server.auth.principal import Principal
from server.codec.decoder import Decoder
from server.metering.journal import Served
from server.sequencer import rows as own
from server.sequencer.answers import Answer
from server.sequencer.sessions import Session
from server.sequencer.writer import Entry
from server.services.core import Core, caller
from server.streams.fanout import Reader
from server.streams.outbox import Outbox

METHOD = "/gridworks.api.trading.v1.TradingService/OrderEntry"
SECOND = 10**9
_R = api.OrderEntryRequest
_LOGON, _RESEND = _R.LOGON_FIELD_NUMBER, _R.RESEND_REQUEST_FIELD_NUMBER
_BEAT, _LOGOUT = _R.HEARTBEAT_FIELD_NUMBER, _R.LOGOUT_FIELD_NUMBER
_MARKED = (int(Command.NEW_ORDER), int(Command.QUOTE))
_ON_DISCONNECT = int(ExecInst.CANCEL_ON_DISCONNECT)


class Stream:
    """One stream of one session, from its logon to its end."""

    def __init__(self, core: Core, who: Principal, outbox: Outbox) -> None:
        self._core, self._who, self._outbox = core, who, outbox
        self._reader = Reader(who.key_id, outbox)
        self._decoder = Decoder(core.settings.stream_commands, core.settings.message_bytes)
        self._allowed: dict[int, str] = {}
        self._session: Session | None = None
        self._expected = 1  # number of the next command
        self._marks, self._interval = False, 30.0
        self._heard = time.monotonic()

    # ------------------------------------------------------------------ logon

    async def logon(self, message: bytes) -> None:
        """Open the session. Raises InvalidField, NotPermitted, NotFound, WrongState."""
        request = _parsed(message)
        if not request.HasField("logon") or request.commands:
            raise InvalidField("logon", "missing", "a first message with logon and nothing else")
        wish, core = request.logon, self._core
        name = own.check_session(wish.session)
        account = core.known.account("logon.account", wish.account)
        core.require_account(self._who, wish.account.partition("/")[2])
        timeout = _span("logon.dead_man_timeout", wish.dead_man_timeout, 0, 86_400 * SECOND)
        beat = _span("logon.heartbeat_interval", wish.heartbeat_interval, SECOND, 60 * SECOND)
        self._interval = (beat or 30 * SECOND) / SECOND
        self._marks = wish.cancel_on_disconnect
        session = core.state.sessions.reserve(self._who.key_id, name)
        if wish.reset_msg_seq_num and self._live_orders(session.number):
            raise WrongState("reset_msg_seq_num needs a session without live orders")
        before = core.fanout.session(session.number)
        if before is not None:
            before.outbox.end(Superseded(f"session {name} was opened from another place"))
        data = own.disconnect(session.number) if session.connected else b""
        data += own.connect(
            session.number, self._who.key_id, name, reset=wish.reset_msg_seq_num
        )
        data += own.dead_man(account, timeout)
        self._decoder.open(session.number, account)
        done = asyncio.get_running_loop().create_future()
        core.sequencer.put(
            Entry(data, done, lambda _: self._begin(session, wish), alone=True)
        )
        self._session = session
        await done

    def _live_orders(self, number: int) -> bool:
        engine = self._core.state.engine
        live = engine.table(Table.ORDER)["state"] > 0
        return bool((live & (engine.table(Table.DETAIL)["session"][: len(live)] == number)).any())

    def _begin(self, session: Session, wish: api.Logon) -> None:
        """Between two batches: everything before is missed, everything after is live."""
        core, wanted = self._core, wish.next_expected_msg_seq_num
        self._expected = session.commands + 1
        core.fanout.join_session(session.number, self._reader)
        answer = api.OrderEntryResponse(last_msg_seq_num_processed=session.commands)
        answer.logon.session = session.number
        answer.logon.next_expected_msg_seq_num = self._expected
        answer.logon.next_msg_seq_num = session.reports + 1
        answer.logon.max_commands = core.settings.stream_commands
        answer.logon.heartbeat_interval.FromNanoseconds(int(self._interval * SECOND))
        answer.logon.cancel_on_disconnect = self._marks
        if wish.HasField("dead_man_timeout") and wish.dead_man_timeout.ToNanoseconds():
            answer.logon.dead_man_timeout.CopyFrom(wish.dead_man_timeout)
        answer.logon.durability = core.settings.policy
        for name, number in core.known.nodes.items():
            if core.may_use(self._who, name):
                answer.logon.accounts.add(name=f"accounts/{name}", number=number)
        self._outbox.preload([answer.SerializeToString()])
        if wanted:
            self._again(wanted, 0)

    def _again(self, begin: int, end: int) -> None:
        """Send reports again, or say from where on they are kept."""
        assert self._session is not None
        found = self._core.fanout.missed_by_session(self._session.number, begin, end)
        if found.first > begin:
            reset = api.OrderEntryResponse()
            reset.sequence_reset.new_seq_no = found.first
            self._outbox.preload([reset.SerializeToString()])
        self._outbox.preload(self._core.fanout.reports_again(found, poss_dup=1))

    # ------------------------------------------------------------------ commands

    async def take(self, message: bytes) -> bool:
        """One message of the client; False at a logout.

        Raises InvalidField, NotPermitted, LimitReached, WrongState, Unavailable.
        """
        self._heard, begin = time.monotonic(), time.perf_counter()
        rows = self._decoder.one(message)
        self._core.stage("decode", time.perf_counter() - begin)
        number, control = self._decoder.msg_seq_num, self._decoder.control
        if len(rows):
            await self._commands(rows, number)
        return self._control(_parsed(message)) if control else True

    async def _commands(self, rows: own.Rows, number: int) -> None:
        core, count = self._core, len(rows)
        core.gate.take(self._who, count)
        if number:
            skip = self._expected - number
            if skip < 0:
                raise WrongState(f"msg_seq_num is {number}, the next one is {self._expected}")
            rows = rows[skip:]
        if not len(rows):
            return
        self._require_accounts(rows)
        if self._marks:
            marked = np.isin(rows["command"], _MARKED)
            rows["exec_inst"][marked] |= _ON_DISCONNECT
        core.meter.served([Served(self._who.key_id, METHOD, "OK", 0, count)])
        data = rows.tobytes()
        self._expected += len(rows)
        await core.sequencer.room(len(rows))
        core.sequencer.put(Entry(data))

    def _require_accounts(self, rows: own.Rows) -> None:
        """Each account and node must be the caller's. Raises NotPermitted, InvalidField."""
        accounts = set(rows["account"].tolist())
        wide = (rows["scope"] == Scope.NODE) & (rows["command"] == Command.MASS_CANCEL)
        if wide.any():  # a sweep of a node need not name an account
            swept = set(rows["account"][wide].tolist()) - {0}
            accounts = {*rows["account"][~wide].tolist(), *swept, *rows["entity"][wide].tolist()}
        for number in accounts:
            if number not in self._allowed:
                name = self._core.known.node_names.get(number, f"#{number}")
                self._core.require_account(self._who, name)
                self._allowed[number] = name

    def _control(self, request: api.OrderEntryRequest) -> bool:
        if request.HasField("logon"):
            raise WrongState("this stream is logged on")
        if request.HasField("resend_request"):
            wish = request.resend_request
            if wish.begin_seq_no < 1 or wish.end_seq_no < 0:
                raise InvalidField("resend_request.begin_seq_no", wish.begin_seq_no, "1 or more")
            self._again(wish.begin_seq_no, wish.end_seq_no)
        if request.HasField("heartbeat") and request.heartbeat.test_req_id:
            answer = api.OrderEntryResponse()
            answer.heartbeat.test_req_id = request.heartbeat.test_req_id
            self._outbox.put(answer.SerializeToString())
        return not request.HasField("logout")

    # ------------------------------------------------------------------ the other direction

    async def replies(self) -> AsyncIterator[bytes]:
        """What goes to the client: heartbeats too. Raises what ended the stream."""
        beat = api.OrderEntryResponse()
        beat.heartbeat.SetInParent()
        alive = beat.SerializeToString()
        while True:
            message = await self._outbox.take(self._interval)
            if message is None:
                return
            if not message and time.monotonic() - self._heard > 2 * self._interval:
                raise TimeoutError("nothing came from the client for two heartbeat intervals")
            yield message or alive

    async def leave(self) -> None:
        """The stream has ended: marked orders are canceled."""
        session, core = self._session, self._core
        if session is None or not core.fanout.leave_session(session.number, self._reader):
            return  # never opened, or taken over: then the new stream has disconnected it
        if core.sequencer.failed is None and not core.sequencer.closing:
            try:
                await core.sequencer.room(1)
                core.sequencer.put(Entry(own.disconnect(session.number)))
            except Exception:
                if not core.sequencer.closing:
                    raise

    async def log_out(self) -> None:
        """Everything sent was applied; then the last message, and the end."""
        done = asyncio.get_running_loop().create_future()
        assert self._session is not None
        if self._core.fanout.leave_session(self._session.number, self._reader):
            entry = Entry(own.disconnect(self._session.number), done, self._say_goodbye)
            self._core.fanout.join_session(self._session.number, self._reader)
            self._core.sequencer.put(entry)
            await done
            self._core.fanout.leave_session(self._session.number, self._reader)

    def _say_goodbye(self, _: Answer) -> None:
        last = api.OrderEntryResponse()
        last.logout.SetInParent()
        self._outbox.put(last.SerializeToString())
        self._outbox.end(None)


async def serve(core: Core, context: Any) -> None:
    """The handler of OrderEntry: reads and writes raw bytes."""
    who = caller()
    with core.gate.sessions.hold(who):
        stream = Stream(core, who, core.outbox())
        first = await context.read()
        if not isinstance(first, bytes):
            return
        try:
            await stream.logon(first)
            await _both(stream, context)
        finally:
            await stream.leave()


async def _both(stream: Stream, context: Any) -> None:
    """Read and write until one of the two ends. Raises what ended it."""
    reading = asyncio.create_task(_read(stream, context))
    writing = asyncio.create_task(_write(stream, context))
    try:
        await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and reading.exception() is None and reading.result():
            await writing  # a logout: its answer is on the way
    finally:
        for task in (reading, writing):
            task.cancel()
        results = await asyncio.gather(reading, writing, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception):
            raise result


async def _read(stream: Stream, context: Any) -> bool:
    """Take messages until the client has no more; whether it logged out."""
    while True:
        message = await context.read()
        if not isinstance(message, bytes):
            return False
        if not await stream.take(message):
            await stream.log_out()
            return True


async def _write(stream: Stream, context: Any) -> None:
    async for message in stream.replies():
        await context.write(message)


def _parsed(message: bytes) -> api.OrderEntryRequest:
    from google.protobuf.message import DecodeError

    try:
        return api.OrderEntryRequest.FromString(message)
    except DecodeError as error:
        raise InvalidField("message", f"{len(message)} bytes", "an OrderEntryRequest") from error


def _span(field: str, value: Any, least: int, most: int) -> int:
    """A duration in ns; 0: not given. Raises InvalidField."""
    found = int(value.seconds) * SECOND + int(value.nanos)
    if found and not least <= found <= most:
        raise InvalidField(field, f"{found} ns", f"{least} to {most} ns")
    return found
