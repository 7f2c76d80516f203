"""Peers that mean harm and machines that fail: bounded, and nobody else is disturbed."""

import os
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time

import grpc
import pytest

from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from tests.server.running import START, make_keys, running, set_up, spawn
from tests.server.test_auth_rights import METHODS, about
from tests.server.test_observability import eventually
from tests.server.test_server_trading import Session, details, wish

SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


@pytest.fixture(scope="module")
def server(tmp_path_factory, sqlite):
    folder = tmp_path_factory.mktemp("server")
    with running(folder, sqlite(), handshake_seconds=1.0) as found:
        yield found


def resident():
    """Memory of this process, bytes."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def goes_on(server):
    order = TradingServiceStub(server.channel("trader")).SubmitOrder(wish(price="0.01"), timeout=60)
    assert order.order.working


def failing(call, *given, **more):
    with pytest.raises(grpc.RpcError) as error:
        call(*given, **more)
    return error.value


def test_a_hundred_megabytes_are_refused_and_not_kept(server):
    session = Session(server, "large")
    before = resident()
    huge = bytes(100 * 2**20)
    raw = server.channel("trader").unary_unary(SUBMIT)
    assert failing(raw, huge, timeout=60).code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    entry = server.channel("trader").stream_stream(
        "/gridworks.api.trading.v1.TradingService/OrderEntry"
    )
    error = failing(lambda: list(entry(iter([huge]), timeout=60)))
    assert error.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert resident() < before + 250 * 2**20  # the client's own bytes, and no copy for the server
    session.order(1)
    assert len(session.reports(1)) == 1
    session.drop()


@pytest.mark.parametrize(
    "data",
    [
        b"\x0a\x03\xff\xfe\xfd",  # parent that is not UTF-8
        b"\x0a\x80",  # a length that goes on behind the end
        b"\xff" * 40,  # a tag that never ends
        b"\x0a\xff\xff\xff\xff\x0f",  # four gigabytes of parent
    ],
)
def test_bytes_that_are_no_message_are_the_callers_mistake(server, data):
    error = failing(server.channel("trader").unary_unary(SUBMIT), data, timeout=60)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error)["BadRequest"].field_violations[0].field == "request"
    entry = server.channel("trader").stream_stream(
        "/gridworks.api.trading.v1.TradingService/OrderEntry"
    )
    made = failing(lambda: list(entry(iter([data]), timeout=60)))
    assert made.code() == grpc.StatusCode.INVALID_ARGUMENT
    copy = server.channel("trader").unary_stream(SUBMIT.replace("SubmitOrder", "DropCopy"))
    assert failing(lambda: list(copy(data, timeout=60))).code() == grpc.StatusCode.INVALID_ARGUMENT


def test_connections_that_say_nothing_or_half_of_it_are_closed(server):
    host, port = "127.0.0.1", server.port
    beginnings = (b"", PREFACE[:10], b"GET / HTTP/1.1\r\nHost: x\r\n", b"\x16\x03\x01\x02\x00")
    slow = []
    for beginning in beginnings * 10:
        one = socket.create_connection((host, port), 30)
        one.sendall(beginning)
        slow.append(one)
    goes_on(server)  # while they hold their breath
    for one in slow:
        one.settimeout(60)
        try:
            while one.recv(4096):  # SETTINGS of the server, then the end
                continue
        except ConnectionResetError:
            pass
        one.close()


def test_a_body_that_trickles_ends_with_its_deadline_and_holds_nobody_up(server):
    """A call whose message never comes whole: the deadline of the caller ends it at the server."""
    started = time.monotonic()
    half = struct.pack(">BI", 0, 1000) + b"\x0a"  # a byte of a message of a thousand

    def frame(kind, flags, stream, data):
        return struct.pack(">I", len(data))[1:] + bytes([kind, flags]) + struct.pack(
            ">I", stream) + data  # fmt: skip

    def text(value):
        return bytes([len(value)]) + value.encode()

    fields = {
        ":method": "POST", ":scheme": "http", ":path": SUBMIT, ":authority": "x",
        "te": "trailers", "content-type": "application/grpc", "grpc-timeout": "1S",
    }  # fmt: skip
    headers = b"".join(b"\x00" + text(k) + text(v) for k, v in fields.items())
    many = []
    for _ in range(20):
        one = socket.create_connection(("127.0.0.1", server.port), 60)
        one.sendall(PREFACE + frame(4, 0, 0, b"") + frame(1, 4, 1, headers) + frame(0, 0, 1, half))
        many.append(one)
    goes_on(server)
    for one in many:
        seen = b""
        while not _ended(seen):
            data = one.recv(65_536)
            assert data, "closed without an answer"
            seen += data
        one.close()
    assert time.monotonic() - started < 60


def _ended(data):
    """Whether stream 1 has ended: END_STREAM of HEADERS, or RST_STREAM."""
    while len(data) >= 9:
        size, kind, flags = int.from_bytes(data[:3], "big"), data[3], data[4]
        stream = int.from_bytes(data[5:9], "big")
        if stream == 1 and len(data) >= 9 + size and (kind == 3 or (kind == 1 and flags & 1)):
            return True
        data = data[9 + size :]
    return False


def connects(server, count):
    """So many connections, each opened and dropped at once; those a second."""
    begin = time.perf_counter()
    for _ in range(count):
        with socket.socket() as one:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            one.connect(("127.0.0.1", server.port))
    return count / (time.perf_counter() - begin)


def sockets():
    found = 0
    for fd in os.listdir("/proc/self/fd"):
        try:
            found += os.readlink(f"/proc/self/fd/{fd}").startswith("socket:")
        except FileNotFoundError:
            continue
    return found


def test_a_storm_of_connections_leaves_nothing_behind(server):
    goes_on(server)
    before = sockets()
    connects(server, 2_000)
    goes_on(server)
    eventually(lambda: sockets() <= before + 20)


@pytest.mark.soak
def test_ten_thousand_connections_a_second_for_a_while(server):
    end, memory = time.monotonic() + 20, 0
    while time.monotonic() < end:
        connects(server, 10_000)
        goes_on(server)
        memory = memory or resident()
    assert resident() < memory + 100 * 2**20


class Cable:
    """Carries bytes between a client and the server until it is cut: then nothing says so."""

    def __init__(self, port):
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port, self._to, self.cut = self._door.getsockname()[1], port, threading.Event()
        self._open = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while not self.cut.is_set():
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._to))
            self._open += [near, far]
            for pair in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, sink):
        try:
            while data := source.recv(65_536):
                if not self.cut.is_set():  # behind a cut bytes are swallowed
                    sink.sendall(data)
        except OSError:
            return

    def close(self):
        self.cut.set()
        for one in (self._door, *self._open):
            one.close()


def test_a_connection_that_is_half_open_is_found_and_its_orders_are_canceled(
    tmp_path, sqlite, monkeypatch
):
    monkeypatch.setattr("server.transport.KEEPALIVE_TIMEOUT_MS", 1_000)
    with running(tmp_path, sqlite(), keepalive_seconds=1.0) as server:
        cable, direct = Cable(server.port), server.port
        try:
            server.port = cable.port
            session = Session(server, "far", cancel_on_disconnect=True)
            session.order(1)
            assert len(session.reports(1)) == 1
            cable.cut.set()
            server.port = direct
            stub = TradingServiceStub(server.channel("trader"))
            request = api.ListOrdersRequest(parent="accounts/alice", open_only=True)
            # well before the deadline of the stream, 60 s, would end it
            eventually(lambda: not stub.ListOrders(request, timeout=60).orders, seconds=40)
            session.drop()
        finally:
            cable.close()


# ---------------------------------------------------------------------- who may do what


def call_of(server, role, method):
    """Call a method by its descriptor with a request about somebody else's account."""
    described, channel = METHODS[method], server.channel(role)
    data = about(method, "killSwitches/node-carol" if "KillSwitch" in method else
                 "nodes/carol/limits", "accounts/carol").SerializeToString()  # fmt: skip
    if described.client_streaming:
        return list(channel.stream_stream(method)(iter([data]), timeout=60))
    if described.server_streaming:
        return list(channel.unary_stream(method)(data, timeout=60))
    return channel.unary_unary(method)(data, timeout=60)


