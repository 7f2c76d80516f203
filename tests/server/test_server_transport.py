"""What a connection is promised: standard services, pings, sizes and deadlines."""

import socket
import struct
import threading
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from grpc_channelz.v1 import channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.order_entry_pb2 import DropCopyRequest
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from tests.server.running import running
from tests.server.test_server_trading import wish

OURS = ("trading.v1.TradingService", "market_data.v1.MarketDataService", "risk.v1.RiskService",
        "admin.v1.AdminService")  # fmt: skip
REFLECTION = "grpc.reflection.v1.ServerReflection"
STANDARD = ("grpc.health.v1.Health", "grpc.channelz.v1.Channelz", REFLECTION,
            "grpc.reflection.v1alpha.ServerReflection")  # fmt: skip
HEADERS, SETTINGS, PING, GOAWAY = 1, 4, 6, 7
TOO_MANY_PINGS = 11  # ENHANCE_YOUR_CALM


@pytest.fixture(scope="module")
def server(tmp_path_factory, sqlite):
    small = {"message_bytes": 8192, "answer_bytes": 65_536}
    with running(tmp_path_factory.mktemp("server"), sqlite(), **small) as found:
        yield found


@pytest.fixture(scope="module")
def patient(tmp_path_factory, sqlite):
    with running(tmp_path_factory.mktemp("patient"), sqlite(), client_ping_seconds=0.01) as found:
        yield found


def code_of(call, *given, **more):
    """The status of a call that fails; a stream is read to its end."""
    try:
        made = call(*given, **more)
        while True:
            next(made)
    except grpc.RpcError as error:
        return error.code()


def test_every_service_tells_how_it_is_and_what_it_looks_like(server):
    checks = health_pb2_grpc.HealthStub(server.channel(None))
    names = [f"gridworks.api.{name}" for name in OURS] + [*STANDARD, ""]
    for name in names:
        answer = checks.Check(health_pb2.HealthCheckRequest(service=name))
        assert answer.status == health_pb2.HealthCheckResponse.SERVING, name
    unknown = health_pb2.HealthCheckRequest(service="gridworks.api.Nothing")
    assert code_of(checks.Check, unknown) == grpc.StatusCode.NOT_FOUND
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel("reader"))
    reply = next(stub.ServerReflectionInfo(iter([request])))
    listed = {service.name for service in reply.list_services_response.service}
    assert set(names) - {""} <= listed
    present = server.channel("reader").stream_stream(
        f"/{REFLECTION}/ServerReflectionInfo",
        reflection_pb2.ServerReflectionRequest.SerializeToString,
        reflection_pb2.ServerReflectionResponse.FromString,
    )
    assert next(present(iter([request]))) == reply  # today's name, the same messages
    for name in listed:
        asked = reflection_pb2.ServerReflectionRequest(file_containing_symbol=name)
        file = next(stub.ServerReflectionInfo(iter([asked])))
        assert file.file_descriptor_response.file_descriptor_proto, name


def test_operators_see_connections_and_calls(server):
    look = channelz_pb2_grpc.ChannelzStub(server.channel("operator"))
    servers = look.GetServers(channelz_pb2.GetServersRequest()).server  # of the whole process
    busy = [each.ref.server_id for each in servers if each.data.calls_succeeded]
    assert any(
        look.GetServerSockets(channelz_pb2.GetServerSocketsRequest(server_id=number)).socket_ref
        for number in busy
    )
    closed = channelz_pb2_grpc.ChannelzStub(server.channel("trader"))
    denied = code_of(closed.GetServers, channelz_pb2.GetServersRequest())
    assert denied == grpc.StatusCode.PERMISSION_DENIED


# ------------------------------------------------------------------------------ pings


def frames(connection):
    """(kind, flags, payload) of what the other side sends, until it closes."""
    data = b""
    while True:
        while len(data) >= 9:
            size, kind, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
            if len(data) < 9 + size:
                break
            yield kind, flags, data[9 : 9 + size]
            data = data[9 + size :]
        more = connection.recv(65536)
        if not more:
            return
        data += more


def pinged(server, times):
    """How many pings of an idle connection are answered, and the error that ended it, if one did.

    The frames are written by hand, so that no library holds them back.
    """
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes((0, 0, 0, 4, 0, 0, 0, 0, 0)))
        seen, answered = frames(connection), 0
        for kind, flags, _ in seen:
            if kind == SETTINGS and not flags & 1:
                connection.sendall(bytes((0, 0, 0, 4, 1, 0, 0, 0, 0)))
                break
        for number in range(times):
            if server.server.settings.client_ping_seconds < 1:
                time.sleep(2 * server.server.settings.client_ping_seconds)
            payload = struct.pack(">q", number)
            try:
                connection.sendall(bytes((0, 0, 8, 6, 0, 0, 0, 0, 0)) + payload)
            except OSError:
                return answered, TOO_MANY_PINGS
            for kind, flags, data in seen:
                if kind == PING and flags & 1 and data == payload:
                    answered += 1
                    break
                if kind == GOAWAY:
                    return answered, int.from_bytes(data[4:8], "big")
        return answered, None


