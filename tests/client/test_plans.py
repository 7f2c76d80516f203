"""Retries, pages and streams as plans: a scripted wire says what happens, and no time passes."""

import pytest

from gridworks.client import errors, plans
from gridworks.client.faces import AsyncPager, Items, Pager, Service, arun, call, pager, run
from gridworks.client.options import Retry
from gridworks.client.plans import Request, attempts, follow, pages

CALL = Request("/service/Method", b"ask", (), "id-1")
QUICK = Retry(first=0.1, most=1.0)


class Clock:
    """time.monotonic of the plans under test."""

    def __init__(self):
        self.now = 100.0

    def monotonic(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    found = Clock()
    monkeypatch.setattr(plans, "time", found)
    return found


class Script:
    """A blocking wire that answers from a list: bytes, None or an error."""

    blocking = True

    def __init__(self, clock, *answers, takes=0.0):
        self.clock, self.answers, self.takes = clock, list(answers), takes
        self.calls, self.sleeps, self.opened, self.canceled = [], [], [], 0

    def _next(self):
        self.clock.now += self.takes
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def call(self, request, timeout):
        self.calls.append((request, timeout))
        return self._next()

    def open(self, request, both_ways):
        self.opened.append(request.data)
        return self

    def read(self, link):
        return self._next()

    def cancel(self):
        self.canceled += 1

    def sleep(self, seconds):
        self.sleeps.append(seconds)
        self.clock.now += seconds


class Awaited(Script):
    """The same script for asyncio."""

    blocking = False

    async def call(self, request, timeout):
        return super().call(request, timeout)

    async def sleep(self, seconds):
        super().sleep(seconds)


def unavailable(delay=None):
    return errors.Unavailable("away", retry_delay=delay)


def test_a_call_that_fails_for_a_moment_is_repeated_with_the_same_request_id(clock):
    wire = Script(clock, unavailable(), unavailable(), b"answer", takes=0.5)
    assert run(wire, attempts(CALL, QUICK, 10.0)) == b"answer"
    assert [request.request_id for request, _ in wire.calls] == ["id-1"] * 3
    assert [timeout for _, timeout in wire.calls] == sorted(
        (timeout for _, timeout in wire.calls), reverse=True
    )  # one deadline: each try has what is left
    first, second = wire.sleeps
    assert 0.05 <= first <= 0.1
    assert 0.1 <= second <= 0.2
    assert wire.calls[2][1] == pytest.approx(10.0 - 1.0 - first - second)


@pytest.mark.parametrize("kind", [
    errors.InvalidArgument, errors.Unauthenticated, errors.PermissionDenied, errors.NotFound,
    errors.AlreadyExists, errors.FailedPrecondition, errors.Aborted, errors.ResourceExhausted,
    errors.DeadlineExceeded, errors.Unimplemented, errors.Cancelled, errors.DataLoss,
    errors.ServerError,
])  # fmt: skip
def test_what_another_try_cannot_help_is_raised_at_once(kind, clock):
    wire = Script(clock, kind("no"))
    with pytest.raises(kind) as found:
        run(wire, attempts(CALL, QUICK, 10.0))
    assert (found.value.request_id, found.value.method) == ("id-1", "/service/Method")
    assert len(wire.calls) == 1


@pytest.mark.parametrize("kind", [errors.ResourceExhausted, errors.Aborted, errors.Unavailable])
def test_a_delay_that_the_server_asks_for_is_kept(kind, clock):
    wire = Script(clock, kind("later", retry_delay=3.0), b"answer")
    assert run(wire, attempts(CALL, QUICK, 10.0)) == b"answer"
    assert 3.0 <= wire.sleeps[0] <= 3.1


def test_nothing_is_waited_for_behind_the_deadline(clock):
    wire = Script(clock, unavailable(delay=11.0))
    with pytest.raises(errors.Unavailable):
        run(wire, attempts(CALL, QUICK, 10.0))
    assert (clock.now, wire.sleeps) == (100.0, [])
    wire = Script(clock, *(unavailable() for _ in range(50)), takes=0.7)
    with pytest.raises(errors.Unavailable):
        run(wire, attempts(CALL, QUICK, 10.0))
    assert clock.now <= 100.0 + 10.0 + 0.7
    assert len(wire.calls) > 5


def test_tries_can_be_counted_and_what_could_do_harm_is_not_repeated(clock):
    wire = Script(clock, *(unavailable() for _ in range(5)))
    with pytest.raises(errors.Unavailable):
        run(wire, attempts(CALL, Retry(attempts=3), 10.0))
    assert len(wire.calls) == 3
    wire = Script(clock, unavailable())
    with pytest.raises(errors.Unavailable):
        run(wire, attempts(CALL._replace(safe=False), QUICK, 10.0))


def test_clients_do_not_come_back_all_at_once():
    pauses = {QUICK.pause(unavailable(), 20) for _ in range(50)}
    assert len(pauses) > 40
    assert all(0.5 <= pause <= 1.0 for pause in pauses)


async def _both(clock):
    wire = Awaited(clock, unavailable(), b"answer")
    return await arun(wire, attempts(CALL, QUICK, 10.0)), wire


def test_asyncio_runs_the_same_plan(clock):
    import asyncio

    answer, wire = asyncio.run(_both(clock))
    assert (answer, len(wire.sleeps)) == (b"answer", 1)


# ------------------------------------------------------------------ pages


class Page:
    def __init__(self, items, token):
        self.things, self.next_page_token = items, token


PAGES = {"": Page([1, 2], "a"), "a": Page([], "b"), "b": Page([3], "")}


class Things(Service):
    """A service of two methods."""

    @pager
    def list_things(self):
        def ask(token):
            yield from ()
            return PAGES[token]

        return Items(lambda: pages(ask, "things"))

    @call
    def fail(self):
        """What it says."""
        raise ValueError("as it is")
        yield


def test_a_pager_goes_over_items_or_pages_as_often_as_it_is_asked(clock):
    found = Things(Script(clock)).list_things()
    assert isinstance(found, Pager)
    assert list(found) == list(found) == [1, 2, 3]
    assert list(found.pages) == [[1, 2], [], [3]]


def test_an_asynchronous_pager_too(clock):
    import asyncio

    async def both():
        found = Things(Awaited(clock)).list_things()
        assert isinstance(found, AsyncPager)
        return [item async for item in found], [page async for page in found.pages]

    assert asyncio.run(both()) == ([1, 2, 3], [[1, 2], [], [3]])


def test_a_method_keeps_its_name_its_words_and_its_errors(clock):
    things = Things(Script(clock))
    assert things.fail.__name__ == "fail"
    assert Things.fail.__doc__ == "What it says."
    with pytest.raises(ValueError, match="as it is"):
        things.fail()


# ------------------------------------------------------------------ streams


class Numbers:
    """A stream of numbers that knows the next one."""

    path, both_ways = "/service/Stream", False

    def __init__(self):
        self.next, self.losses = 1, []

    def request(self):
        from gridworks.api.trading.v1.order_entry_pb2 import DropCopyRequest

        return DropCopyRequest(next_expected_msg_seq_num=self.next)

    def opened(self, link):
        pass

    def take(self, data):
        number = int(data)
        if number > self.next:
            raise errors.Unavailable("a gap", reason=plans.GAP)
        self.next = number + 1
        return [number]

    def lost(self, error):
        self.losses.append(error.code)


def followed(clock, *answers, patience=60.0):
    stream, wire = Numbers(), Script(clock, *answers)
    from gridworks.client.faces import Stream

    return stream, wire, Stream(wire, follow(stream, (), QUICK, patience))


def test_a_stream_goes_on_where_it_stood(clock):
    stream, wire, items = followed(
        clock, b"1", b"2", unavailable(), unavailable(), b"3", b"5", b"4", None
    )
    assert list(items) == [1, 2, 3, 4]
    asked = [wire.opened[0], *wire.opened]
    from gridworks.api.trading.v1.order_entry_pb2 import DropCopyRequest

    wanted = [DropCopyRequest.FromString(data).next_expected_msg_seq_num for data in asked[1:]]
    assert wanted == [1, 3, 3, 4]  # the gap made it ask again for 4
    assert wire.canceled == 4
    assert stream.losses == ["UNAVAILABLE"] * 3


def test_a_stream_gives_up_what_cannot_be_helped_and_when_patience_ends(clock):
    _, wire, items = followed(clock, b"1", errors.Unauthenticated("revoked"))
    assert next(items) == 1
    with pytest.raises(errors.Unauthenticated) as found:
        next(items)
    assert found.value.method == "/service/Stream"
    assert wire.canceled == 1
    _, wire, items = followed(clock, b"1", *(unavailable() for _ in range(1000)), patience=20.0)
    begun = clock.now
    assert next(items) == 1
    with pytest.raises(errors.Unavailable):
        next(items)
    assert 15.0 < clock.now - begun <= 20.0


def test_patience_begins_with_the_loss_and_not_with_the_last_message(clock):
    _, _, items = followed(clock, b"1", b"2", unavailable(), b"3", unavailable(), b"4", None)
    found = []
    for item in items:
        found.append(item)
        clock.now += 1000.0  # whoever reads takes its time
    assert found == [1, 2, 3, 4]


def test_a_gap_that_asking_again_does_not_fill_ends_the_stream(clock):
    _, wire, items = followed(clock, *[b"1", b"3"], *[b"3"] * 20)
    assert next(items) == 1
    with pytest.raises(errors.Unavailable, match="a gap"):
        next(items)
    assert len(wire.opened) == 4


def test_a_missed_heartbeat_is_a_loss_like_another(clock):
    _, _, items = followed(clock, errors.DeadlineExceeded("silence"), b"1", None)
    assert list(items) == [1]


def test_a_stream_that_is_left_is_canceled(clock):
    _, wire, items = followed(clock, b"1", b"2")
    with items:
        assert next(items) == 1
    assert wire.canceled == 1
    assert list(items) == []
