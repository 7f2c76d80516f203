"""grpc-js, connect-node, Java, h2load, h2spec and C++ through the gateway.

Node's packages are looked for in the folder that GRIDWORKS_NODE names (`npm install @grpc/grpc-js
@grpc/proto-loader @connectrpc/connect @connectrpc/connect-node @bufbuild/protobuf`), Java's where
Debian's libgrpc-java, libnetty-java and libperfmark-java put them.
"""

import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benches.load.local import Target
from benches.peers import build
from benches.peers.drive import Shape, drive
from tests.server.gateway.conftest import server  # noqa: F401
from tests.server.gateway.peer import message
from tests.server.gateway.test_doors import logon, order
from tests.server.test_server_trading import wish

HERE = Path(__file__).parent
PROTOS = HERE.parent.parent / "protos"
JARS = Path("/usr/share/java")
EXPECTED = ["unary true", "unknown 12", "stream 100 0"]
pytestmark = pytest.mark.soak


def need(*programs):
    absent = [name for name in programs if shutil.which(name) is None]
    if absent:
        pytest.skip(f"not installed: {', '.join(absent)}")


def said(command, **more):
    done = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=180, check=False, **more
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def node(server, tmp_path, program):  # noqa: F811
    folder = Path(os.environ.get("GRIDWORKS_NODE", "node_modules")).resolve()
    need("node", "protoc")
    if not (folder / "@grpc" / "grpc-js").exists():
        pytest.skip(f"no Node packages in {folder} (set GRIDWORKS_NODE)")
    import google.api

    common = Path(next(iter(google.api.__path__))).parent.parent
    descriptors = tmp_path / "descriptors.bin"
    said([
        "protoc", f"-I{PROTOS}", f"-I{common}", "--include_imports", f"-o{descriptors}",
        "gridworks/api/trading/v1/trading_service.proto",
    ])  # fmt: skip
    source = shutil.copy(HERE / program, folder.parent / f".interop-{program}")
    target = f"127.0.0.1:{server.server.gateway_port}"
    try:
        out = said(["node", source, target, server.keys["trader"], descriptors])
    finally:
        Path(source).unlink()
    return out.split("\n")[:3]


@pytest.mark.parametrize("program", ["grpc_js.js", "connect_node.mjs"])
def test_node(server, tmp_path, program):  # noqa: F811
    assert node(server, tmp_path, program) == EXPECTED


def test_java(server, tmp_path):  # noqa: F811
    need("java")
    if not (JARS / "grpc-netty.jar").exists():
        pytest.skip("not installed: libgrpc-java")
    (tmp_path / "unary.bin").write_bytes(wish(price="0.50").SerializeToString())
    requests = [logon("java"), *(order(99_000 + n, n, price=40) for n in range(1, 101))]
    requests.append(type(requests[0])(logout={}))
    for at, request in enumerate(requests):
        (tmp_path / f"stream-{at}.bin").write_bytes(request.SerializeToString())
    jars = ":".join(map(str, sorted(JARS.glob("*.jar"))))
    target = f"127.0.0.1:{server.server.gateway_port}"
    command = ["java", "-cp", jars, HERE / "Interop.java", target, server.keys["trader"], tmp_path]
    assert said(command).split("\n")[:3] == EXPECTED


def test_h2load(server, tmp_path):  # noqa: F811
    need("h2load")
    (tmp_path / "body").write_bytes(message(b""))
    out = said([
        "h2load", "-n", 5000, "-c", 10, "-m", 20, "-d", tmp_path / "body",
        "-H", "content-type: application/grpc", "-H", "te: trailers",
        f"http://127.0.0.1:{server.server.gateway_port}/grpc.health.v1.Health/Check",
    ])  # fmt: skip
    assert "5000 succeeded, 0 failed, 0 errored, 0 timeout" in out


# what h2spec asks with GET, which is no gRPC: answered with 405 at once, and without DATA
NO_GRPC = {
    "Sends a WINDOW_UPDATE frame on half-closed (remote) stream",
    "Sends a PRIORITY frame on half-closed (remote) stream",
    "Sends HEADERS frames that causes their advertised concurrent stream limit to be exceeded",
}


def test_h2spec(server, tmp_path):  # noqa: F811
    need("h2spec")
    report, port = tmp_path / "report.xml", server.server.gateway_port
    command = ["h2spec", "--strict", "-p", str(port), "-j", str(report)]
    subprocess.run(command, capture_output=True, timeout=600, check=False)
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    assert len(cases) > 100
    failed = [case for case in cases if case.find("failure") is not None]
    assert {case.get("classname") for case in failed} <= NO_GRPC


@pytest.mark.parametrize("window", [16, 10_000])  # one that is never full, too
def test_cpp(server, window):  # noqa: F811
    try:
        client, _ = build.programs()
    except build.Missing as missing:
        pytest.skip(str(missing))
    target = Target(f"127.0.0.1:{server.server.gateway_port}", server.keys["trader"])
    shape = Shape(sessions=4, window=window, seconds=0.5, warmup=0.1)
    found = drive(client, target, shape, accounts="accounts/alice")
    assert found["messages"] > 100
    assert found["refused"] == 0
