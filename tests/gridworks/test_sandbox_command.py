"""`gridworks sandbox` from an empty folder to a first order, and once more."""

import os
import signal
import stat
import subprocess
import sys

import grpc
import pytest

from gridworks.api.sandbox.v1 import sandbox_service_pb2 as api
from gridworks.api.sandbox.v1.sandbox_service_pb2_grpc import SandboxServiceStub
from gridworks.cli import sandbox
from tests.server.running import START


def started(folder):
    """(process, what it has printed until it was ready)."""
    command = [sys.executable, "-c", START, "sandbox", folder, "--port", "0", "--speed", "0"]
    with (folder.parent / "sandbox.log").open("a") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stderr=log)
    told = {}
    for line in process.stdout:
        word, _, rest = line.strip().partition(" ")
        told[word] = rest.strip()
        if word == "ready":
            return process, told
    process.wait(10)
    raise AssertionError((folder.parent / "sandbox.log").read_text()[-2000:])


def test_one_command_makes_a_market(tmp_path):
    folder = tmp_path / "try"
    process, told = started(folder)
    try:
        kept = folder / "api-key"
        assert kept.read_text().strip() == told["key"]
        assert stat.S_IMODE(os.stat(kept).st_mode) == 0o600
        trust = grpc.ssl_channel_credentials((folder / "certs" / "ca.pem").read_bytes())
        with grpc.secure_channel(told["endpoint"], trust) as channel:
            found = SandboxServiceStub(channel).OpenAccount(
                api.OpenAccountRequest(name="accounts/me"),
                metadata=[("authorization", f"Bearer {told['key']}")], timeout=60,
            )  # fmt: skip
        assert (found.cash, found.script_instrument) == ("1000000", "instruments/SCRIPT-me")
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stdout.close()
    again = sandbox._key(kept, f"sqlite:///{folder / 'control.db'}")
    assert again == told["key"]
    assert sandbox._certificates(folder / "certs")["certificate"] == folder / "certs" / "server.pem"


@pytest.fixture(autouse=True)
def _forget_connections():
    yield
    from django.db import connections

    connections.close_all()
