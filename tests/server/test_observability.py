"""What operators see of a running server: metrics, traces, status, certificates, and no secrets."""

import json
import signal
import socket
import ssl
import time
import urllib.request
from datetime import UTC, datetime, timedelta

import grpc
import pytest
from cryptography import x509
from typer.testing import CliRunner

from domain.errors import InvalidField
from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.cli.main import build
from server import certificates, config
from server.telemetry import STAGES, Stages
from server.tls import Certificates
from server.tracing import Tracing, tracing_of
from tests.server.running import make_keys, running, spawn
from tests.server.test_server_faults import command
from tests.server.test_server_trading import Session


def eventually(what, seconds=60):
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return found


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_percentiles_are_those_of_the_last_seconds(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("server.telemetry.time.monotonic", lambda: now[0])
    stages = Stages()
    for _ in range(99):
        stages.observe("log", 2e-3)
    stages.observe("log", 0.2)
    assert stages.recent() == {"log_p50_us": 2500.0, "log_p99_us": 2500.0}
    for _ in range(2):
        now[0] += 10
        stages.recent()
    assert stages.recent() == {}  # nothing since
    stages.observe("log", 99.0)
    assert stages.recent()["log_p99_us"] == 1e6  # as far as the buckets go
    [family] = stages.collect()
    counts = {s.labels["le"]: s.value for s in family.samples if s.name.endswith("_bucket")
              and s.labels["stage"] == "log"}  # fmt: skip
    assert (counts["0.001"], counts["0.0025"], counts["0.25"], counts["+Inf"]) == (0, 99, 100, 101)


@pytest.fixture(scope="module")
def traced(tmp_path_factory, sqlite):
    """A server with metrics, and traces that stay in memory."""
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    spans, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    patch = pytest.MonkeyPatch()
    patch.setattr("server.main.tracing_of", lambda settings: Tracing(provider))
    port = free_port()
    with running(tmp_path_factory.mktemp("seen"), sqlite(), metrics_port=port) as server:
        yield server, spans, port
    patch.undo()


def test_every_stage_and_method_has_a_histogram_and_every_call_a_span(traced):
    server, spans, port = traced
    session = Session(server, "seen")
    session.send(commands=[command(1, 50)])
    assert len(session.reports(1)) == 1
    session.drop()
    text = urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics").read().decode()
    for stage in STAGES:
        [line] = [x for x in text.splitlines()
                  if x.startswith(f'gridworks_stage_seconds_count{{stage="{stage}"}}')]  # fmt: skip
        assert float(line.split()[1]) > 0, stage
    assert 'gridworks_call_seconds_count{method="/gridworks.api.admin.v1.AdminService/' in text
    spans.clear()
    stub = AdminServiceStub(server.channel("operator"))
    above = "0123456789abcdef0123456789abcdef"
    parent = [("traceparent", f"00-{above}-0123456789abcdef-01")]
    stub.GetSystemStatus(admin.GetSystemStatusRequest(), metadata=parent)
    with pytest.raises(grpc.RpcError):
        AdminServiceStub(server.channel("trader")).GetSystemStatus(admin.GetSystemStatusRequest())
    calls = eventually(lambda: [
        s for s in spans.get_finished_spans() if s.name.endswith("/GetSystemStatus")][1:]
        and [s for s in spans.get_finished_spans() if s.name.endswith("/GetSystemStatus")])
    assert [s.attributes["rpc.grpc.status"] for s in calls] == ["OK", "PERMISSION_DENIED"]
    assert f"{calls[0].context.trace_id:032x}" == above
    assert server.keys["operator"] not in str([s.to_json() for s in spans.get_finished_spans()])
    stub.SetPhase(admin.SetPhaseRequest(target="market", phase=3))
    eventually(lambda: {"batch.log", "batch.engine"} <= {
        s.name for s in spans.get_finished_spans()})  # fmt: skip


def test_status_on_the_command_line(traced):
    server, _, _ = traced
    run, key = CliRunner(), {"GRIDWORKS_API_KEY": server.keys["operator"]}
    call = ["status", server.target, "--insecure", "--every", "0.1"]
    shown = run.invoke(build(), [*call, "--json"], env=key)
    found = json.loads(shown.output)
    assert shown.exit_code == 0
    assert found["state"] == "SERVING"
    assert {"engine", "log", "keys", "metering", "schedule", "latency"} <= set(found["parts"])
    assert found["seq"] >= found["durable_seq"] > 0
    assert len(found["latency_us"]["engine"]) == 2
    text = run.invoke(build(), [*call, "--once"], env=key)
    assert "commands/s" in text.output
    refused = run.invoke(build(), [*call, "--once"], env={"GRIDWORKS_API_KEY": "gw_test_nope"})
    assert refused.exit_code == 1
    assert "UNAUTHENTICATED" in refused.output
    assert run.invoke(build(), call, env={"GRIDWORKS_API_KEY": ""}).exit_code == 2


def test_traces_need_the_address_of_a_collector():
    assert not tracing_of(config.load(insecure=True)).on
    with pytest.raises(InvalidField, match="traces"):
        tracing_of(config.load(insecure=True, traces="console"))


# ---------------------------------------------------------------------- certificates


def certified(folder, days=30, now=None):
    """Settings with a certificate for 127.0.0.1 that holds so long."""
    at = now or datetime.now(UTC)
    wish = certificates.Wish(("127.0.0.1",), (), days)
    use = (folder / "ca.pem").exists()
    for path in (folder / "server.pem", folder / "server-key.pem"):
        path.unlink(missing_ok=True)
    certificates.make(folder, wish, use_ca=use, now=at)
    return {"certificate": folder / "server.pem", "private_key": folder / "server-key.pem"}


def serial_of(settings):
    return x509.load_pem_x509_certificate(settings["certificate"].read_bytes()).serial_number


def test_a_new_certificate_is_taken_when_it_is_whole(tmp_path):
    files = certified(tmp_path)
    held, told = Certificates(config.load(**files)), []
    held.listeners.append(lambda: told.append(held.expires))
    assert not held.look()
    certified(tmp_path, days=60)
    assert held.look()
    assert len(told) == 1
    assert held.left > timedelta(days=59)
    key = files["private_key"].read_bytes()
    for broken in (b"", b"-----BEGIN", files["certificate"].read_bytes()):
        files["private_key"].write_bytes(broken)
        assert not held.look(always=True)
    files["private_key"].write_bytes(key)
    certified(tmp_path, days=2, now=datetime.now(UTC) - timedelta(days=9))
    assert not held.look(always=True)  # it has expired
    assert len(told) == 1
    with pytest.raises(InvalidField, match="not expired"):
        Certificates(config.load(**files))
    with pytest.raises(InvalidField, match="certificate"):
        Certificates(config.load(insecure=True))


def test_a_certificate_that_ends_soon_is_told_ahead_once_a_day(tmp_path, caplog):
    from server.services.admin.parts import certificate

    now = [datetime.now(UTC)]
    held = Certificates(config.load(**certified(tmp_path, days=30)), lambda: now[0])
    assert certificate(held).state == "SERVING"
    now[0] += timedelta(days=20)
    assert certificate(held).state == "DEGRADED"
    assert "expires on" in certificate(held).detail
    with caplog.at_level("WARNING"):
        held.warn()
        held.warn()
    now[0] += timedelta(days=20)
    assert certificate(held).detail == "it has expired"


def test_mutual_tls_lets_in_who_has_a_certificate_and_a_key(tmp_path, sqlite):
    files = certified(tmp_path)
    certificates.make(tmp_path, certificates.Wish((), ("desk",)), use_ca=True)
    root = (tmp_path / "ca.pem").read_bytes()
    own = [(tmp_path / f"client-desk{end}.pem").read_bytes() for end in ("-key", "")]
    mine = grpc.ssl_channel_credentials(root, *own)
    with running(
        tmp_path, sqlite(), credentials=mine, client_ca=tmp_path / "ca.pem", **files
    ) as server:
        without = grpc.secure_channel(server.target, grpc.ssl_channel_credentials(root))
        with pytest.raises(grpc.RpcError) as error:
            AdminServiceStub(without).GetSystemStatus(
                admin.GetSystemStatusRequest(), metadata=server.metadata("operator"), timeout=30
            )
        assert error.value.code() == grpc.StatusCode.UNAVAILABLE
        without.close()
        with pytest.raises(grpc.RpcError) as error:
            AdminServiceStub(server.channel(None)).GetSystemStatus(admin.GetSystemStatusRequest())
        assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def seen_serial(port, folder):
    """The serial number of the certificate that a new connection is shown."""
    context = ssl.create_default_context(cafile=str(folder / "ca.pem"))
    context.set_alpn_protocols(["h2"])
    with (
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(True)).serial_number


def test_sighup_changes_the_certificate_of_a_running_server_and_no_key_is_logged(tmp_path, sqlite):
    control = sqlite()
    keys, ids = make_keys(control)
    files = certified(tmp_path)
    server = spawn(tmp_path, control, keys, ids, insecure="false", **files)
    try:
        first = serial_of(files)
        assert seen_serial(server.port, tmp_path) == first
        root = grpc.ssl_channel_credentials((tmp_path / "ca.pem").read_bytes())
        channel = grpc.secure_channel(f"127.0.0.1:{server.port}", root)
        stub = AdminServiceStub(channel)
        status = admin.GetSystemStatusRequest()
        stub.GetSystemStatus(status, metadata=server.metadata("operator"))
        certified(tmp_path, days=60)
        server.process.send_signal(signal.SIGHUP)
        eventually(lambda: seen_serial(server.port, tmp_path) == serial_of(files))
        assert serial_of(files) != first
        found = stub.GetSystemStatus(status, metadata=server.metadata("operator"))  # still open
        [part] = [p for p in found.parts if p.name == "certificate"]
        assert part.gauges["days"] > 59
        wrong = f"gw_test_{'z' * 43}"
        for bearer in (f"Bearer {wrong}", wrong, f"Bearer {server.keys['operator']}x"):
            with pytest.raises(grpc.RpcError):
                stub.GetSystemStatus(status, metadata=[("authorization", bearer)])
        stub.CreateSnapshot(
            admin.CreateSnapshotRequest(reason=f"by mistake: {wrong}"),
            metadata=server.metadata("operator"),
        )
        entries = stub.ListAuditEntries(
            admin.ListAuditEntriesRequest(), metadata=server.metadata("operator")
        )
        channel.close()
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(60) == 0
        server.process.stdout.close()
        logged = (tmp_path / "server.log").read_text()
        assert "an act" in logged
        for secret in (*server.keys.values(), wrong):
            assert secret not in logged
            assert secret not in str(entries)
            assert secret.encode() not in (tmp_path / "commands.db").read_bytes()
    finally:
        if server.process.poll() is None:
            server.kill()