def test_no_method_answers_without_a_key_or_about_another_account(server):
    from server.auth.rights import RIGHTS
    from tests.server.running import ROLES

    absent = []
    for method in METHODS:
        error = failing(call_of, server, None, method)
        if error.details() == "Method not found!":
            absent.append(method)
            continue
        assert error.code() == grpc.StatusCode.UNAUTHENTICATED, method
        for role in ("reader", "trader", "alice"):
            right = RIGHTS[method]
            if right.scope in ROLES[role][1] and not right.accounts:
                continue  # theirs to call: market data, or a stream that checks its messages
            error = failing(call_of, server, role, method)
            assert error.code() == grpc.StatusCode.PERMISSION_DENIED, (role, method)
    assert all("IndicatorService" in method for method in absent)


def test_a_rate_is_refused_with_the_time_to_wait(server):
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key
    from portal.acts.partners import create_partner
    from portal.store import open_store

    open_store(server.control_url)
    by = By("tests", "tests")
    create_partner(by, "small", "Small", "growth", ("bob",))
    key = create_key(by, "small", "test", "small", Rights(("trading:read",), (), ()))
    server.keys["small"] = key.reveal()
    stub = TradingServiceStub(server.channel("small"))
    request = api.ListOrdersRequest(parent="accounts/bob")

    core = server.server.core
    eventually(lambda: key.key.pk in core.gate.keys().by_id)
    calls = [stub.ListOrders.future(request, timeout=60) for _ in range(400)]
    errors = [call.exception() for call in calls if call.exception() is not None]
    assert errors  # 100 at once, then 50 a second
    wait = details(errors[0])["RetryInfo"].retry_delay
    assert 0 < wait.ToTimedelta().total_seconds() < 10
    assert errors[0].code() == grpc.StatusCode.RESOURCE_EXHAUSTED

    def again():
        time.sleep(wait.ToTimedelta().total_seconds())
        return stub.ListOrders.future(request, timeout=60).exception() is None

    eventually(again)


