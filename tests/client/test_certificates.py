"""TLS and mutual TLS: against grpcio's own server, with the development certificates."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

import gridworks as gw
from domain.errors import InvalidField
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.client import errors
from server import certificates


class Answers(grpc.GenericRpcHandler):
    """Every call is answered with a node that has the caller's name."""

    def service(self, details):
        def answer(request, context):
            who = context.auth_context().get("x509_common_name", [b"nobody"])[0]
            return resources.Node(name=who.decode()).SerializeToString()

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("certs")
    certificates.make(found, certificates.Wish(("localhost", "127.0.0.1"), ("dev",), 30))
    certificates.make(found / "other", certificates.Wish(("localhost",), ("dev",), 30))
    return found


@pytest.fixture(params=[False, True], ids=["tls", "mutual"])
def port(request, folder):
    server = grpc.server(ThreadPoolExecutor(2), handlers=(Answers(),))
    pair = [((folder / "server-key.pem").read_bytes(), (folder / "server.pem").read_bytes())]
    ca = (folder / "ca.pem").read_bytes() if request.param else None
    found = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials(
        pair, root_certificates=ca, require_client_auth=request.param
    ))  # fmt: skip
    server.start()
    yield found, request.param
    server.stop(None).wait()


def ask(port, **options):
    with gw.Client(f"localhost:{port}", "gw_test_key", timeout=1.0, **options) as client:
        return client.risk.get_node("x").name


def identity(folder):
    return folder / "client-dev.pem", folder / "client-dev-key.pem"


def test_only_the_right_ca_and_the_right_client_are_let_through(port, folder):
    number, mutual = port
    ca = folder / "ca.pem"
    assert ask(number, ca=ca, identity=identity(folder)) == ("dev" if mutual else "nobody")
    refused = [{}, {"ca": folder / "other" / "ca.pem"}, {"insecure": True}]
    if mutual:
        refused += [{"ca": ca}, {"ca": ca, "identity": identity(folder / "other")}]
    for options in refused:
        with pytest.raises(errors.Unavailable, match="speaks TLS"):
            ask(number, **options)


def test_a_ca_from_the_environment_and_another_name(port, folder, monkeypatch):
    number, _ = port
    monkeypatch.setenv("GRIDWORKS_CA", str(folder / "ca.pem"))
    with gw.Client(
        f"127.0.0.1:{number}", "gw_test_key", identity=identity(folder), server_name="localhost",
        timeout=5.0,
    ) as client:  # fmt: skip
        assert client.risk.get_node("x").name
    monkeypatch.setenv("GRIDWORKS_CA", "/nowhere")
    with pytest.raises(InvalidField, match="ca"):
        ask(number)


def test_asyncio_speaks_tls_too(port, folder):
    number, mutual = port

    async def go():
        async with gw.AsyncClient(
            f"localhost:{number}", "gw_test_key", ca=folder / "ca.pem", identity=identity(folder)
        ) as client:
            return (await client.risk.get_node("x")).name

    assert asyncio.run(go()) == ("dev" if mutual else "nobody")
