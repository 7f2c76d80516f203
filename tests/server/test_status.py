"""Every error has a line in the table, and its facts arrive at the other side."""

import asyncio
from concurrent import futures

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from domain import errors
from server.auth.denial import LimitReached, NotAuthenticated, NotPermitted
from server.codec.faults import Fault, WireFault
from server.status import BUG, DETAILS, MOST_FACT, MOST_TEXT, TABLE, row_of, status_of

C = grpc.StatusCode
CASES = [
    (errors.InvalidField("side", 9, "BUY"), C.INVALID_ARGUMENT, "INVALID_FIELD", 0),
    (WireFault("message", "x", "y", 3, Fault.TAG), C.INVALID_ARGUMENT, "INVALID_FIELD", 0),
    (errors.CapacityError("inbox", 5), C.RESOURCE_EXHAUSTED, "CAPACITY", 0.1),
    (LimitReached("RATE_LIMIT", "orders", 5, 0.25), C.RESOURCE_EXHAUSTED, "RATE_LIMIT", 0.25),
    (errors.Unavailable("starting"), C.UNAVAILABLE, "UNAVAILABLE", 1),
    (errors.Unauthenticated("who"), C.UNAUTHENTICATED, "UNAUTHENTICATED", 0),
    (NotAuthenticated("KEY_UNKNOWN", "no"), C.UNAUTHENTICATED, "KEY_UNKNOWN", 0),
    (errors.PermissionDenied("no"), C.PERMISSION_DENIED, "PERMISSION_DENIED", 0),
    (NotPermitted("SCOPE_MISSING", "no"), C.PERMISSION_DENIED, "SCOPE_MISSING", 0),
    (errors.NotFound("order", "accounts/a/orders/1"), C.NOT_FOUND, "NOT_FOUND", 0),
    (errors.AlreadyExists("request", "r"), C.ALREADY_EXISTS, "ALREADY_EXISTS", 0),
    (errors.WrongState("log on first"), C.FAILED_PRECONDITION, "WRONG_STATE", 0),
    (errors.Superseded("elsewhere"), C.ABORTED, "SUPERSEDED", 0),
    (errors.LogUnavailable("/x", "y"), C.UNAVAILABLE, "LOG_UNAVAILABLE", 1),
    (errors.LogLocked("/x"), C.UNAVAILABLE, "LOG_LOCKED", 1),
    (errors.LogMismatch("size", 1, 2), C.FAILED_PRECONDITION, "LOG_MISMATCH", 0),
    (errors.LogCorrupt(7, "bad"), C.DATA_LOSS, "LOG_CORRUPT", 0),
    (errors.LogFailed("/x", "y"), C.UNAVAILABLE, "LOG_FAILED", 1),
    (errors.StorageFull("/x"), C.RESOURCE_EXHAUSTED, "STORAGE_FULL", 10),
    (errors.SnapshotMismatch(7, "bad"), C.DATA_LOSS, "SNAPSHOT_MISMATCH", 0),
    (TimeoutError("late"), C.DEADLINE_EXCEEDED, "DEADLINE_EXCEEDED", 0),
    (NotImplementedError("later"), C.UNIMPLEMENTED, "UNIMPLEMENTED", 0),
    (AssertionError("book crossed"), C.UNAVAILABLE, "INTERNAL", 1),
    (ZeroDivisionError("secret"), C.UNAVAILABLE, "INTERNAL", 1),
]


def details(status: bytes) -> dict[str, object]:
    kinds = (error_details_pb2.ErrorInfo, error_details_pb2.BadRequest, error_details_pb2.RetryInfo)
    found = {}
    for packed in status_pb2.Status.FromString(status).details:
        kind = next(k for k in kinds if packed.Is(k.DESCRIPTOR))
        found[kind.DESCRIPTOR.name] = made = kind()
        packed.Unpack(made)
    return found


