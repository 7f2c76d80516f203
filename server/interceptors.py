"""What every call passes before and behind its servicer, in one wrapper.

Who calls and may they (`server.auth`), how much (`server.ratelimit`), is there time left, which
error is which status (`server.status`), what is counted (`server.metering`): the answer of a call
leaves after it was counted.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import structlog
from google.protobuf.message import DecodeError
from grpc import aio

from domain.errors import GridWorksError, InvalidField
from server.auth.principal import Principal
from server.auth.rights import RIGHTS
from server.metering.journal import Served
from server.services.acts import AUDITED, Acts
from server.services.core import Core, set_caller
from server.status import Status, status_of
from server.telemetry import Metrics
from server.tracing import Tracing

Call = Callable[[Any, Any], Awaitable[Any]]
Parse = Callable[[bytes], Any]
LEAST_SECONDS = 0.0005  # a call with less time left is not begun
_log = structlog.get_logger(__name__)


class Door:
    """Wraps the handler of every method, once."""

    def __init__(self, core: Core, acts: Acts, metrics: Metrics, tracing: Tracing) -> None:
        self._core, self._acts, self._metrics = core, acts, metrics
        self._tracing = tracing

    def wrap(self, method: str, handler: Any) -> Any:
        """The handler of a method, for either door: it takes bytes and reads them itself."""
        parse = handler.request_deserializer
        both = None, handler.response_serializer  # a bad message is our error to name, not grpcio's
        if handler.stream_stream:
            run = self._streaming(method, handler.stream_stream, None)
            both = parse, handler.response_serializer
            return grpc.stream_stream_rpc_method_handler(run, *both)
        if handler.unary_stream:
            run = self._streaming(method, handler.unary_stream, parse)
            return grpc.unary_stream_rpc_method_handler(run, *both)
        call = self._traced(method, self._unary(method, handler.unary_unary, parse))
        return grpc.unary_unary_rpc_method_handler(call, *both)

    def admit(self, method: str, context: Any) -> None:
        """Whether the caller is known, before the rest of a request is waited for.

        Raises NotAuthenticated, NotPermitted, Unavailable.
        """
        if not RIGHTS[method].key:
            return
        try:
            self._core.gate.identify(_authorization(context), context.peer())
        except GridWorksError as error:
            self._metrics.count(method, status_of(error).code.name)
            raise

    def _traced(self, method: str, call: Call) -> Call:
        if not self._tracing.on:
            return call

        async def run(request: Any, context: Any) -> Any:
            with self._tracing.call(method, context.invocation_metadata()) as told:
                try:
                    answer = await call(request, context)
                    told("OK")
                    return answer
                except BaseException:
                    told(context.code().name if hasattr(context.code(), "name") else "UNKNOWN")
                    raise

        return run

    def _unary(self, method: str, inner: Call, parse: Parse) -> Call:
        async def run(data: bytes, context: Any) -> Any:
            begin, who = time.perf_counter(), None
            try:
                who = self._enter(method, context)
                request = _parsed(parse, data)
                self._require(method, request, who)
                answer = await _within(inner(request, context), context)
                self._count(who, method, "OK")
            except aio.AbortError:  # a standard servicer has said it in its own words
                self._count(who, method, context.code().name)
                raise
            except Exception as error:
                status = self._refused(method, who, error)
                asked = _attempted(method, parse, data)
                if asked is not None:
                    self._acts.failed(method, asked, who or self._who(context), status.code.name)
                await context.abort(status.code, status.details, status.trailing_metadata)
            self._metrics.took(method, time.perf_counter() - begin)
            return answer

        return run

    def _streaming(self, method: str, inner: Any, parse: Parse | None) -> Call:
        """`inner` is a coroutine that writes to the context, or gives what to write.

        Without `parse` it reads its messages itself.
        """

        async def run(request: Any, context: Any) -> None:
            who = None
            try:
                who = self._enter(method, context)
                if parse is not None:
                    request = _parsed(parse, request)
                    self._require(method, request, who)
                await _within(_written(inner(request, context), context), context)
                self._count(who, method, "OK")
            except Exception as error:
                status = self._refused(method, who, error)
                await context.abort(status.code, status.details, status.trailing_metadata)

        return run

    def _who(self, context: Any) -> Principal | None:
        """Who was not let in, if their key is good."""
        try:
            return self._core.gate.identify(_authorization(context), context.peer())
        except GridWorksError:
            return None

    def _enter(self, method: str, context: Any) -> Principal | None:
        who = self._core.gate.enter(method, _authorization(context), context.peer())
        set_caller(who, context.peer())
        return who

    def _require(self, method: str, request: Any, who: Principal | None) -> None:
        if who is not None and RIGHTS[method].accounts:
            self._core.gate.require_accounts(method, request, who, self._core.above)

    def _refused(self, method: str, who: Principal | None, error: Exception) -> Status:
        status = status_of(error)
        if not isinstance(error, (GridWorksError, TimeoutError, NotImplementedError)):
            _log.exception("a call failed", method=method, exc_info=error)
        try:
            self._count(who, method, status.code.name)
        except GridWorksError as problem:
            status = status_of(problem)
        return status

    def _count(self, who: Principal | None, method: str, code: str) -> None:
        """Raises StorageFull, LogFailed: then the answer must not leave."""
        self._metrics.count(method, code)
        if who is not None:
            self._core.meter.served([Served(who.key_id, method, code)])


def _parsed(parse: Parse, data: bytes) -> Any:
    """The message. Raises InvalidField for bytes that are none, or text that is not UTF-8."""
    try:
        return parse(data)
    except (DecodeError, UnicodeDecodeError, ValueError) as error:
        what = f"{len(data)} bytes"
        raise InvalidField("request", what, f"a message of this method: {error}") from None


def _attempted(method: str, parse: Parse, data: bytes) -> Any:
    """What somebody tried who was not let in, if it goes into the audit log."""
    try:
        return _parsed(parse, data) if method in AUDITED else None
    except InvalidField:
        return None


def _authorization(context: Any) -> str | None:
    """The metadata with the key."""
    found = None
    for name, value in context.invocation_metadata() or ():
        if name == "authorization":
            found = value if isinstance(value, str) else None
    return found


async def _written(made: Any, context: Any) -> None:
    """Let a streaming servicer run, whichever of the two ways it has."""
    if hasattr(made, "__aiter__"):
        async for message in made:
            await context.write(message)
    else:
        await made


async def _within(work: Awaitable[Any], context: Any) -> Any:
    """The result, unless the caller's deadline is sooner. Raises TimeoutError."""
    left = context.time_remaining()
    if left is None or left > 3600:
        return await work
    if left < LEAST_SECONDS:
        asyncio.ensure_future(work).cancel()
        raise TimeoutError("the deadline had passed when the call arrived")
    try:
        async with asyncio.timeout(left) as bound:
            return await work
    except TimeoutError:
        if not bound.expired():
            raise
        raise TimeoutError("the deadline passed before there was an answer") from None
