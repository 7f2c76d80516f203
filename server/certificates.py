"""A certificate authority for development, and certificates that it signs.

Made for a laptop and a test network: the authority's key lies in a file beside the others. In
production use certificates of your own authority; the server reads the same kinds of file.

Keys are on the curve P-256, which every TLS library speaks. The authority may sign end
certificates only (path length 0). A server's certificate names every host that it answers to
(RFC 6125: the common name does not count); a client's says who it is in its common name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from domain.errors import InvalidField

CA_DAYS = 3650
DAYS = 397  # the most that browsers accept of a server
SKEW = timedelta(hours=1)  # a peer whose clock is behind must not find it "not yet valid"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"(\*\.)?([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9-]{1,63}")


class Signed(NamedTuple):
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey


class Wish(NamedTuple):
    """What to make: a server for these hosts if there are any, a client for each name."""

    hosts: tuple[str, ...]
    clients: tuple[str, ...]
    days: int = DAYS


def make(
    folder: Path, wish: Wish, *, use_ca: bool = False, now: datetime | None = None
) -> list[Path]:
    """Write an authority (or use the one in `folder`) and what is wished for; the files written.

    Nothing is written when one of the files exists. Raises InvalidField, FileExistsError,
    FileNotFoundError (no authority to use), OSError.
    """
    _check(wish)
    at = now or datetime.now(UTC)
    names = [*(["server"] if wish.hosts else []), *(f"client-{c}" for c in wish.clients)]
    wanted = [*([] if use_ca else ["ca"]), *names]
    files = [path for name in wanted for path in pair(folder, name)]
    if found := [path.name for path in files if path.exists()]:
        raise FileExistsError(f"{folder} already has {', '.join(found)}")
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = load(folder, "ca") if use_ca else new_authority(at)
    made = {} if use_ca else {"ca": authority}
    if wish.hosts:
        made["server"] = server(authority, wish.hosts, at, wish.days)
    for name in wish.clients:
        made[f"client-{name}"] = client(authority, name, at, wish.days)
    for name, signed in made.items():
        _write(folder, name, signed)
    return files


def pair(folder: Path, name: str) -> tuple[Path, Path]:
    """The files of a certificate and its key."""
    return folder / f"{name}.pem", folder / f"{name}-key.pem"


def new_authority(at: datetime) -> Signed:
    """A new authority for development."""
    key = ec.generate_private_key(ec.SECP256R1())
    # Its own name each time, so that two of them in one trust store are not mixed up.
    name = _subject(f"GridWorks development CA {at:%Y-%m-%d} {os.urandom(4).hex()}")
    usage = _usage(key_cert_sign=True, crl_sign=True)
    made = (
        _builder(name, name, key, at, CA_DAYS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return Signed(made, key)


def server(authority: Signed, hosts: Sequence[str], at: datetime, days: int) -> Signed:
    """A certificate for a server that answers to these names and addresses."""
    names = x509.SubjectAlternativeName([_host(host) for host in hosts])
    return _end(authority, hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, names, (at, days))


def client(authority: Signed, name: str, at: datetime, days: int) -> Signed:
    """A certificate by which a client says who it is."""
    names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(f"gridworks:{name}")])
    return _end(authority, name, ExtendedKeyUsageOID.CLIENT_AUTH, names, (at, days))


def load(folder: Path, name: str) -> Signed:
    """A certificate and its key from their files. Raises FileNotFoundError, ValueError."""
    certificate, key = (path.read_bytes() for path in pair(folder, name))
    private = serialization.load_pem_private_key(key, password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{pair(folder, name)[1]} is not a key on an elliptic curve")
    return Signed(x509.load_pem_x509_certificate(certificate), private)


def _end(
    authority: Signed,
    name: str,
    purpose: x509.ObjectIdentifier,
    names: x509.SubjectAlternativeName,
    life: tuple[datetime, int],
) -> Signed:
    issuer = authority.certificate
    at, days = life
    days = min(days, (issuer.not_valid_after_utc - at).days)  # none outlives its authority
    key = ec.generate_private_key(ec.SECP256R1())
    made = (
        _builder(_subject(name[:64]), issuer.subject, key, at, days)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
        .sign(authority.key, hashes.SHA256())
    )
    return Signed(made, key)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, days: int
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - SKEW)
        .not_valid_after(at + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(**given: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: given.get(name, False) for name in names})


def _subject(name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "GridWorks development"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _check(wish: Wish) -> None:
    for host in wish.hosts:
        if not _HOST.fullmatch(host) and ":" not in host:
            raise InvalidField("host", host, "a host name or an address")
        if ":" in host:
            _require_address(host)
    for name in wish.clients:
        if not _NAME.fullmatch(name):
            raise InvalidField("client", name, "1 to 64 letters, digits and . _ -")
    if not 1 <= wish.days <= CA_DAYS:
        raise InvalidField("days", wish.days, f"1 to {CA_DAYS}")


def _require_address(host: str) -> None:
    try:
        ip_address(host)
    except ValueError:
        raise InvalidField("host", host, "a host name or an address, without a port") from None


def _write(folder: Path, name: str, signed: Signed) -> None:
    """Both files, never over an existing one; the key only for its owner."""
    certificate, key = pair(folder, name)
    secret = signed.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    public = signed.certificate.public_bytes(serialization.Encoding.PEM)
    for path, content, mode in ((key, secret, 0o600), (certificate, public, 0o644)):
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