def test_an_idle_client_may_ping_and_a_flood_is_cut_off(server, patient):
    assert pinged(patient, 40) == (40, None)
    answered, error = pinged(server, 40)
    assert error == TOO_MANY_PINGS
    assert answered < 10  # a radio that wakes up and sends a few at once is no flood
    assert pinged(server, 3) == (3, None)


def test_an_idle_connection_with_keepalive_of_its_client_stays(patient):
    channel = patient.channel("reader", options=[
        ("grpc.keepalive_time_ms", 50), ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ])  # fmt: skip
    stub, states = MarketDataServiceStub(channel), []
    request = market.GetInstrumentRequest(name="instruments/ACME")
    stub.GetInstrument(request)
    patient._channels[-1].subscribe(states.append)
    time.sleep(1)  # idle: twenty pings
    stub.GetInstrument(request)
    assert states == [grpc.ChannelConnectivity.READY]


# ------------------------------------------------------------------------------ bursts


def literal(name, value):
    """A header that needs no table."""
    return b"\0" + bytes([len(name)]) + name.encode() + bytes([len(value)]) + value.encode()


def test_calls_that_come_at_once_are_all_begun(server):
    """More than grpc lets wait by default: it cancels some of those beyond a thousand."""
    count = 2500
    head = b"".join(literal(*each) for each in {
        ":method": "POST", ":scheme": "http", ":path": "/grpc.health.v1.Health/Check",
        ":authority": "x", "content-type": "application/grpc", "te": "trailers",
    }.items())  # fmt: skip
    no_table = bytes((0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0))  # headers come in full
    out = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + no_table
    for stream in range(1, 2 * count, 2):
        number = struct.pack(">I", stream)
        out += struct.pack(">I", len(head))[1:] + bytes((1, 4)) + number + head
        out += bytes((0, 0, 5, 0, 1)) + number + bytes(5)
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
        sending = threading.Thread(target=connection.sendall, args=(out,))
        sending.start()
        ended = {"0": 0}
        for kind, _, payload in frames(connection):
            _, found, behind = payload.partition(b"grpc-status")
            if kind == HEADERS and found:
                code = behind[1 : 1 + behind[0]].decode()
                ended[code] = ended.get(code, 0) + 1
                if sum(ended.values()) == count:
                    break
        sending.join()
    assert ended == {"0": count}


# ------------------------------------------------------------------------------ sizes, deadlines


def test_messages_are_bounded_both_ways(server):
    stub = TradingServiceStub(server.channel("trader"))
    quotes = [api.SubmitQuoteRequest().quote] * 3000
    long = api.MassQuoteRequest(parent="accounts/alice", quotes=quotes, request_id="x" * 9000)
    assert code_of(stub.MassQuote, long) == grpc.StatusCode.RESOURCE_EXHAUSTED
    for n in range(250):
        stub.SubmitOrder(wish(price=f"0.{n + 1:03}"[:4]))
    stub.MassCancel(api.MassCancelRequest(parent="accounts/alice"))
    many = api.ListExecutionsRequest(parent="accounts/alice", page_size=1000)
    assert code_of(stub.ListExecutions, many) == grpc.StatusCode.RESOURCE_EXHAUSTED
    many.page_size = 100
    assert len(stub.ListExecutions(many).executions) == 100


def test_a_deadline_ends_streams_too_and_leaves_nothing_behind(server):
    data = MarketDataServiceStub(server.channel("reader"))
    trading = TradingServiceStub(server.channel("trader"))
    line = stream_pb2.Subscription(instrument="instruments/ACME", feed=codes.FEED_L1)
    streams = (
        (data.Subscribe, stream_pb2.SubscribeRequest(subscriptions=[line])),
        (data.Subscribe, stream_pb2.SubscribeRequest(
            subscriptions=[line], conflation=Duration(seconds=1))),
        (data.SubscribeBars, stream_pb2.SubscribeBarsRequest(
            instruments=["instruments/ACME"], period=Duration(seconds=1))),
        (trading.DropCopy, DropCopyRequest(parent="accounts/alice")),
    )
    for call, request in streams:
        assert code_of(call, request, timeout=0.4) == grpc.StatusCode.DEADLINE_EXCEEDED
    fanout, end = server.server.core.fanout, time.monotonic() + 60
    while fanout.readers and time.monotonic() < end:
        time.sleep(0.01)
    assert fanout.readers == 0


def test_health_says_it_when_the_server_stops(tmp_path_factory, sqlite):
    with running(tmp_path_factory.mktemp("brief"), sqlite()) as found:
        checks = health_pb2_grpc.HealthStub(found.channel(None))
        name = f"gridworks.api.{OURS[0]}"
        watch = checks.Watch(health_pb2.HealthCheckRequest(service=name), timeout=60)
        assert next(watch).status == health_pb2.HealthCheckResponse.SERVING
        loop = found.server._writing.get_loop()
        loop.call_soon_threadsafe(found.server.ask_to_stop)
        assert next(watch).status == health_pb2.HealthCheckResponse.NOT_SERVING
