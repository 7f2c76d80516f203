"""The server's certificate: read, checked, watched, and changed without a restart.

The files are looked at every few seconds and on SIGHUP. New ones are taken when they are whole: a
chain that can be read, that is valid now, and a key that belongs to it; otherwise the old ones stay
in use and the log says why. Connections that are open keep what they were opened with.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import structlog
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from domain.errors import InvalidField
from server.config import Settings

LOOK_SECONDS = 2.0
WARN = timedelta(days=14)
WARN_EVERY = timedelta(days=1)
_log = structlog.get_logger(__name__)


class Pems(NamedTuple):
    """The contents of the files."""

    key: bytes
    chain: bytes
    client_ca: bytes | None
    expires: datetime


class Certificates:
    """The certificate in force. `listeners` are called when it has changed."""

    def __init__(
        self, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        if settings.certificate is None or settings.private_key is None:
            raise InvalidField(
                "certificate", None,
                "a certificate and a private key (gridworks certs makes some), or insecure = true",
            )  # fmt: skip
        self._now, self._warned = now, datetime.min.replace(tzinfo=UTC)
        self._files = settings.private_key, settings.certificate, settings.client_ca
        self._seen = self._marks()
        self._pems = self._read()
        self.listeners: list[Callable[[], None]] = []

    @property
    def expires(self) -> datetime:
        """When the first certificate of the chain ends."""
        return self._pems.expires

    @property
    def left(self) -> timedelta:
        """How long until then; negative: it has expired."""
        return self._pems.expires - self._now()

    def credentials(self) -> Any:
        """For grpcio: each new connection gets the certificate that is in force then."""
        return grpc.dynamic_ssl_server_credentials(
            self._configuration(), self._configuration,
            require_client_authentication=self._pems.client_ca is not None,
        )  # fmt: skip

    def _configuration(self) -> Any:
        pems = self._pems
        return grpc.ssl_server_certificate_configuration(
            [(pems.key, pems.chain)], root_certificates=pems.client_ca
        )

    async def run(self) -> None:
        """Look again and again, until canceled."""
        while True:
            self.warn()
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self, *, always: bool = False) -> bool:
        """Take new files if there are any; whether the certificate has changed."""
        marks = self._marks()
        if marks == self._seen and not always:
            return False
        self._seen = marks
        try:
            found = self._read()
        except InvalidField as problem:
            _log.error("the new certificate is not taken", error=str(problem))
            return False
        if found == self._pems:
            return False
        self._pems = found
        _log.info("the certificate has changed", expires=found.expires.isoformat())
        for listener in self.listeners:
            listener()
        return True

    def warn(self) -> None:
        """A log line a day in the last two weeks."""
        if self.left < WARN and self._now() - self._warned >= WARN_EVERY:
            self._warned = self._now()
            words = "expires soon" if self.left > timedelta() else "has expired"
            _log.warning(f"the certificate {words}", expires=self.expires.isoformat())

    def _marks(self) -> list[tuple[int, int] | None]:
        """By what a change of a file is seen."""
        found: list[tuple[int, int] | None] = []
        for path in self._files:
            try:
                stat = None if path is None else path.stat()
            except OSError:
                stat = None
            found.append(None if stat is None else (stat.st_mtime_ns, stat.st_ino))
        return found

    def _read(self) -> Pems:
        """The files, checked. Raises InvalidField."""
        key, chain, client_ca = self._files
        assert key is not None
        assert chain is not None
        key_pem, chain_pem = _bytes("private_key", key), _bytes("certificate", chain)
        ca_pem = None if client_ca is None else _bytes("client_ca", client_ca)
        own = _certificates("certificate", chain, chain_pem)[0]
        if client_ca is not None:
            _certificates("client_ca", client_ca, ca_pem or b"")
        try:
            private = load_pem_private_key(key_pem, None)
        except (ValueError, TypeError) as error:
            raise InvalidField("private_key", str(key), f"a PEM private key: {error}") from None
        if private.public_key() != own.public_key():
            raise InvalidField("private_key", str(key), f"the key of the certificate {chain}")
        if own.not_valid_after_utc <= self._now():
            ended = own.not_valid_after_utc.isoformat()
            raise InvalidField("certificate", str(chain), f"one that has not expired ({ended})")
        return Pems(key_pem, chain_pem, ca_pem, own.not_valid_after_utc)


def _certificates(field: str, path: Path, pem: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError as error:
        raise InvalidField(field, str(path), f"PEM certificates: {error}") from None


def _bytes(field: str, path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidField(field, str(path), f"a file that can be read: {error}") from None
