"""A real server on a free port, in a thread or as a process, with a store, a partner and keys.

    with running(tmp_path, control_url) as server:
        channel = server.channel("trader")

Or the fixture `server`, which the tests of a module share. `control_url` is a store that is
migrated (the fixtures of `tests.control_stores`). The exchange has one instrument, "ACME" (tick
0.01, lot 1), and the firm "north" with the accounts "alice" and "bob", the firm "south" with
"carol"; the market is open.
"""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import pytest

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.risk.v1 import resources_pb2 as risk_resources
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1 import instrument_pb2
from server.auth.rights import SCOPES
from tests.server.sequencing import compile_engine

START = "from gridworks.cli.main import run; run()"

# role -> (partner, scopes, accounts of the key; none: all of the partner)
ROLES = {
    "operator": ("house", SCOPES, ()),
    "trader": ("broker", ("trading:read", "trading:write", "market_data:read", "risk:read"), ()),
    "reader": ("broker", ("trading:read", "market_data:read", "risk:read"), ()),
    "alice": ("broker", ("trading:read", "trading:write", "risk:read"), ("alice",)),
    "approver": ("house", ("risk:read", "risk:approve"), ()),
    "tester": ("broker", ("sandbox:write", "trading:read", "market_data:read"), ()),
    "alice's tester": ("broker", ("sandbox:write",), ("alice",)),
    "stranger": ("other", ("trading:read", "trading:write", "risk:read"), ()),
}
PARTNERS = {"house": ("*",), "broker": ("north", "alice", "bob"), "other": ("south", "carol")}


@dataclass
class Running:
    """A server that runs, and the keys that it lets in."""

    port: int
    folder: Path
    control_url: str
    keys: dict[str, str] = field(default_factory=dict)
    key_ids: dict[str, int] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None
    server: object = None
    credentials: grpc.ChannelCredentials | None = None
    _channels: list[grpc.Channel] = field(default_factory=list)

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self.port}"

    def metadata(self, role: str) -> tuple[tuple[str, str], ...]:
        """The metadata that a call of this role carries."""
        return (("authorization", f"Bearer {self.keys[role]}"),)

    def channel(self, role: str | None = "trader", options=()) -> grpc.Channel:
        """A channel whose calls carry the role's key; None: no key."""
        options = [("grpc.use_local_subchannel_pool", 1), *options]
        if self.credentials is None:
            plain = grpc.insecure_channel(self.target, options=options)
        else:
            plain = grpc.secure_channel(self.target, self.credentials, options=options)
        self._channels.append(plain)
        if role is None:
            return plain
        return grpc.intercept_channel(plain, _Bearer(self.metadata(role)))

    @property
    def gateway(self) -> "Running":
        """The same server through its second door; close it too."""
        return Running(self.server.gateway_port, self.folder, self.control_url, self.keys)

    def close(self) -> None:
        for channel in self._channels:
            channel.close()
        self._channels.clear()

    def kill(self) -> None:
        """kill -9 of the process."""
        self.close()
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.process.stdout.close()


