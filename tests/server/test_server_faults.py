"""A server that is killed, readers that do not read, and a start without or with TLS."""

import queue
import random
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import grpc
import pytest
import structlog

from domain.errors import InvalidField
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.trading.v1 import order_entry_pb2 as stream
from gridworks.api.trading.v1 import trading_service_pb2 as api
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from server import config, main
from tests.server.running import make_keys, running, set_up, spawn
from tests.server.test_server_trading import Session, details
from tests.soaking import FIRST_SEED

ROOT = Path(__file__).parent.parent.parent


def command(cl_ord_id, price):
    return stream.OrderCommand(
        command=codes.COMMAND_NEW_ORDER, cl_ord_id=cl_ord_id, instrument=1,
        side=codes.SIDE_BUY, ord_type=codes.ORD_TYPE_LIMIT, order_qty=1, price=price,
    )  # fmt: skip


class Client:
    """Sends numbered orders and keeps what came back, over as many lives of the server."""

    def __init__(self):
        self.seen = {}  # number of the report -> cl_ord_id
        self.sent = 0

    def live(self, server, kill_after):
        """Connect, resume, send until the server dies, after so many more reports."""
        session = Session(server, "killed", next_expected_msg_seq_num=len(self.seen) + 1)
        expected = session.logon.logon.next_expected_msg_seq_num
        assert expected <= self.sent + 1  # nothing is applied that was not sent
        assert expected > max(self.seen.values(), default=0)  # nothing acknowledged is lost
        until = len(self.seen) + kill_after
        reader = threading.Thread(target=self._read, args=(session, server, until))
        reader.start()
        number = expected
        while reader.is_alive():
            session.send(msg_seq_num=number, commands=[command(number, 1 + number % 50)])
            self.sent = max(self.sent, number)
            number += 1
            if number % 20 == 0:
                time.sleep(0.002)
        reader.join()
        session.half_close()
        server.kill()

    def _read(self, session, server, until):
        try:
            for reply in session.replies:
                for at, report in enumerate(reply.reports):
                    number = reply.msg_seq_num + at
                    assert number == len(self.seen) + 1  # no gap and no repetition
                    self.seen[number] = report.cl_ord_id
                if len(self.seen) >= until:
                    server.process.send_signal(signal.SIGKILL)
        except grpc.RpcError:
            pass


def kills(tmp_path, control_url, times, rng):
    keys = make_keys(control_url)
    server = spawn(tmp_path, control_url, *keys, keep_reports=1_000_000)
    set_up(server)
    client = Client()
    for _ in range(times):
        client.live(server, rng.randrange(50, 500))
        server = spawn(tmp_path, control_url, *keys, keep_reports=1_000_000)
    try:
        last = Session(server, "killed", next_expected_msg_seq_num=len(client.seen) + 1)
        applied = last.logon.logon.next_expected_msg_seq_num - 1
        tail = last.logon.logon.next_msg_seq_num - 1
        for number, report in last.reports(tail - len(client.seen)) if tail > len(
            client.seen
        ) else []:
            client.seen[number] = report.cl_ord_id
        last.drop()
        assert list(client.seen) == list(range(1, tail + 1))
        assert list(client.seen.values()) == list(range(1, applied + 1))  # each once, in order
        stub, found, token = TradingServiceStub(server.channel("trader")), [], ""
        while True:
            answer = stub.ListExecutions(
                api.ListExecutionsRequest(
                    parent="accounts/alice", page_size=1000, page_token=token
                )
            )
            found += [e.cl_ord_id for e in answer.executions]
            token = answer.next_page_token
            if not token:
                break
        assert found == list(range(1, applied + 1))
        server.process.send_signal(signal.SIGTERM)  # and a good end leaves a snapshot
        assert server.process.wait(30) == 0
        server.process.stdout.close()
    finally:
        server.close()
        if server.process.poll() is None:
            server.kill()
    return applied


def test_killed_under_load_nothing_acknowledged_is_lost_and_nothing_doubled(tmp_path, sqlite):
    assert kills(tmp_path, sqlite(), 1, random.Random(3)) > 50


@pytest.mark.soak
def test_killed_many_times(tmp_path, sqlite):
    assert kills(tmp_path, sqlite(), 30, random.Random(FIRST_SEED)) > 1000


def test_a_slow_reader_is_cut_off_and_resumes_and_slows_nobody(tmp_path, sqlite):
    with running(tmp_path, sqlite(), stream_bytes=100_000) as server:
        line = stream_pb2.Subscription(instrument="instruments/ACME", feed=codes.FEED_L3)
        request = stream_pb2.SubscribeRequest(subscriptions=[line])
        narrow = (("grpc.http2.bdp_probe", 0), ("grpc.http2.lookahead_bytes", 1024))
        slow = MarketDataServiceStub(server.channel("reader", narrow)).Subscribe(request)
        first = next(slow)
        quick = MarketDataServiceStub(server.channel("reader")).Subscribe(request)
        got, total = queue.Queue(), 40 * 500

        def read():
            seq = next(quick).msg_seq_num
            for reply in quick:
                assert reply.msg_seq_num == seq + 1
                seq += len(reply.updates)
                if seq >= first.msg_seq_num + total:
                    got.put(seq)
                    return

        reader = threading.Thread(target=read)
        reader.start()
        session = Session(server, "busy")
        for batch in range(40):
            session.send(
                commands=[command(batch * 500 + n, 1 + n % 90) for n in range(1, 501)]
            )
            assert len(session.reports(500)) == 500  # the market goes on
        assert got.get(timeout=20) == first.msg_seq_num + total
        reader.join()
        late = []
        with pytest.raises(grpc.RpcError) as error:
            late.extend(slow)
        seen = first.msg_seq_num
        for reply in late:
            assert reply.msg_seq_num == seen + 1
            seen += len(reply.updates)
        assert error.value.code() == grpc.StatusCode.RESOURCE_EXHAUSTED
        assert details(error.value)["ErrorInfo"].reason == "SLOW_READER"
        assert seen < first.msg_seq_num + total
        line.next_expected_msg_seq_num = seen + 1
        again = MarketDataServiceStub(server.channel("reader")).Subscribe(
            stream_pb2.SubscribeRequest(subscriptions=[line])
        )
        for reply in again:
            assert (reply.msg_seq_num, reply.snapshot) == (seen + 1, False)
            seen += len(reply.updates)
            if seen == first.msg_seq_num + total:
                break
        again.cancel()
        session.drop()


