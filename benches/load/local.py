"""A server of one's own: a process on loopback with a store, a key and a market, all temporary."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from domain.errors import Unavailable
from server.auth.rights import SCOPES
from server.certificates import Wish, make
from server.sequencer.state import open_log

Rows = np.ndarray[Any, Any]
START = "from gridworks.cli.main import run; run()"
READY = "ready on port "
LOG_FILE = "commands.db"
HOST = "127.0.0.1"


@dataclass
class Target:
    """A server that load is sent to: its address, a key, and the CA to trust (None: no TLS)."""

    address: str
    key: str
    root: Path | None = None
    gateway: str = ""  # address of the second door, if it has one

    @property
    def port(self) -> int:
        """The port in the address."""
        return int(self.address.rpartition(":")[2])


@dataclass
class Local:
    """A running server process. `stop` ends it in good order, `kill` at once."""

    folder: Path
    target: Target
    process: subprocess.Popen[str]
    seconds: float  # from start to ready
    _said: list[str] = field(default_factory=list)

    @property
    def memory(self) -> int:
        """Resident bytes now; 0 where the system does not tell."""
        try:
            pages = Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1]
        except (OSError, IndexError):
            return 0
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    @property
    def processor_seconds(self) -> float:
        """Processor time used so far; 0 where the system does not tell."""
        try:
            stat = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="ascii")
        except OSError:
            return 0.0
        parts = stat.rpartition(")")[2].split()
        return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM, 60)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self._end(signal.SIGKILL, 30)

    def _end(self, number: int, seconds: float) -> None:
        if self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(30)
        if self.process.stdout is not None:
            self.process.stdout.close()


def seed(folder: Path, batches: Iterable[Rows]) -> int:
    """Write batches of commands into a new log, numbered; returns how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    seq = 0
    log = open_log(folder / LOG_FILE)
    try:
        for rows in batches:
            rows["seq"] = np.arange(seq + 1, seq + 1 + len(rows))
            log.append(seq + 1, len(rows), rows.tobytes())
            seq += len(rows)
    finally:
        log.close()
    return seq


def make_key(control_url: str) -> str:
    """A store with one partner who may do everything, without limits; their key."""
    from portal.store import migrate, open_store

    migrate(control_url)
    open_store(control_url)
    from portal.acts.audit import By  # its models want a store that is open
    from portal.acts.keys import Rights, create_key
    from portal.acts.partners import create_partner

    by = By("load", "a load on a server of its own")
    create_partner(by, "load", "load", "quantum", ("*",))
    return create_key(by, "load", "test", "load", Rights(SCOPES, (), ())).reveal()


def start(folder: Path, *, tls: bool, key: str = "", wait: float = 300.0, **settings: Any) -> Local:
    """Start a server on a free port of loopback in `folder`, which `seed` may have filled.

    A folder that was used before keeps its key: then give it. Raises Unavailable.
    """
    folder.mkdir(parents=True, exist_ok=True)
    control_url = f"sqlite:///{folder / 'control.db'}"
    key = key or make_key(control_url)
    certs = folder / "certs"
    if tls and not certs.exists():
        make(certs, Wish(("localhost", HOST), (), 30))
    given = {
        "folder": folder, "control_url": control_url, "host": HOST, "port": 0,
        "insecure": str(not tls).lower(), "gateway_port": 0, **settings,
    }  # fmt: skip
    if tls:
        given |= {"certificate": certs / "server.pem", "private_key": certs / "server-key.pem"}
    environment = os.environ | {f"GRIDWORKS_{k.upper()}": str(v) for k, v in given.items()}
    begin = time.monotonic()
    port, process = launch([sys.executable, "-c", START, "serve"], folder, environment, wait)
    gateway = ""
    if str(given["gateway_port"]) != "-1":
        assert process.stdout is not None
        gateway = f"{HOST}:{process.stdout.readline().split()[-1]}"
    target = Target(f"{HOST}:{port}", key, certs / "ca.pem" if tls else None, gateway)
    return Local(folder, target, process, time.monotonic() - begin)


def launch(
    command: list[str], folder: Path, environment: dict[str, str] | None = None, wait: float = 60.0
) -> tuple[int, subprocess.Popen[str]]:
    """Start a program that says "ready on port N"; (N, the process). Raises Unavailable."""
    log = folder / "server.log"
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    assert process.stdout is not None
    ends = time.monotonic() + wait
    for line in process.stdout:
        if line.startswith(READY):
            return int(line.removeprefix(READY).split()[0]), process
        if time.monotonic() > ends:
            break
    process.kill()
    process.wait(10)
    tail = log.read_text(encoding="utf-8", errors="replace")[-1500:]
    raise Unavailable(f"{' '.join(command[:2])} did not start: {tail}")
