"""TLS of the gateway: the certificate of the other door, HTTP/2 and nothing else."""

from __future__ import annotations

import ssl

import structlog

from domain.errors import InvalidField
from server.config import Settings
from server.tls import Certificates

_log = structlog.get_logger(__name__)


def context(settings: Settings, certificates: Certificates | None) -> ssl.SSLContext | None:
    """What `create_server` takes, None without certificates; follows them when they change.

    Raises InvalidField.
    """
    if certificates is None:
        return None
    front = _read(settings)
    # A context forgets no authority that it trusted, so new files make a new one: each connection
    # is given the newest when it says hello.
    newest = [front]

    def choose(connection: ssl.SSLObject, name: str, asked: ssl.SSLContext) -> None:
        connection.context = newest[0]

    def renew() -> None:
        try:
            newest[0] = _read(settings)
        except InvalidField as problem:
            _log.error("the gateway does not take the new certificate", error=str(problem))

    front.sni_callback = choose
    certificates.listeners.append(renew)
    return front


def _read(settings: Settings) -> ssl.SSLContext:
    """A context from what the files hold."""
    assert settings.certificate is not None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["h2"])
    try:
        made.load_cert_chain(settings.certificate, settings.private_key)
        if settings.client_ca is not None:
            made.load_verify_locations(settings.client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
            made.options |= ssl.OP_NO_TICKET  # a ticket would outlive the trust in its client
            made.num_tickets = 0
    except OSError as error:  # ssl.SSLError is one
        path = str(settings.certificate)
        raise InvalidField("certificate", path, f"a chain and its key: {error}") from None
    return made