class _Bearer(
    grpc.UnaryUnaryClientInterceptor, grpc.UnaryStreamClientInterceptor,
    grpc.StreamStreamClientInterceptor,
):  # fmt: skip
    def __init__(self, metadata) -> None:
        self._metadata = metadata

    def _with(self, details):
        metadata = (*(details.metadata or ()), *self._metadata)
        return details._replace(metadata=metadata)

    def intercept_unary_unary(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_unary_stream(self, continuation, details, request):
        return continuation(self._with(details), request)

    def intercept_stream_stream(self, continuation, details, requests):
        return continuation(self._with(details), requests)


def make_keys(control_url: str) -> tuple[dict[str, str], dict[str, int]]:
    """Partners and keys in a migrated store: (role -> secret, role -> number)."""
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key
    from portal.acts.partners import create_partner
    from portal.store import open_store

    open_store(control_url)
    by = By("tests", "tests")
    for code, accounts in PARTNERS.items():
        create_partner(by, code, code, "quantum", accounts)
    keys, ids = {}, {}
    for role, (partner, scopes, accounts) in ROLES.items():
        issued = create_key(by, partner, "test", role, Rights(scopes, accounts, ()))
        keys[role], ids[role] = issued.reveal(), issued.key.pk
    return keys, ids


def set_up(server: Running) -> None:
    """The instrument, the nodes, their money; the market opens."""
    channel = server.channel("operator")
    stub, money = AdminServiceStub(channel), RiskServiceStub(channel)
    stub.CreateInstrument(
        admin.CreateInstrumentRequest(
            instrument=instrument_pb2.Instrument(symbol="ACME", tick_size="0.01", lot_size="1")
        ),
        timeout=120,
    )
    firm, account = codes.LEVEL_FIRM, codes.LEVEL_ACCOUNT
    for name, parent, level in (
        ("north", "", firm), ("south", "", firm), ("alice", "nodes/north", account),
        ("bob", "nodes/north", account), ("carol", "nodes/south", account),
    ):  # fmt: skip
        node = risk_resources.Node(level=level, parent=parent)
        stub.CreateNode(admin.CreateNodeRequest(node=node, node_id=name))
    for name in ("alice", "bob", "carol"):
        money.Deposit(risk.DepositRequest(parent=f"accounts/{name}", amount="1000000000"))
    stub.SetPhase(admin.SetPhaseRequest(target="market", phase=codes.PHASE_CONTINUOUS))


@contextmanager
def running(
    folder: Path, control_url: str, prepare=set_up, credentials=None, **settings
) -> Iterator[Running]:
    """A server in a thread of this process, set up; stopped in good order at the end.

    With `credentials`, those of its clients, it serves TLS: give its certificate too.
    """
    from server.config import load
    from server.main import Server

    compile_engine()
    keys, ids = make_keys(control_url)
    wish = load(
        folder=folder, control_url=control_url, port=0, insecure=credentials is None,
        grace_seconds=0.5, **settings,
    )  # fmt: skip
    loop, started = asyncio.new_event_loop(), threading.Event()
    found: dict[str, object] = {}

    async def body() -> None:
        server = found["server"] = Server(wish)
        await server.start()
        started.set()
        await server.wait()
        await server.stop()

    def run() -> None:
        try:
            loop.run_until_complete(body())
        except BaseException as error:
            found["error"] = error
        finally:
            started.set()
            loop.run_until_complete(loop.shutdown_asyncgens())
            loop.close()

    thread = threading.Thread(target=run, name="server under test")
    thread.start()
    assert started.wait(240)
    if "error" in found:
        raise found["error"]
    server = Running(found["server"].port, folder, control_url, keys, ids, server=found["server"],
                     credentials=credentials)  # fmt: skip
    try:
        prepare(server)
        yield server
    finally:
        server.close()
        if not loop.is_closed():
            loop.call_soon_threadsafe(found["server"].ask_to_stop)
        thread.join(60)
    if "error" in found:
        raise found["error"]


@pytest.fixture(scope="module")
def server(tmp_path_factory, sqlite):
    """A server for the tests of a module; one with other settings has a fixture of its own."""
    with running(tmp_path_factory.mktemp("server"), sqlite()) as found:
        yield found


def spawn(folder: Path, control_url: str, keys, key_ids, **settings) -> Running:
    """A server as a process of its own; `Running.kill` or `terminate` ends it."""
    compile_engine()
    given = {"folder": folder, "control_url": control_url, "port": 0, "insecure": "true",
             "grace_seconds": 0.5, **settings}  # fmt: skip
    environment = os.environ | {f"GRIDWORKS_{k.upper()}": str(v) for k, v in given.items()}
    command = [sys.executable, "-c", START, "serve"]
    with (folder / "server.log").open("a") as log:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, text=True, stderr=log
        )
    for line in process.stdout:
        if line.startswith("ready on port "):
            return Running(int(line.split()[-1]), folder, control_url, keys, key_ids, process)
    process.wait(10)
    raise AssertionError(f"no server: {(folder / 'server.log').read_text()[-2000:]}")
