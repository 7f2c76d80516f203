"""A gateway without a server behind it: three methods, and limits that run out at once.

`CHECK` answers; `SUBMIT` answers when `answer` is called; `COPY` sends without end.
"""

import asyncio
import threading
from contextlib import contextmanager
from dataclasses import replace

import grpc
import uvloop
from hyperframe.frame import DataFrame

from server.config import load
from server.gateway.door import Gateway
from server.gateway.methods import Methods
from server.gateway.tls import context
from server.tls import Certificates
from tests.server.gateway.peer import Peer, message
from tests.server.test_observability import eventually

CHECK = "/grpc.health.v1.Health/Check"
SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
COPY = "/gridworks.api.trading.v1.TradingService/DropCopy"
BLOCK = bytes(16_000)


class Open:
    """In place of `server.interceptors.Door`: everybody may do everything."""

    def wrap(self, method, handler):
        return handler

    def admit(self, method, call):
        pass


class Alone:
    """The gateway and its loop; everything else is asked from the thread of the test."""

    def __init__(self, settings, limits) -> None:
        self.loop, self._held = uvloop.new_event_loop(), asyncio.Event()
        door = Open()
        methods = Methods(door)
        methods.found = {
            CHECK: grpc.unary_unary_rpc_method_handler(self._check),
            SUBMIT: grpc.unary_unary_rpc_method_handler(self._submit),
            COPY: grpc.unary_stream_rpc_method_handler(self._copy),
        }
        self.gateway = Gateway(settings, door, methods)
        self.gateway.limits = replace(self.gateway.limits, **limits)
        self.certificates = None if settings.insecure else Certificates(settings)
        self._tls = context(settings, self.certificates)
        self._thread = threading.Thread(target=self.loop.run_forever, name="gateway alone")
        self._thread.start()
        self.run(self.gateway.start(self._tls))
        self.port = self.gateway.port

    @staticmethod
    async def _check(request, call):
        return b"\x08\x01"

    async def _submit(self, request, call):
        await self._held.wait()
        return b"done"

    @staticmethod
    async def _copy(request, call):
        while True:
            await call.write(BLOCK)

    def run(self, work):
        """Wait for a coroutine."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def ask(self, question):
        """What a function says in the loop."""

        async def asked():
            return question()

        return self.run(asked())

    def answer(self) -> None:
        """Let calls of SUBMIT end."""
        self.ask(self._held.set)

    def closes(self, reason: str, times: int = 1) -> None:
        """Wait until connections were closed for a reason."""
        eventually(lambda: self.gateway.closed[reason] >= times)

    def serves(self, peer=None) -> None:
        """A client is served: a new one, or one that is there."""
        honest = peer or Peer(self.port)
        number = max([f.stream_id for f in honest.frames], default=0) // 2 * 2 + 101
        honest.send(
            honest.headers(number, CHECK), DataFrame(number, message(b""), flags=["END_STREAM"])
        )
        assert honest.status(number)["grpc-status"] == "0"
        if peer is None:
            honest.close()

    def stop(self) -> None:
        self.run(self.gateway.stop(0))
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(60)
        self.loop.close()


@contextmanager
def alone(limits=None, **settings):
    """A gateway with these settings; `limits` are changed behind them."""
    wish = load(port=0, gateway_port=0, **{"insecure": True, **settings})
    made = Alone(wish, limits or {})
    try:
        yield made
    finally:
        made.stop()
