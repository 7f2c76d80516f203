"""The wire that blocks: threads, queues, grpcio's synchronous channel."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import grpc

from gridworks.client.errors import CallError, Cancelled
from gridworks.client.faces import run
from gridworks.client.options import Settings
from gridworks.client.plans import Link, Plan, Request
from gridworks.client.wire import fast
from gridworks.client.wire.channels import GATEWAY, ORDER_ENTRY, error_of, open_channel

CLOSED = "the client was closed"
_GLANCE = 0.5  # seconds after which somebody who waits looks whether the client was closed


class Opener(Protocol):
    """Opens streams to one address of the server."""

    def open(self, request: Request, both_ways: bool) -> Link:
        """A stream, also with `read`, whose first message is the request's. Raises CallError."""

    def close(self) -> None:
        """End everything."""


class Transport(Opener, Protocol):
    """Carries bytes to one address of the server."""

    def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""


class _Link:
    """A stream of grpcio; what is written waits in a queue that grpcio drains."""

    def __init__(self) -> None:
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.call: Any = None

    def outgoing(self) -> Iterator[bytes]:
        """What grpcio sends."""
        while (message := self._out.get()) is not None:
            yield message

    def write(self, message: bytes) -> None:
        """Queue a message."""
        self._out.put(message)

    def cancel(self) -> None:
        """End the stream."""
        self._out.put(None)
        self.call.cancel()

    def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        try:
            message: bytes | None = next(self.call, None)
        except grpc.RpcError as problem:
            raise error_of(problem) from None
        return message


class Grpcio:
    """grpcio's channel as a transport."""

    def __init__(self, settings: Settings, target: str) -> None:
        self._channel = open_channel(grpc, settings, target)
        self._methods: dict[tuple[str, str], Callable[..., Any]] = {}

    def _method(self, kind: str, path: str) -> Callable[..., Any]:
        """The callable of a method: bytes in, bytes out."""
        found = self._methods.get((kind, path))
        if found is None:
            found = self._methods[kind, path] = getattr(self._channel, kind)(path)
        return found

    def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""
        method = self._method("unary_unary", request.path)
        try:
            answer: bytes = method(request.data, timeout=timeout, metadata=request.metadata)
        except grpc.RpcError as problem:
            raise error_of(problem) from None
        return answer

    def open(self, request: Request, both_ways: bool) -> Link:
        """A stream whose first message is the request's."""
        link = _Link()
        if both_ways:
            link.write(request.data)
            method = self._method("stream_stream", request.path)
            link.call = method(link.outgoing(), metadata=request.metadata)
        else:
            method = self._method("unary_stream", request.path)
            link.call = method(request.data, metadata=request.metadata)
        return link

    def close(self) -> None:
        """End everything."""
        self._channel.close()


class BlockingWire:
    """Does steps in the thread of whoever calls."""

    blocking = True

    def __init__(self, settings: Settings) -> None:
        self._main: Transport = Grpcio(settings, settings.target)
        self._door = Grpcio(settings, settings.gateway) if settings.gateway else self._main
        self._orders: Opener = self._door
        if settings.gateway and fast.available():
            self._orders = fast.BlockingFast(settings, settings.gateway)
        self._closed = threading.Event()
        self._threads: list[threading.Thread] = []

    def _transport(self, path: str) -> Transport:
        """Who carries a method. Raises Cancelled."""
        if self._closed.is_set():
            raise Cancelled(CLOSED)
        return self._door if path in GATEWAY else self._main

    def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""
        return self._transport(request.path).call(request, timeout)

    def open(self, request: Request, both_ways: bool) -> Link:
        """A stream whose first message is the request's. Raises CallError."""
        carrier = self._transport(request.path)
        return (self._orders if request.path == ORDER_ENTRY else carrier).open(request, both_ways)

    def read(self, link: Any) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        message: bytes | None = link.read()
        return message

    def sleep(self, seconds: float) -> None:
        """Wait. Raises Cancelled when the client is closed meanwhile."""
        if self._closed.wait(seconds):
            raise Cancelled(CLOSED)

    # ------------------------------------------------------------------ sessions

    def background(self, plan: Plan[None]) -> None:
        """Do a plan in a thread of its own."""
        thread = threading.Thread(target=self._quietly, args=(plan,), daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _quietly(self, plan: Plan[None]) -> None:
        with suppress(CallError):  # whoever waits for the plan was told by the plan itself
            run(self, plan)

    def inbox(self, most: int) -> queue.Queue[Any]:
        """A queue between a plan in the background and whoever takes."""
        return queue.Queue(most)

    def put(self, inbox: queue.Queue[Any], item: Any) -> None:
        """Queue an item; waits while the queue is full. Raises Cancelled."""
        while not self._closed.is_set():
            try:
                return inbox.put(item, timeout=_GLANCE)
            except queue.Full:
                continue
        raise Cancelled(CLOSED)

    def take(self, inbox: queue.Queue[Any], timeout: float | None) -> Any:
        """The next item; None when none came in time. Raises Cancelled in a closed client."""
        ends = None if timeout is None else time.monotonic() + timeout
        while True:
            left = _GLANCE if ends is None else min(_GLANCE, max(ends - time.monotonic(), 0.0))
            try:
                return inbox.get(timeout=left)
            except queue.Empty:
                if self._closed.is_set():
                    raise Cancelled(CLOSED) from None
                if ends is not None and time.monotonic() >= ends:
                    return None

    def close(self) -> None:
        """End all streams and let go of the connections."""
        self._closed.set()
        for opener in (self._main, self._door, self._orders):
            opener.close()
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(5)
