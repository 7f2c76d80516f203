"""What a call, a page walk and a stream do, step by step, without knowing how a step is done.

A plan is a generator. It yields steps, things that a wire does ("send these bytes", "sleep"), and
is given their results; what it returns is the result of the whole. The blocking and the asyncio
wire run the same plans, so nothing here is written twice:

    plan = attempts(...)        BlockingWire: step -> time.sleep, channel.unary_unary, ...
                                AsyncWire:    step -> await asyncio.sleep, aio channel, ...

A plan may also give out items on its way (`emit`): pages, and messages of a stream.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from google.protobuf.message import Message

from gridworks.client.errors import CallError, DeadlineExceeded
from gridworks.client.options import Retry

T = TypeVar("T")
Metadata = tuple[tuple[str, str], ...]


class Step(NamedTuple):
    """A method of the wire, and what to call it with."""

    act: str
    arguments: tuple[Any, ...] = ()


Plan = Generator[Step, Any, T]
EMIT = "emit"
GAP = "GAP"  # reason of an Unavailable: something is missing, ask again
_MOST_GAPS = 3  # in a row, before a stream is beyond help


class Link(Protocol):
    """An open stream. These methods may be called from anywhere and do not wait.

    A transport gives it a method `read` too, which waits for the next message (a coroutine for
    asyncio): bytes, or None when the server has ended the stream. Raises CallError.
    """

    def write(self, message: bytes) -> None:
        """Queue a message for the server."""

    def cancel(self) -> None:
        """End the stream from this side; whoever reads gets Cancelled."""


class Request(NamedTuple):
    """One call of one method, as bytes."""

    path: str  # "/gridworks.api.trading.v1.TradingService/SubmitOrder"
    data: bytes
    metadata: Metadata
    request_id: str = ""
    safe: bool = True  # whether a second try cannot do harm


class Course(Generic[T]):
    """A plan under way: `next` is the step to do, `done` or `failed` says what came of it."""

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan
        self._go: Callable[[], Step] = partial(plan.send, None)
        self.result: T | None = None

    def next(self) -> Step | None:
        """The next step; None: the plan has ended with `result`. Raises what the plan raises."""
        try:
            return self._go()
        except StopIteration as stop:
            self.result = stop.value
            return None

    def done(self, value: Any = None) -> None:
        """The step gave this."""
        self._go = partial(self._plan.send, value)

    def failed(self, error: Exception) -> None:
        """The step raised this."""
        self._go = partial(self._plan.throw, error)

    def close(self) -> None:
        """Nobody goes on with the plan: it lets go of what it holds."""
        self._plan.close()


def emit(item: Any) -> Step:
    """Give an item to whoever iterates."""
    return Step(EMIT, (item,))


def sleep(seconds: float) -> Step:
    """Wait."""
    return Step("sleep", (seconds,))


def attempts(request: Request, retry: Retry, timeout: float) -> Plan[bytes]:
    """One call, tried again until it succeeds, must not be repeated, or its deadline is near.

    All tries have one deadline, and the server is told what is left of it. Raises CallError.
    """
    ends = time.monotonic() + timeout
    failures, last = 0, None
    while True:
        left = ends - time.monotonic()
        if left <= 0:
            raise last or _marked(DeadlineExceeded(f"no answer within {timeout:g} s"), request)
        try:
            answer: bytes = yield Step("call", (request, left))
            return answer
        except CallError as error:
            last, failures = _marked(error, request), failures + 1
            pause = retry.pause(error, failures) if request.safe else None
            if pause is None or pause >= ends - time.monotonic():
                raise
        yield sleep(pause)


def _marked(error: CallError, request: Request) -> CallError:
    error.request_id, error.method = request.request_id, request.path
    return error


def pages(ask: Callable[[str], Plan[T]], items: str) -> Plan[None]:
    """All pages of a list, one after the other: emits the list in the field `items` of each."""
    token = ""
    while True:
        answer: Any = yield from ask(token)
        yield emit(list(getattr(answer, items)))
        token = answer.next_page_token
        if not token:
            return


class Followed(Protocol):
    """What a stream knows about itself: where it stands and what its messages mean."""

    path: str
    both_ways: bool

    def request(self) -> Message:
        """The first message of a connection: asks for what has not been seen."""

    def opened(self, link: Link) -> None:
        """A connection was opened. It may be lost at any time."""

    def take(self, data: bytes) -> list[Any]:
        """The items in a message. Raises CallError; Unavailable(reason=GAP) asks again."""

    def lost(self, error: CallError) -> None:
        """The connection is gone."""


def follow(
    stream: Followed,
    metadata: Metadata,
    retry: Retry,
    patience: float,
    give: Callable[[Any], Step] = emit,
) -> Plan[None]:
    """A stream that comes back: connects, gives, and after a loss goes on where it stood.

    Gives up when an error is not one to try again, or `patience` seconds after a loss without a
    message since. Ends when the server ends it in good order. Raises CallError.
    """
    failures, gaps, lost_at = 0, 0, 0.0
    while True:
        link: Link | None = None
        try:
            request = Request(stream.path, stream.request().SerializeToString(), metadata)
            link = yield Step("open", (request, stream.both_ways))
            assert link is not None
            stream.opened(link)
            while True:
                data: bytes | None = yield Step("read", (link,))
                if data is None:
                    return
                failures = 0
                for item in stream.take(data):
                    gaps = 0
                    yield give(item)
        except CallError as error:
            error.method = error.method or stream.path
            stream.lost(error)
            failures, gaps = failures + 1, gaps + (error.reason == GAP)
            if failures == 1:
                lost_at = time.monotonic()
            pause = None if gaps > _MOST_GAPS else _come_back(retry, error, failures)
            if pause is None or time.monotonic() + pause - lost_at > patience:
                raise
        finally:
            if link is not None:
                link.cancel()
        yield sleep(pause)


def _come_back(retry: Retry, error: CallError, failures: int) -> float | None:
    """A stream also comes back when the server missed its heartbeats."""
    if error.code == "DEADLINE_EXCEEDED":
        error.retry_delay = error.retry_delay or 0.0
        return retry.first
    return retry.pause(error, failures)
