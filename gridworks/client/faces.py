"""One service class for both worlds: plans become calls that return, or that are awaited.

    class Trading(Service[M]):
        @call
        def get_order(self, name: str) -> Plan[Order]: ...

`Trading[Sync].get_order("...")` is an Order, `Trading[Async].get_order("...")` an awaitable of
one. The decorators are descriptors whose type depends on the kind of their service, so editors
and mypy see the right signature in both.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, Self, TypeVar, cast, overload

from gridworks.client.plans import EMIT, Course, Plan

T = TypeVar("T")
P = ParamSpec("P")


class Sync:
    """The kind of a service whose calls return."""


class Async:
    """The kind of a service whose calls are awaited."""


M = TypeVar("M", Sync, Async)


class Wire(Protocol):
    """Does the steps of plans, each a method of that name; coroutines unless it is blocking."""

    blocking: bool

    def background(self, plan: Plan[None]) -> None:
        """Run a plan on the side, to its end or to that of the wire."""


class Service(Generic[M]):
    """What can be called. Its wire decides which of the two kinds it really is."""

    def __init__(self, wire: Wire) -> None:
        self.wire = wire


# ------------------------------------------------------------------ running a plan


def run(wire: Wire, plan: Plan[T]) -> T:
    """Do a plan on a blocking wire."""
    course = Course(plan)
    try:
        while (step := course.next()) is not None:
            try:
                course.done(getattr(wire, step.act)(*step.arguments))
            except Exception as error:
                course.failed(error)
    finally:
        course.close()
    return cast(T, course.result)


async def arun(wire: Wire, plan: Plan[T]) -> T:
    """Do a plan on an asyncio wire."""
    course = Course(plan)
    try:
        while (step := course.next()) is not None:
            try:
                course.done(await getattr(wire, step.act)(*step.arguments))
            except Exception as error:
                course.failed(error)
    finally:
        course.close()
    return cast(T, course.result)


class Stream(Generic[T]):
    """An iterator over what a plan gives; `close`, or leaving `with`, lets go of it."""

    def __init__(self, wire: Wire, plan: Plan[None]) -> None:
        self._wire, self._course = wire, Course(plan)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        course = self._course
        try:
            while (step := course.next()) is not None:
                if step.act == EMIT:
                    course.done()
                    return cast(T, step.arguments[0])
                try:
                    course.done(getattr(self._wire, step.act)(*step.arguments))
                except Exception as error:
                    course.failed(error)
        except BaseException:
            course.close()
            raise
        raise StopIteration

    def close(self) -> None:
        """End the stream."""
        self._course.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


class AsyncStream(Generic[T]):
    """An asynchronous iterator over what a plan gives; `close`, or `async with`, lets go of it."""

    def __init__(self, wire: Wire, plan: Plan[None]) -> None:
        self._wire, self._course = wire, Course(plan)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        course = self._course
        try:
            while (step := course.next()) is not None:
                if step.act == EMIT:
                    course.done()
                    return cast(T, step.arguments[0])
                try:
                    course.done(await getattr(self._wire, step.act)(*step.arguments))
                except Exception as error:
                    course.failed(error)
        except BaseException:
            course.close()
            raise
        raise StopAsyncIteration

    async def close(self) -> None:
        """End the stream."""
        self._course.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()


class Pager(Generic[T]):
    """All items of a list; the pages are fetched as they are needed. Each `for` starts anew."""

    def __init__(self, wire: Wire, plan: Callable[[], Plan[None]]) -> None:
        self._wire, self._plan = wire, plan

    @property
    def pages(self) -> Stream[list[T]]:
        """The pages, each a list."""
        return Stream(self._wire, self._plan())

    def __iter__(self) -> Iterator[T]:
        for page in self.pages:
            yield from page


class AsyncPager(Generic[T]):
    """All items of a list; the pages are fetched as they are needed. Each loop starts anew."""

    def __init__(self, wire: Wire, plan: Callable[[], Plan[None]]) -> None:
        self._wire, self._plan = wire, plan

    @property
    def pages(self) -> AsyncStream[list[T]]:
        """The pages, each a list."""
        return AsyncStream(self._wire, self._plan())

    async def __aiter__(self) -> AsyncIterator[T]:
        async for page in self.pages:
            for item in page:
                yield item


# ------------------------------------------------------------------ what a service declares


class Items(Generic[T]):
    """A plan that gives items of type T, for the type checker to remember."""

    def __init__(self, plan: Callable[[], Plan[None]]) -> None:
        self.plan = plan


class call(Generic[P, T]):
    """A method that answers once."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Plan[T]]) -> None:
        self._plan = plan
        functools.update_wrapper(cast(Any, self), plan)

    @overload
    def __get__(self, at: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, at: Service[Sync], owner: Any = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, at: Service[Async], owner: Any = None) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, at: Any, owner: Any = None) -> Any:
        if at is None:
            return self
        do = run if at.wire.blocking else arun
        return _bound(self._plan, at, lambda plan: do(at.wire, plan))


class pager(Generic[P, T]):
    """A method that lists."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Items[T]]) -> None:
        self._plan = plan
        functools.update_wrapper(cast(Any, self), plan)

    @overload
    def __get__(self, at: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, at: Service[Sync], owner: Any = None) -> Callable[P, Pager[T]]: ...
    @overload
    def __get__(self, at: Service[Async], owner: Any = None) -> Callable[P, AsyncPager[T]]: ...
    def __get__(self, at: Any, owner: Any = None) -> Any:
        if at is None:
            return self
        kind = Pager if at.wire.blocking else AsyncPager
        return _bound(self._plan, at, lambda items: kind(at.wire, items.plan))


class stream(Generic[P, T]):
    """A method that goes on giving."""

    def __init__(self, plan: Callable[Concatenate[Any, P], Items[T]]) -> None:
        self._plan = plan
        functools.update_wrapper(cast(Any, self), plan)

    @overload
    def __get__(self, at: None, owner: Any = None) -> Self: ...
    @overload
    def __get__(self, at: Service[Sync], owner: Any = None) -> Callable[P, Stream[T]]: ...
    @overload
    def __get__(self, at: Service[Async], owner: Any = None) -> Callable[P, AsyncStream[T]]: ...
    def __get__(self, at: Any, owner: Any = None) -> Any:
        if at is None:
            return self
        kind = Stream if at.wire.blocking else AsyncStream
        return _bound(self._plan, at, lambda items: kind(at.wire, items.plan()))


def _bound(plan: Callable[..., Any], at: Any, wrap: Callable[[Any], Any]) -> Callable[..., Any]:
    @functools.wraps(plan)
    def method(*arguments: Any, **named: Any) -> Any:
        return wrap(plan(at, *arguments, **named))

    return method
