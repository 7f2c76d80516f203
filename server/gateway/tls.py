"""TLS of the gateway: the certificate of the other door, HTTP/2 and nothing else."""

from __future__ import annotations

import ssl

from domain.errors import InvalidField
from server.config import Settings
from server.tls import Certificates


def context(settings: Settings, certificates: Certificates | None) -> ssl.SSLContext | None:
    """What `create_server` takes, None without certificates; follows them when they change.

    Raises InvalidField.
    """
    if certificates is None:
        return None
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    made.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    made.set_alpn_protocols(["h2"])
    _read(made, settings)
    certificates.listeners.append(lambda: _read(made, settings))
    return made


def _read(made: ssl.SSLContext, settings: Settings) -> None:
    """Connections that are made from now on get what the files hold."""
    assert settings.certificate is not None
    try:
        made.load_cert_chain(settings.certificate, settings.private_key)
        if settings.client_ca is not None:
            made.load_verify_locations(settings.client_ca)
            made.verify_mode = ssl.CERT_REQUIRED
    except OSError as error:  # ssl.SSLError is one
        path = str(settings.certificate)
        raise InvalidField("certificate", path, f"a chain and its key: {error}") from None