# ---------------------------------------------------------------------- disks


@pytest.fixture
def small_disk(tmp_path):
    """A real file system of 24 MiB, when this user may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if shutil.which("mount") is None or os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    mount = ["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def test_a_full_disk_refuses_and_keeps_what_was_acknowledged(small_disk, sqlite):
    url = sqlite()
    keys, ids = make_keys(url)
    server = spawn(small_disk, url, keys, ids)
    try:
        set_up(server)
        stub = TradingServiceStub(server.channel("trader"))
        entered = [stub.SubmitOrder(wish(price="0.01"), timeout=60).order.name for _ in range(3)]
        with (small_disk / "occupied").open("ab", buffering=0) as file:
            for piece in (65_536, 4096, 1):
                try:
                    while True:
                        file.write(bytes(piece))
                except OSError:
                    continue
        refused = []

        def is_full():  # what SQLite has room for in its own file still goes in
            try:
                entered.append(stub.SubmitOrder(wish(price="0.01"), timeout=60).order.name)
            except grpc.RpcError as error:
                refused.append(error)
            return refused

        eventually(is_full)
        assert refused[0].code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "RetryInfo" in details(refused[0])
        (small_disk / "occupied").unlink()
        entered.append(stub.SubmitOrder(wish(price="0.01"), timeout=60).order.name)
        server.kill()
        server = spawn(small_disk, url, keys, ids)
        listed = TradingServiceStub(server.channel("trader")).ListOrders(
            api.ListOrdersRequest(parent="accounts/alice", page_size=1000), timeout=60
        )
        assert sorted(order.name for order in listed.orders) == sorted(entered)
    finally:
        server.kill()


def test_a_log_that_was_changed_in_the_middle_is_refused_with_the_place(tmp_path, sqlite):
    url = sqlite()
    keys, ids = make_keys(url)
    server = spawn(tmp_path, url, keys, ids)
    set_up(server)
    server.process.send_signal(signal.SIGTERM)  # in good order: a snapshot hides the middle
    server.close()
    assert server.process.wait(60) == 0
    server.process.stdout.close()
    with sqlite3.connect(tmp_path / "commands.db") as db:
        rows = db.execute("SELECT first_seq, blob FROM batches ORDER BY first_seq").fetchall()
        seq, blob = rows[len(rows) // 2]
        changed = blob[:-1] + bytes([blob[-1] ^ 1])
        db.execute("UPDATE batches SET blob = ? WHERE first_seq = ?", (changed, seq))
    db.close()
    environment = os.environ | {
        "GRIDWORKS_FOLDER": str(tmp_path), "GRIDWORKS_CONTROL_URL": url, "GRIDWORKS_PORT": "0",
        "GRIDWORKS_INSECURE": "true",
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", START, "serve"], env=environment, capture_output=True, text=True,
        timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert f"damaged at sequence {seq}" in done.stderr
    assert "ready" not in done.stdout
