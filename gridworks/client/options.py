"""Where a client connects, as whom, and how patient it is.

Each setting comes from an argument, else from the environment:

    target        GRIDWORKS_TARGET        "host:port"; without one localhost:7400
    api_key       GRIDWORKS_API_KEY       gw_test_... or gw_live_...
    environment   GRIDWORKS_ENVIRONMENT   "sandbox" or "live"; must fit the key. Unset: the key's
    ca            GRIDWORKS_CA            PEM file of the CA to trust; unset: the usual ones
    gateway       GRIDWORKS_GATEWAY       "host:port" of the fast order-entry door; unset: none
"""

from __future__ import annotations

import os
import random
import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Literal, TypedDict

from domain.errors import InvalidField
from gridworks.client.errors import CallError

DEFAULT_TARGET = "localhost:7400"
PREFIXES = {"sandbox": "gw_test_", "live": "gw_live_"}
_TARGET = re.compile(r"(?:dns:///|ipv[46]:)?(\[[0-9a-fA-F:.]+\]|[^:/\[\]]+):\d{1,5}")


@dataclass(frozen=True)
class Retry:
    """How a call that failed is tried again: never behind its deadline.

    Only what cannot do harm is repeated: calls that change nothing, and mutations, which carry a
    request_id. Tried again are UNAVAILABLE, and RESOURCE_EXHAUSTED or ABORTED where the server
    says after how long. The pause grows from `first` by `factor` to `most` seconds; a random part
    of up to half of it is taken off, so that clients do not come back all at once. A delay that
    the server asks for is kept in full.
    """

    attempts: int = 0  # at most so many tries; 0: as many as the deadline allows
    first: float = 0.05
    factor: float = 2.0
    most: float = 2.0

    def __post_init__(self) -> None:
        if self.attempts < 0:
            raise InvalidField("retry.attempts", self.attempts, "0 or more")
        if not (0 < self.first <= self.most and self.factor >= 1):
            raise InvalidField("retry", (self.first, self.factor, self.most), "0 < first <= most")

    def pause(self, error: CallError, failures: int) -> float | None:
        """Seconds to wait after so many failures in a row; None: do not try again."""
        told = error.retry_delay
        again = error.code == "UNAVAILABLE" or (
            error.code in ("RESOURCE_EXHAUSTED", "ABORTED") and told is not None
        )
        if not again or (self.attempts and failures >= self.attempts):
            return None
        grown = self.first * self.factor ** min(failures - 1, 64)
        wait = min(grown, self.most) * random.uniform(0.5, 1.0)
        return wait + (told or 0.0)


class ClientOptions(TypedDict, total=False):
    """What `Client` and `AsyncClient` take beside target and key."""

    environment: Literal["sandbox", "live"] | None
    ca: str | Path | None  # PEM file of the CA to trust
    identity: tuple[str | Path, str | Path] | None  # mutual TLS: certificate and private key, PEM
    insecure: bool  # no TLS at all; has to be said
    server_name: str | None  # the name in the server's certificate, if it is not the target's
    gateway: str | None  # "host:port" of the fast order-entry door
    timeout: float  # seconds for a call with all its tries
    patience: float  # seconds for which a stream that has lost its server tries to come back
    retry: Retry


@dataclass(frozen=True)
class Settings:
    """The settings of one client, checked. The key is not shown."""

    target: str
    api_key: str = field(repr=False)
    environment: str
    ca: Path | None = None
    identity: tuple[Path, Path] | None = None
    insecure: bool = False
    server_name: str | None = None
    gateway: str | None = None
    timeout: float = 10.0
    patience: float = 60.0
    retry: Retry = field(default_factory=Retry)


def settings(target: str | None, api_key: str | None, options: ClientOptions) -> Settings:
    """Settings out of arguments and environment. Raises InvalidField."""
    given: dict[str, Any] = dict(options)
    unknown = set(given) - set(ClientOptions.__annotations__)
    if unknown:
        known = ", ".join(ClientOptions.__annotations__)
        raise InvalidField(min(unknown), "an option", known)
    target = target or os.environ.get("GRIDWORKS_TARGET") or DEFAULT_TARGET
    key = api_key or os.environ.get("GRIDWORKS_API_KEY") or ""
    environment = _environment(key, given.pop("environment", None))
    insecure = given.pop("insecure", False)
    ca = given.pop("ca", None) or (None if insecure else os.environ.get("GRIDWORKS_CA"))
    identity = given.pop("identity", None)
    gateway = given.pop("gateway", None) or os.environ.get("GRIDWORKS_GATEWAY") or None
    local = [_is_local("target", target), gateway is None or _is_local("gateway", gateway)]
    _check_tls(all(local), environment, insecure, ca is not None or identity is not None)
    for name in ("timeout", "patience"):
        if not 0 < float(given.get(name, 1)) < float("inf"):
            raise InvalidField(name, given.get(name), "more than 0 seconds")
    return Settings(
        target, key, environment, _file("ca", ca),
        (_there("identity", identity[0]), _there("identity", identity[1])) if identity else None,
        insecure, gateway=gateway, **given,
    )  # fmt: skip


def _environment(key: str, wanted: str | None) -> str:
    """The environment of a key. Raises InvalidField; never shows the key."""
    if not key:
        raise InvalidField("api_key", "", "a key of gridworks key create, or GRIDWORKS_API_KEY")
    own = next((name for name, prefix in PREFIXES.items() if key.startswith(prefix)), None)
    if own is None:
        allowed = " or ".join(f"{prefix}…" for prefix in PREFIXES.values())
        raise InvalidField("api_key", f"{key[:3]}…", allowed)
    wanted = wanted or os.environ.get("GRIDWORKS_ENVIRONMENT") or own
    if wanted not in PREFIXES:
        raise InvalidField("environment", wanted, " or ".join(PREFIXES))
    if wanted != own:
        allowed = f"a key of the environment {wanted}: {PREFIXES[wanted]}…"
        raise InvalidField("api_key", f"{PREFIXES[own]}…", allowed)
    return own


def _is_local(name: str, target: str) -> bool:
    """Whether a target is this machine, by its name alone. Raises InvalidField."""
    if target.startswith("unix:"):
        return True
    found = _TARGET.fullmatch(target)
    if found is None:
        raise InvalidField(name, target, "host:port")
    host = found[1].strip("[]")
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _check_tls(local: bool, environment: str, insecure: bool, files: bool) -> None:
    if insecure and files:
        raise InvalidField("insecure", True, "no ca and no identity beside it")
    if insecure and environment == "live" and not local:
        raise InvalidField(
            "insecure", True, "TLS: a live key does not travel in clear text to another machine"
        )


def _file(name: str, path: str | Path | None) -> Path | None:
    return None if path is None else _there(name, path)


def _there(name: str, path: str | Path) -> Path:
    found = Path(path)
    if not found.is_file():
        raise InvalidField(name, str(path), "a PEM file")
    return found
