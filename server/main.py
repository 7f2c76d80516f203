"""A running server: everything put together, started, and stopped in good order."""

from __future__ import annotations

import asyncio
import gc
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager

import numpy as np
import structlog
from grpc import aio
from prometheus_client import start_http_server

from domain.errors import Unavailable
from domain.layout import COMMAND, MARKET, REPORT
from journal import Recovery
from server.auth.gate import Gate
from server.auth.watch import Watch
from server.codec.encoder import Encoder
from server.config import Settings
from server.gateway.door import Gateway
from server.gateway.methods import Methods
from server.gateway.tls import context
from server.interceptors import Door
from server.metering.meter import Meter
from server.sandbox.replay import History
from server.sandbox.sandbox import Sandbox, clock_of, follower_of
from server.schedule.keeper import Keeper
from server.sequencer import rows as own
from server.sequencer.clock import HeldClock
from server.sequencer.logbook import Logbook
from server.sequencer.rows import stamped
from server.sequencer.state import Bounds, State, check_log, open_log, recover
from server.sequencer.writer import Sequencer
from server.services.acts import Acts
from server.services.admin import parts
from server.services.calendars import Calendars
from server.services.core import Core
from server.services.registry import Parts, add_services
from server.streams.barfeed import BarFeed
from server.streams.fanout import Fanout
from server.studies.live import Studies
from server.telemetry import Metrics
from server.tls import Certificates
from server.tracing import Tracing, tracing_of
from server.transport import options

LOG_FILE, USAGE_FOLDER = "commands.db", "usage"
_OWN = ("127.0.0.1", "::1", "localhost")
COMPILING_SECONDS = 3.0  # a start that takes longer than so has to compile
ENDED = "this key no longer works, or has fewer rights than this stream was opened with"
_log = structlog.get_logger(__name__)


