"""OrderEntry: the commands and reports of one session, as bytes through the kernels."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from google.protobuf.message import DecodeError

from domain.codes import Command, ExecInst, Scope
from domain.errors import InvalidField, Superseded, WrongState
from domain.tables import Table
from gridworks.api.trading.v1 import order_entry_pb2 as api
from server.auth.denial import LimitReached, NotPermitted
from server.auth.principal import Principal
from server.codec.decoder import Decoder
from server.codec.people.names import segments
from server.codec.slots import Message
from server.metering.journal import Served
from server.sequencer import rows as own
from server.sequencer.answers import Answer, Entry
from server.sequencer.sessions import DeadMan, Session
from server.services.core import Core, caller
from server.streams.fanout import Reader
from server.streams.outbox import Outbox, write_all

METHOD = "/gridworks.api.trading.v1.TradingService/OrderEntry"
SECOND = 10**9
LISTEN_SECONDS = 1.0  # what has come may wait to be read when the machine is busy
WRITE_SECONDS = 1.0  # what is being written when a stream ends may take so long
_DEAD_MAN, _BEAT = (SECOND // 10, 86_400 * SECOND), (SECOND, 60 * SECOND)  # least and most, ns
_SWEEP = int(Command.MASS_CANCEL)  # comparing numpy's numbers with an enum takes microseconds
_NODE = int(Scope.NODE)
_MARKED = (int(Command.NEW_ORDER), int(Command.QUOTE))
_ON_DISCONNECT = int(ExecInst.CANCEL_ON_DISCONNECT)
# what the decoder is told: session, account, nodes that are the caller's, their address
Identity = tuple[int, int, own.Rows, int]

_beat = api.OrderEntryResponse()
_beat.heartbeat.SetInParent()
_ALIVE = _beat.SerializeToString()


class Direct(Protocol):
    """A context that decodes commands itself, many messages at a time: the gateway's."""

    async def converse(self, stream: Stream) -> None:
        """As `_both`."""


