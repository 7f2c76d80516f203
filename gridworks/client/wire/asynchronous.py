"""The wire for asyncio: tasks, asyncio's queues, grpcio's aio channel."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any, Protocol

import grpc
from grpc import aio

from gridworks.client.errors import CallError, Cancelled, Unavailable
from gridworks.client.faces import arun
from gridworks.client.options import Settings
from gridworks.client.plans import Link, Plan, Request
from gridworks.client.wire import fast
from gridworks.client.wire.channels import GATEWAY, ORDER_ENTRY, error_of, open_channel

CLOSED = "the client was closed"
_BROKEN = "Internal error from Core"  # said by grpc.aio on this side, never by a server


class Opener(Protocol):
    """Opens streams to one address of the server."""

    async def open(self, request: Request, both_ways: bool) -> Link:
        """A stream, also with `read`, whose first message is the request's. Raises CallError."""


class Transport(Opener, Protocol):
    """Carries bytes to one address of the server."""

    async def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""

    async def close(self) -> None:
        """End everything."""


class _Link:
    """A stream of grpcio; what is written waits in a queue that grpcio drains."""

    def __init__(self) -> None:
        self._out: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.call: Any = None

    async def outgoing(self) -> AsyncIterator[bytes]:
        """What grpcio sends."""
        while (message := await self._out.get()) is not None:
            yield message

    def write(self, message: bytes) -> None:
        """Queue a message."""
        self._out.put_nowait(message)

    def cancel(self) -> None:
        """End the stream."""
        self._out.put_nowait(None)
        self.call.cancel()

    async def read(self) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        try:
            message = await self.call.read()
        except grpc.RpcError as problem:
            raise _lost(error_of(problem)) from None
        except asyncio.CancelledError:
            if self.call.cancelled() and not _being_cancelled():
                raise Cancelled("the stream was canceled") from None
            raise
        return message if isinstance(message, bytes) else None


class Grpcio:
    """grpcio's channel as a transport; opened by the first who uses it, in its event loop."""

    def __init__(self, settings: Settings, target: str) -> None:
        self._settings, self._target = settings, target
        self._channel: Any = None
        self._methods: dict[tuple[str, str], Callable[..., Any]] = {}

    def _method(self, kind: str, path: str) -> Callable[..., Any]:
        """The callable of a method: bytes in, bytes out."""
        if self._channel is None:
            self._channel = open_channel(aio, self._settings, self._target)
        found = self._methods.get((kind, path))
        if found is None:
            found = self._methods[kind, path] = getattr(self._channel, kind)(path)
        return found

    async def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""
        method = self._method("unary_unary", request.path)
        try:
            answer: bytes = await method(request.data, timeout=timeout, metadata=request.metadata)
        except grpc.RpcError as problem:
            raise error_of(problem) from None
        return answer

    async def open(self, request: Request, both_ways: bool) -> Link:
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

    async def close(self) -> None:
        """End everything."""
        if self._channel is not None:
            await self._channel.close()


class AsyncWire:
    """Does steps in the event loop of whoever calls."""

    blocking = False

    def __init__(self, settings: Settings) -> None:
        self._main: Transport = Grpcio(settings, settings.target)
        self._door = Grpcio(settings, settings.gateway) if settings.gateway else self._main
        self._orders: Opener = self._door
        if settings.gateway and fast.available():
            self._orders = fast.AsyncFast(settings, settings.gateway)
        self._closed = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._inboxes: weakref.WeakSet[asyncio.Queue[Any]] = weakref.WeakSet()

    def _transport(self, path: str) -> Transport:
        """Who carries a method. Raises Cancelled."""
        if self._closed:
            raise Cancelled(CLOSED)
        return self._door if path in GATEWAY else self._main

    async def call(self, request: Request, timeout: float) -> bytes:
        """One call. Raises CallError."""
        return await self._transport(request.path).call(request, timeout)

    async def open(self, request: Request, both_ways: bool) -> Link:
        """A stream whose first message is the request's. Raises CallError."""
        carrier = self._transport(request.path)
        opener = self._orders if request.path == ORDER_ENTRY else carrier
        return await opener.open(request, both_ways)

    async def read(self, link: Any) -> bytes | None:
        """The next message; None: the server has ended the stream. Raises CallError."""
        message: bytes | None = await link.read()
        return message

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    # ------------------------------------------------------------------ sessions

    def background(self, plan: Plan[None]) -> None:
        """Do a plan in a task of its own."""
        task = asyncio.create_task(self._quietly(plan))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _quietly(self, plan: Plan[None]) -> None:
        with suppress(CallError):  # whoever waits for the plan was told by the plan itself
            await arun(self, plan)

    def inbox(self, most: int) -> asyncio.Queue[Any]:
        """A queue between a plan in the background and whoever takes."""
        made: asyncio.Queue[Any] = asyncio.Queue(most)
        self._inboxes.add(made)
        return made

    async def put(self, inbox: asyncio.Queue[Any], item: Any) -> None:
        """Queue an item; waits while the queue is full."""
        await inbox.put(item)

    async def take(self, inbox: asyncio.Queue[Any], timeout: float | None) -> Any:
        """The next item; None when none came in time. Raises Cancelled in a closed client."""
        if inbox.empty():
            if self._closed:
                raise Cancelled(CLOSED)
            try:
                item = await asyncio.wait_for(inbox.get(), timeout)
            except TimeoutError:
                return None
        else:
            item = inbox.get_nowait()
        if item is self:
            raise Cancelled(CLOSED)
        return item

    async def close(self) -> None:
        """End all streams and let go of the connections."""
        self._closed = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for inbox in self._inboxes:  # who waits there waits in vain
            if not inbox.full():
                inbox.put_nowait(self)
        await self._main.close()
        if self._door is not self._main:
            await self._door.close()


def _lost(error: CallError) -> CallError:
    """grpcio's own word for a connection that went away under a write is INTERNAL."""
    if error.code == "INTERNAL" and error.message.startswith(_BROKEN):
        return Unavailable("the connection was lost")
    return error


def _being_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