def test_a_start_without_certificates_says_what_to_do(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", "from gridworks.cli.main import run; run()", "serve",
         "--folder", str(tmp_path)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "gridworks certs" in done.stderr
    assert not list(tmp_path.iterdir())


def test_tls_is_served_with_the_development_certificates(tmp_path, sqlite):
    from server import certificates

    folder = tmp_path / "certs"
    certificates.make(folder, certificates.Wish(("localhost", "127.0.0.1"), ("dev",), 30))
    url = sqlite()
    keys = make_keys(url)
    server = spawn(
        tmp_path, url, *keys, insecure="false", certificate=folder / "server.pem",
        private_key=folder / "server-key.pem",
    )  # fmt: skip
    try:
        root = grpc.ssl_channel_credentials((folder / "ca.pem").read_bytes())
        with grpc.secure_channel(f"localhost:{server.port}", root) as channel:
            stub = TradingServiceStub(channel)
            answer = stub.ListOrders(
                api.ListOrdersRequest(parent="accounts/-"),
                metadata=server.metadata("trader"), timeout=20,
            )  # fmt: skip
            assert not answer.orders
        with grpc.insecure_channel(server.target) as channel, pytest.raises(grpc.RpcError) as no:
            TradingServiceStub(channel).ListOrders(
                api.ListOrdersRequest(parent="accounts/-"),
                metadata=server.metadata("trader"), timeout=5,
            )  # fmt: skip
        assert no.value.code() == grpc.StatusCode.UNAVAILABLE
    finally:
        server.kill()


def test_the_guide_has_every_setting_with_its_default():
    page = (ROOT / "docs" / "server.md").read_text()
    for name, field in config.Settings.model_fields.items():
        default = field.get_default()
        value = default.get_secret_value() if hasattr(default, "get_secret_value") else default
        shown = str(value).lower() if isinstance(value, bool) else str(value)
        shown = "none" if value is None else f"`{shown}`"
        assert f"| `{name}` | {shown} | {field.description} |" in page


def test_the_guide_has_every_reason_of_a_refusal():
    page = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
    raised = re.compile(r"(?:NotAuthenticated|NotPermitted|LimitReached)\(\s*\"([A-Z_]+)\"")
    named = re.compile(r"^    reason = \"([A-Z_]+)\"", re.MULTILINE)
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "server").rglob("*.py")]
    found = {name for text in sources for look in (raised, named) for name in look.findall(text)}
    found -= {"METHOD_UNLISTED"}  # a mistake of the program, not of a caller
    assert len(found) > 15
    assert not [name for name in found if f"`{name}`" not in page]


def test_what_is_deployed_names_settings_that_there_are():
    known = {f"GRIDWORKS_{name.upper()}" for name in config.Settings.model_fields}
    known |= {"GRIDWORKS_CACHE"}  # of the compiler
    for name in ("gridworks.service", "Containerfile"):
        text = (ROOT / "deploy" / name).read_text(encoding="utf-8")
        found = set(re.findall(r"GRIDWORKS_[A-Z_]+", text))
        assert len(found) >= 4
        assert found <= known, name


def test_settings_come_from_a_file_and_the_environment_wins(tmp_path, monkeypatch):
    file = tmp_path / "server.toml"
    file.write_text('port = 1234\npolicy = "memory"\ninbox = 10\n')
    monkeypatch.setenv("GRIDWORKS_INBOX", "20")
    found = config.load(file, port=77)
    assert (found.port, found.policy, found.inbox) == (77, "memory", 20)
    assert "control" not in found.model_dump_json(exclude={"control_url"})
    with pytest.raises(InvalidField, match="batch"):
        config.load(file, batch=0)
    file.write_text("nonsense = 1\n")
    with pytest.raises(InvalidField, match="nonsense"):
        config.load(file)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"tick_secnds": 1}, "a setting of docs/server.md, such as tick_seconds"),
     ({"file": Path("nowhere.toml")}, "a TOML file that can be read"),
     ({"policy": "fast"}, "policy is 'fast'")],
)  # fmt: skip
def test_a_wrong_setting_is_named_and_the_right_one_beside_it(given, said):
    with pytest.raises(InvalidField) as error:
        config.load(**given)
    assert said in str(error.value)


def test_a_start_that_has_to_compile_says_so(monkeypatch):
    monkeypatch.setattr("server.main.COMPILING_SECONDS", 0.01)
    with structlog.testing.capture_logs() as lines, main._telling_who_waits():
        while not lines:
            time.sleep(0.01)
    assert "compiling" in lines[0]["event"]


def test_clear_text_beyond_this_machine_is_warned_of():
    for host, warned in (("127.0.0.1", 0), ("localhost", 0), ("0.0.0.0", 1)):
        with structlog.testing.capture_logs() as lines:
            assert main._certificates(config.load(host=host, insecure=True)) is None
        assert [line["log_level"] for line in lines] == ["warning"] * warned