class Server:
    """One exchange behind gRPC. `start`, then `wait`, then `stop`; each once."""

    def __init__(self, settings: Settings, history: History | None = None) -> None:
        self.settings, self.metrics, self._history = settings, Metrics(), history
        self.tracing = Tracing()
        self.certificates: Certificates | None = None
        self.port = self.gateway_port = 0
        self.gateway: Gateway | None = None
        self.recovery = Recovery()
        self._stack = AsyncExitStack()
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Recover, then open the door. Raises InvalidField, LogError, Unavailable."""
        settings = self.settings
        self.certificates = _certificates(settings)
        self.tracing = tracing_of(settings)
        settings.folder.mkdir(parents=True, exist_ok=True)
        async with AsyncExitStack() as stack:
            watch = stack.enter_context(Watch(settings.control_url.get_secret_value()))
            gate = Gate(settings.key_environment, lambda: watch.keyring)
            meter = stack.enter_context(
                Meter(
                    settings.control_url.get_secret_value(), settings.folder / USAGE_FOLDER,
                    on_month=gate.quotas.tell,
                )
            )  # fmt: skip
            await asyncio.to_thread(check_log, settings.folder / LOG_FILE, settings.check_log_bytes)
            log = open_log(settings.folder / LOG_FILE)
            stack.callback(log.close)
            with _telling_who_waits():
                _compile()
            state, self.recovery = recover(log, _bounds(settings), follower_of(settings))
            _log.info("recovered", seq=state.seq, snapshot=self.recovery.snapshot_seq,
                      replayed=self.recovery.replayed, damaged=self.recovery.skipped)  # fmt: skip
            self.core = self._core(state, Logbook(log, settings.policy), gate, meter)
            self._begin()
            await self._disconnect_all(state)
            await self._keep_time()
            await self._open()
            self._tell_parts(watch, meter)
            loop = asyncio.get_running_loop()

            def lapsed(keys: frozenset[int]) -> None:
                loop.call_soon_threadsafe(self._lapse, keys)

            watch.on_lapse(lapsed)
            self._stack = stack.pop_all()
        _log.info("serving", host=settings.host, port=self.port, gateway=self.gateway_port,
                  tls=self.certificates is not None, environment=settings.environment,
                  policy=settings.policy)  # fmt: skip

    def _core(self, state: State, book: Logbook, gate: Gate, meter: Meter) -> Core:
        settings, virtual = self.settings, clock_of(self.settings, state)
        stage = self._stages()
        fanout = Fanout(state, stage)
        clock = HeldClock(last=state.time) if virtual is None else HeldClock(virtual, state.time)
        sequencer = Sequencer(
            state, book, clock, fanout, most_waiting=settings.inbox,
            most_batch=settings.batch, snapshot_every=settings.snapshot_every,
            stage=stage,
        )  # fmt: skip
        sandbox = None
        if settings.environment == "sandbox":
            about = virtual, gate.keys, fanout.hang_up, self._history
            sandbox = Sandbox(settings, sequencer, *about)
        bars = BarFeed(state)
        sequencer.alarm = lambda: bars.next_end
        return Core(settings, state, sequencer, fanout, bars, gate, meter, sandbox, stage)

    def _begin(self) -> None:
        sequencer = self.core.sequencer
        self._writing = asyncio.create_task(sequencer.run())
        self._writing.add_done_callback(lambda _: self._stopping.set())
        self._tasks.append(asyncio.create_task(self.core.bars.run()))
        self._studies = Studies(self.core.bars, self.settings.study_seconds)
        self._tasks.append(asyncio.create_task(self._studies.run()))
        metrics = self.metrics
        metrics.waiting.set_function(lambda: sequencer.waiting)
        metrics.seq.set_function(lambda: sequencer.state.seq)
        metrics.durable.set_function(lambda: sequencer.book.durable_seq)
        metrics.readers.set_function(lambda: self.core.fanout.readers)

    async def _keep_time(self) -> None:
        """Without time nothing ends, so the server stops when this does."""
        sandbox = self.core.sandbox
        if sandbox is None:
            giving = self.core.sequencer.keep_time(self.settings.tick_seconds)
        else:
            await sandbox.open()
            giving = sandbox.run()
        time = asyncio.create_task(giving)
        time.add_done_callback(lambda _: self._stopping.set())
        self._tasks.append(time)

    async def _disconnect_all(self, state: State) -> None:
        """Sessions that were open when the process died: marked orders are canceled now."""
        left = [session.number for session in state.sessions if session.connected]
        for number in left:
            await self.core.sequencer.call(own.disconnect(number))

    def _stages(self) -> Callable[[str, float], None]:
        """Who is told how long each part of the way of a batch took."""
        count, trace = self.metrics.stages.observe, self.tracing.stage
        if not self.tracing.on:
            return count

        def both(name: str, seconds: float) -> None:
            count(name, seconds)
            trace(name, seconds)

        return both

    async def _open(self) -> None:
        settings = self.settings
        acts = Acts(self.core)
        calendars = Calendars(self.core, acts)
        self._keeper = Keeper(self.core, acts, calendars)
        if self.core.sandbox is not None:
            self.core.sandbox.schedules.append(self._keeper)
        self._tasks.append(asyncio.create_task(self._keeper.run(settings.tick_seconds)))
        door = Door(self.core, acts, self.metrics, self.tracing)
        self._server, methods = aio.server(options=options(settings)), Methods(door)
        self._server.add_generic_rpc_handlers((methods,))
        self._health = add_services(methods, self.core, Parts(acts, calendars, self._studies))
        address = f"{settings.host}:{settings.port}"
        try:
            if self.certificates is None:
                self.port = self._server.add_insecure_port(address)
            else:
                self.port = self._server.add_secure_port(
                    address, self.certificates.credentials()
                )
                self._tasks.append(asyncio.create_task(self.certificates.run()))
        except RuntimeError as error:
            raise Unavailable(f"cannot listen on {address}: {error}") from error
        if settings.gateway_port != -1:
            gateway = Gateway(settings, door, methods)
            await gateway.start(context(settings, self.certificates))
            self.gateway, self.gateway_port = gateway, gateway.port
            self.metrics.watch(gateway)
        await self._server.start()
        await self._health.serving()
        if settings.metrics_port:
            httpd, _ = start_http_server(
                settings.metrics_port, settings.host, registry=self.metrics.registry
            )
            self._stack.callback(httpd.shutdown)

    def _tell_parts(self, watch: Watch, meter: Meter) -> None:
        """The parts of the server that GetSystemStatus asks."""
        found = {
            "keys": lambda: parts.keys(watch), "metering": lambda: parts.metering(meter),
            "schedule": lambda: parts.schedule(self._keeper, self.core.sequencer.clock()),
            "latency": lambda: parts.latency(self.metrics),
        }  # fmt: skip
        certificates = self.certificates
        if certificates is not None:
            found["certificate"] = lambda: parts.certificate(certificates)
            self.metrics.expiry.set_function(lambda: certificates.left.total_seconds())
        self.core.parts.update(found)

    def look_again(self) -> None:
        """Take a new certificate now, if there is one."""
        if self.certificates is not None:
            self.certificates.look(always=True)

    def _lapse(self, keys: frozenset[int]) -> None:
        from server.auth.denial import NotAuthenticated

        self.core.fanout.end(NotAuthenticated("KEY_LAPSED", ENDED), keys)

    def ask_to_stop(self) -> None:
        """Let `wait` return."""
        self._stopping.set()

    async def wait(self) -> None:
        """Until somebody asks to stop, or the writer has failed."""
        await self._stopping.wait()

    async def stop(self) -> None:
        """Refuse what is new, finish what is under way, write a snapshot, let go of everything.

        Raises what made the writer fail.
        """
        await self._health.stopping()
        self.core.fanout.end(Unavailable("the server is stopping; connect again"))
        grace = self.settings.grace_seconds
        if self.gateway is not None:
            await asyncio.gather(self._server.stop(grace), self.gateway.stop(grace))
        else:
            await self._server.stop(grace)
        await self._studies.stop()
        await self.core.sequencer.stop()
        self.core.fanout.close()
        for task in self._tasks:
            task.cancel()
        ended = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()
        self.tracing.close()
        _log.info("stopped", seq=self.core.state.seq)
        for result in ended:
            if isinstance(result, Exception):
                raise result
        if self._writing is not None:
            await self._writing


@contextmanager
def _telling_who_waits() -> Iterator[None]:
    """A first start compiles for a minute: say so, but not where everything comes from the disk."""
    telling = threading.Timer(COMPILING_SECONDS, _log.info, (
        "compiling the engine: the first start takes about a minute, later ones do not",
    ))  # fmt: skip
    telling.start()
    try:
        yield
    finally:
        telling.cancel()


def _compile() -> None:
    """What each order passes through, before anybody waits for it."""
    batch = stamped([bytes(COMMAND.itemsize)], 1, 0)
    list(State().apply(batch.rows, batch.address).numbers.groups(0, 0, 1))
    for dtype in (REPORT, MARKET):
        encoder = Encoder(dtype, 1)
        encoder.encode(np.zeros(1, dtype))
        encoder.reply(None, 1)
        encoder.whole(np.zeros(1, dtype), 0, 1)


def _bounds(settings: Settings) -> Bounds:
    kept = settings.keep_reports, settings.keep_market, settings.keep_answers
    return Bounds(*kept, bars=settings.keep_bars, acts=settings.keep_acts)


def _certificates(settings: Settings) -> Certificates | None:
    """TLS of the server; None only when it was asked for. Raises InvalidField."""
    if not settings.insecure:
        return Certificates(settings)
    if settings.host not in _OWN:
        _log.warning("keys and orders travel in clear text to other machines", host=settings.host)
    return None


async def serve(
    settings: Settings, ready: Callable[[Server], None] = lambda server: None,
    history: History | None = None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT; `history` is the file that `sandbox_file` names.

    Raises as `Server.start`, and what made the writer fail.
    """
    server = Server(settings, history)
    await server.start()
    gc.collect()
    gc.freeze()  # what was loaded stays: looking through it again would hold everybody up
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.ask_to_stop)
    loop.add_signal_handler(signal.SIGHUP, server.look_again)
    ready(server)
    try:
        await server.wait()
    finally:
        await server.stop()