class Stream:
    """One stream of one session, from its logon to its end."""

    def __init__(self, core: Core, who: Principal, outbox: Outbox) -> None:
        self._core, self._who, self.outbox = core, who, outbox
        self.stage = core.stage
        self._reader = Reader(who.key_id, outbox)
        self._decoder: Decoder | None = None
        self._allowed = set[int]()  # accounts and nodes that are the caller's
        self._session: Session | None = None
        self._expected = 1  # number of the next command
        self._marks, self.interval = False, 30.0
        self._dead_man: DeadMan | None = None
        self.identity: Identity = 0, 0, np.zeros(1, np.uint8), 0
        self._heard = time.monotonic()
        self._held = 0  # pieces that wait for room: as long, nothing is read

    # ------------------------------------------------------------------ logon

    async def logon(self, message: bytes) -> None:
        """Open the session. Raises InvalidField, NotPermitted, NotFound, WrongState."""
        request = _parsed(message)
        if not request.HasField("logon") or request.commands:
            raise InvalidField("logon", "missing", "a first message with logon and nothing else")
        wish, core = request.logon, self._core
        name = own.check_session(wish.session)
        [account_name] = segments("logon.account", wish.account, "accounts/*")
        core.require_account(self._who, account_name)  # before anybody learns what there is
        account = core.known.account("logon.account", wish.account)
        _least("logon.next_expected_msg_seq_num", wish.next_expected_msg_seq_num, 0)
        timeout = _span("logon.dead_man_timeout", wish.dead_man_timeout, *_DEAD_MAN)
        beat = _span("logon.heartbeat_interval", wish.heartbeat_interval, *_BEAT)
        self.interval = (beat or 30 * SECOND) / SECOND
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
        self._dead_man = DeadMan(account, timeout, self.put_now) if timeout else None
        self.identity = session.number, account, *self.identity[2:]
        done = asyncio.get_running_loop().create_future()
        self._session = session
        core.sequencer.put(
            Entry(data, done, lambda _: self._begin(session, wish), alone=True)
        )
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
        answer.logon.heartbeat_interval.FromNanoseconds(int(self.interval * SECOND))
        answer.logon.cancel_on_disconnect = self._marks
        if wish.HasField("dead_man_timeout") and wish.dead_man_timeout.ToNanoseconds():
            answer.logon.dead_man_timeout.CopyFrom(wish.dead_man_timeout)
        answer.logon.durability = core.settings.policy
        for name, number in core.known.nodes.items():
            if core.may_use(self._who, name):
                answer.logon.accounts.add(name=f"accounts/{name}", number=number)
        self.outbox.preload([answer.SerializeToString()])
        if wanted:
            self._again(wanted, 0)

    def _again(self, begin: int, end: int) -> None:
        """Send reports again, or say where the stream goes on: the oldest kept, or the next."""
        assert self._session is not None
        found = self._core.fanout.missed_by_session(self._session.number, begin, end)
        if found.first != begin:
            reset = api.OrderEntryResponse()
            reset.sequence_reset.new_seq_no = found.first
            self.outbox.preload([reset.SerializeToString()])
        self.outbox.preload(self._core.fanout.reports_again(found, poss_dup=1))

    # ------------------------------------------------------------------ commands

    async def take(self, message: bytes) -> bool:
        """One message of the client; False at a logout.

        Raises InvalidField, NotPermitted, LimitReached, WrongState, Unavailable.
        """
        self.hear()
        if self._decoder is None:
            settings = self._core.settings
            self._decoder = Decoder(settings.stream_commands, settings.message_bytes)
        self._decoder.open(*self.identity)
        begin = time.perf_counter()
        rows = self._decoder.one(message)
        self.stage("decode", time.perf_counter() - begin)
        number, control = self._decoder.msg_seq_num, self._decoder.control
        if len(rows):
            await self.put(self.admit(rows, number, self._decoder.odd))
        return self.control(message) if control else True

    def hear(self) -> None:
        """The client is alive."""
        self._heard = time.monotonic()

    def admit(self, rows: own.Rows, number: int, odd: bool) -> bytes:
        """What is new of the commands of a message, checked, marked and counted: give it to `put`.

        `odd`: as the decoder says it of these commands or more.

        Raises NotPermitted, LimitReached, WrongState, InvalidField, StorageFull, LogFailed.
        """
        core, count = self._core, len(rows)
        if not count:
            return b""  # a number without commands says nothing
        _least("msg_seq_num", number, 0)
        core.gate.take(self._who, count)
        if number:
            skip = self._expected - number
            if skip < 0:
                raise WrongState(f"msg_seq_num is {number}, the next one is {self._expected}")
            rows = rows[skip:]
        if not len(rows):
            return b""
        if odd:
            self._require_accounts(rows)
        if self._marks:
            marked = np.isin(rows["command"], _MARKED)
            rows["exec_inst"][marked] |= _ON_DISCONNECT
        core.meter.served((Served(self._who.key_id, METHOD, "OK", 0, count),))
        self._expected += len(rows)
        return rows.tobytes()

    def admit_run(self, rows: own.Rows, found: own.Rows, odd: bool) -> Iterator[bytes]:
        """As `admit`, of many messages at once: `rows` and `found` as `Decoder.framed` gives them.

        Where they pass as one they are one piece; else each is judged alone, in its turn.
        """
        if len(found) == 1:
            yield self.admit(rows, int(found[0, Message.MSG_SEQ_NUM]), odd)
            return
        numbers = found[:, Message.MSG_SEQ_NUM]
        due = found[:, Message.ROW] + (self._expected - found[0, Message.ROW])
        fits = len(rows) <= min(self._core.settings.batch, self._core.settings.inbox)
        if fits and ((numbers == 0) | (numbers == due)).all():
            try:
                yield self.admit(rows, 0, odd)
                return
            except (LimitReached, NotPermitted):
                pass  # from which message on?
        for row, count, number in found[:, Message.ROW : Message.MSG_SEQ_NUM + 1].tolist():
            if count:
                yield self.admit(rows[row : row + count], number, odd)

    async def put(self, data: bytes) -> None:
        """Hand over commands as soon as there is room. Raises Unavailable."""
        if data:
            self._held += 1
            try:
                await self._core.sequencer.room(len(data) // own.WIDTH)
            finally:
                self._held -= 1
                self.hear()
            self._core.sequencer.put(Entry(data))

    def put_now(self, data: bytes) -> bool:
        """Hand over commands if there is room; whether there was. Raises Unavailable."""
        if data and not self._core.sequencer.fits(len(data) // own.WIDTH):
            return False
        if data:
            self._core.sequencer.put(Entry(data))
        return True

    def _require_accounts(self, rows: own.Rows) -> None:
        """Each account and node must be the caller's. Raises NotPermitted, InvalidField."""
        accounts = set(rows["account"].tolist())
        wide = (rows["scope"] == _NODE) & (rows["command"] == _SWEEP)
        if wide.any():  # a sweep of a node need not name an account
            swept = set(rows["account"][wide].tolist()) - {0}
            accounts = {*rows["account"][~wide].tolist(), *swept, *rows["entity"][wide].tolist()}
        unknown = accounts - self._allowed
        for number in unknown:
            name = self._core.known.node_names.get(number, f"#{number}")
            self._core.require_account(self._who, name)
            self._allowed.add(number)
        if unknown:  # from now on the decoder knows them
            may = np.isin(np.arange(max(self._allowed) + 1), [*self._allowed]).view(np.uint8)
            self.identity = *self.identity[:2], may, int(may.ctypes.data)

    def control(self, message: bytes) -> bool:
        """The control part of a message; False at a logout. Raises WrongState, InvalidField."""
        request = _parsed(message)
        if request.HasField("logon"):
            raise WrongState("this stream is logged on")
        if request.HasField("resend_request"):
            wish = request.resend_request
            _least("resend_request.begin_seq_no", wish.begin_seq_no, 1)
            if wish.end_seq_no:
                _least("resend_request.end_seq_no", wish.end_seq_no, wish.begin_seq_no)
            self._again(wish.begin_seq_no, wish.end_seq_no)
        if request.HasField("heartbeat") and request.heartbeat.test_req_id:
            answer = api.OrderEntryResponse()
            answer.heartbeat.test_req_id = request.heartbeat.test_req_id
            self.outbox.put(answer.SerializeToString())
        if self._dead_man is not None:
            self._dead_man.alive()
        return not request.HasField("logout")

    # ------------------------------------------------------------------ the other direction

    def idle(self) -> bytes:
        """What to send when nothing was sent for an interval: also asks whether the client lives.

        When it seems dead, what waits in the socket is read before it is given up.
        """
        if self._silent:
            asyncio.get_running_loop().call_later(LISTEN_SECONDS, self._give_up)
        return _ALIVE

    @property
    def _silent(self) -> bool:
        return not self._held and time.monotonic() - self._heard > 2 * self.interval

    def _give_up(self) -> None:
        if self._silent:
            self.outbox.end(
                TimeoutError("nothing came from the client for two heartbeat intervals")
            )

    async def leave(self) -> None:
        """The stream has ended: marked orders are canceled."""
        if self._dead_man is not None:
            self._dead_man.stop()
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
        self.outbox.put(last.SerializeToString())
        self.outbox.end(None)


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
            direct: Direct | None = getattr(context, "direct", None)
            await (direct.converse(stream) if direct else _both(stream, context))
        finally:
            await stream.leave()


async def _both(stream: Stream, context: Any) -> None:
    """Read and write until one of the two ends. Raises what ended it."""
    reading = asyncio.create_task(_read(stream, context))
    writing = asyncio.create_task(
        write_all(stream.outbox, context, stream.interval, stream.idle)
    )
    try:
        await asyncio.wait((reading, writing), return_when=asyncio.FIRST_COMPLETED)
        if reading.done() and reading.exception() is None:
            await writing  # a logout: its answer is on the way
        # grpcio sends no status while a message is being written
        stream.outbox.end(_Over())
        await asyncio.wait((writing,), timeout=WRITE_SECONDS)
    finally:
        for task in (reading, writing):
            task.cancel()
        results = await asyncio.gather(reading, writing, return_exceptions=True)
    for result in results:
        if isinstance(result, Exception) and not isinstance(result, _Over):
            raise result


class _Over(Exception):
    """The other direction has ended: nothing more is written."""


async def _read(stream: Stream, context: Any) -> None:
    """Take messages until the client logs out or has nothing more to say, which is the same."""
    while isinstance(message := await context.read(), bytes):
        if not await stream.take(message):
            break
    await stream.log_out()


def _parsed(message: bytes) -> api.OrderEntryRequest:
    try:
        return api.OrderEntryRequest.FromString(message)
    except DecodeError as error:
        raise InvalidField("message", f"{len(message)} bytes", "an OrderEntryRequest") from error


def _least(field: str, value: int, least: int) -> None:
    """Raises InvalidField."""
    if value < least:
        raise InvalidField(field, value, f"{least} or more")


def _span(field: str, value: Any, least: int, most: int) -> int:
    """A duration in ns; 0: not given. Raises InvalidField."""
    found = int(value.seconds) * SECOND + int(value.nanos)
    if found and not least <= found <= most:
        raise InvalidField(field, f"{found} ns", f"{least} to {most} ns")
    return found
