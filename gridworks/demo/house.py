"""Certificates, keys and the server's process, all in a folder of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gridworks.client import Client

PROGRAM = "from gridworks.cli.main import run; run()"
OPERATOR = ("admin:read", "admin:write", "risk:read", "risk:write", "funds:write")
BROKER = ("trading:read", "trading:write", "market_data:read", "risk:read")


class Broken(Exception):
    """A process did not do what it should; the text is what it said."""


class House:
    """A folder with everything that a server needs, and the server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = self.gateway_port = 0
        self.keys: dict[str, str] = {}
        self._process: subprocess.Popen[str] | None = None
        self._environment = os.environ | {
            "GRIDWORKS_CONTROL_URL": f"sqlite:///{folder}/control.db",
            "GRIDWORKS_ENVIRONMENT": "sandbox",
        }

    def command(self, *words: str) -> str:
        """Run a command of the command line: what it prints. Raises Broken."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words], cwd=self.folder, env=self._environment,
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise Broken(f"gridworks {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout.strip()

    def make_certificates(self) -> None:
        """A CA and the server's certificate."""
        self.command("certs", "certs")

    def make_keys(self) -> None:
        """A key of the operator and one of a broker, both shown once."""
        self.command("control", "migrate")
        for partner, scopes in (("house", OPERATOR), ("north", BROKER)):
            self.command("partner", "create", partner, "--plan", "quantum", "--account", "*")
            wanted = [word for scope in scopes for word in ("--scope", scope)]
            self.keys[partner] = self.command("key", "create", partner, *wanted)

    def start(self) -> None:
        """Start the server and wait until it takes calls. Raises Broken."""
        log = (self.folder / "server.log").open("a")
        with log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PROGRAM, "serve", "--certs", "certs", "--folder", "data",
                 "--port", str(self.port), "--set", f"gateway_port={self.gateway_port}"],
                cwd=self.folder, env=self._environment, stdout=subprocess.PIPE, stderr=log,
                text=True,
            )  # fmt: skip
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready on port "):
                self.port = int(line.split()[-1])
            if line.startswith("gateway on port "):
                self.gateway_port = int(line.split()[-1])
                return
        raise Broken((self.folder / "server.log").read_text()[-2000:])

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Let it end in good order."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.send_signal(number)
            process.wait(60)
        if process.stdout is not None:
            process.stdout.close()

    def client(self, who: str) -> Client:
        """A client over TLS with the key of a partner."""
        return Client(
            f"localhost:{self.port}", self.keys[who], ca=self.folder / "certs" / "ca.pem",
            gateway=f"localhost:{self.gateway_port}", timeout=60.0, environment="sandbox",
        )  # fmt: skip


@contextmanager
def house() -> Iterator[House]:
    """A house in a temporary folder; gone at the end, with its server."""
    with tempfile.TemporaryDirectory(prefix="gridworks-demo-") as folder:
        made = House(Path(folder))
        try:
            yield made
        finally:
            made.kill()