@pytest.mark.parametrize("case", CASES, ids=lambda case: type(case[0]).__name__)
def test_the_table(case):
    error, code, reason, retry = case
    status = status_of(error)
    assert (status.code, status.number) == (code, code.value[0])
    [(key, packed)] = status.trailing_metadata
    assert key == DETAILS
    assert status_pb2.Status.FromString(packed).code == code.value[0]
    assert status_pb2.Status.FromString(packed).message == status.details
    found = details(packed)
    assert found["ErrorInfo"].reason == reason
    assert found["ErrorInfo"].domain == "api.gridworks.dev"
    assert ("BadRequest" in found) == isinstance(error, errors.InvalidField)
    delay = found["RetryInfo"].retry_delay.ToTimedelta().total_seconds() if retry else 0
    assert delay == retry
    assert ("RetryInfo" in found) == bool(retry)


def test_every_error_has_a_line_of_its_own_and_a_case():
    mine = {c for c in vars(errors).values() if isinstance(c, type) and c is not errors.LogError}
    mine = {c for c in mine if issubclass(c, errors.GridWorksError)} - {errors.GridWorksError}
    assert mine <= set(TABLE)
    assert mine <= {type(case[0]) for case in CASES}
    assert row_of(errors.GridWorksError()).code == C.UNAVAILABLE
    assert row_of(errors.LogError()).reason == "LOG_ERROR"


def test_facts_are_told_and_those_of_the_server_are_not():
    status = status_of(errors.InvalidField("commands[3].side", 9, "BUY, SELL"))
    found = details(status.trailing_metadata[0][1])
    facts = {"field": "commands[3].side", "value": "9", "allowed": "BUY, SELL"}
    assert dict(found["ErrorInfo"].metadata) == facts
    [violation] = found["BadRequest"].field_violations
    assert violation.field == "commands[3].side"
    assert violation.description == status.details == "commands[3].side is 9; allowed: BUY, SELL"
    for error in (errors.StorageFull("/var/secret"), AssertionError("/var/secret")):
        status = status_of(error)
        assert b"secret" not in status.trailing_metadata[0][1]
        assert "secret" not in status.details
    assert status_of(AssertionError("x")).details == BUG


def test_long_and_broken_text_fits_into_trailers():
    status = status_of(errors.InvalidField("f" * 9999, "\ud800" * 9999, "z" * 9999))
    info = details(status.trailing_metadata[0][1])["ErrorInfo"]
    assert len(status.details) == MOST_TEXT
    assert {len(text) for text in info.metadata.values()} == {MOST_FACT}
    assert len(status.trailing_metadata[0][1]) < 8192  # what gRPC peers take by default


def test_a_client_gets_it():
    """Over a real channel, from a sync and an async server."""
    error = LimitReached("RATE_LIMIT", "orders", 5, 0.25)

    def call(channel: grpc.Channel) -> tuple[grpc.StatusCode, str]:
        with pytest.raises(grpc.RpcError) as caught:
            channel.unary_unary("/a/b")(b"", timeout=10)
        trailers = dict(caught.value.trailing_metadata())
        return caught.value.code(), details(trailers[DETAILS])["ErrorInfo"].reason

    def handler(function) -> grpc.GenericRpcHandler:
        return grpc.method_handlers_generic_handler(
            "a", {"b": grpc.unary_unary_rpc_method_handler(function)}
        )

    def refuse(request: bytes, context: grpc.ServicerContext) -> None:
        context.abort_with_status(status_of(error))

    server = grpc.server(futures.ThreadPoolExecutor(1), [handler(refuse)])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        assert call(channel) == (C.RESOURCE_EXHAUSTED, "RATE_LIMIT")
    server.stop(None).wait()

    async def refuse_later(request: bytes, context: grpc.aio.ServicerContext) -> None:
        status = status_of(error)
        await context.abort(status.code, status.details, status.trailing_metadata)

    async def serve() -> tuple[grpc.StatusCode, str]:
        server = grpc.aio.server()
        server.add_generic_rpc_handlers([handler(refuse_later)])
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            found = await asyncio.to_thread(call, channel)
        await server.stop(None)
        return found

    assert asyncio.run(serve()) == (C.RESOURCE_EXHAUSTED, "RATE_LIMIT")
