"""The development CA: handshakes that succeed, handshakes that must not, files that stay."""

import ssl
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from typer.testing import CliRunner

from domain.errors import InvalidField
from gridworks.cli import main
from server import certificates
from server.certificates import Wish

HOSTS = ("localhost", "127.0.0.1", "::1", "gw.example", "*.desk.example")


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("certs")
    certificates.make(place, Wish(HOSTS, ("alice",)))
    return place


def shake(client: ssl.SSLContext, server: ssl.SSLContext, host: str) -> ssl.SSLObject:
    """A whole handshake in memory; the server's side of it."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    near = client.wrap_bio(to_client, to_server, server_hostname=host)
    far = server.wrap_bio(to_server, to_client, server_side=True)
    done = [False, False]
    for _ in range(10):
        for place, side in enumerate((near, far)):
            try:
                side.do_handshake()
                done[place] = True
            except ssl.SSLWantReadError:
                continue
    assert done == [True, True]
    near.write(b"x")  # in TLS 1.3 the client's certificate is judged after its handshake
    assert far.read(1) == b"x"
    return far


def client_context(folder: Path, name: str | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=folder / "ca.pem")
    if name:
        context.load_cert_chain(*certificates.pair(folder, name))
    return context


def server_context(folder: Path, mutual: bool = False, name: str = "server") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.pair(folder, name))
    if mutual:
        context.load_verify_locations(folder / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "gw.example", "a.desk.example"])
def test_tls_for_every_name(folder, host):
    shake(client_context(folder), server_context(folder), host)


@pytest.mark.parametrize("host", ["other.example", "127.0.0.2", "desk.example", "a.b.desk.example"])
def test_no_tls_for_another_name(folder, host):
    with pytest.raises(ssl.SSLCertVerificationError, match=r"mismatch|doesn't match|not valid for"):
        shake(client_context(folder), server_context(folder), host)


def test_mutual_tls_says_who_the_client_is(folder):
    far = shake(client_context(folder, "client-alice"), server_context(folder, True), "localhost")
    certificate = far.getpeercert()
    assert certificate is not None
    assert (("commonName", "alice"),) in certificate["subject"]
    assert certificate["subjectAltName"] == (("URI", "gridworks:alice"),)


def test_mutual_tls_refuses_no_certificate_and_a_servers(folder):
    with pytest.raises(ssl.SSLError, match=r"(?i)peer did not return a certificate"):
        shake(client_context(folder), server_context(folder, True), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shake(client_context(folder, "server"), server_context(folder, True), "localhost")
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        shake(client_context(folder), server_context(folder, name="client-alice"), "alice")


def test_another_ca_is_not_trusted(folder, tmp_path):
    certificates.make(tmp_path, Wish(HOSTS, ("alice",)))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(client_context(tmp_path), server_context(folder), "localhost")
    stranger = ssl.create_default_context(cafile=folder / "ca.pem")
    stranger.load_cert_chain(*certificates.pair(tmp_path, "client-alice"))
    with pytest.raises(ssl.SSLCertVerificationError):
        shake(stranger, server_context(folder, True), "localhost")


def test_an_expired_certificate_is_refused(tmp_path):
    past = datetime.now(UTC) - timedelta(days=10)
    certificates.make(tmp_path, Wish(("localhost",), (), days=9), now=past)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        shake(client_context(tmp_path), server_context(tmp_path), "localhost")


def test_none_outlives_its_authority(tmp_path):
    old = datetime.now(UTC) - timedelta(days=3_000)
    certificates.make(tmp_path, Wish((), ("alice",)), now=old)
    certificates.make(tmp_path, Wish((), ("bob",), days=3_000), use_ca=True)
    ends = {n: certificates.load(tmp_path, n).certificate.not_valid_after_utc for n in
            ("ca", "client-bob")}  # fmt: skip
    assert ends["ca"] - timedelta(days=2) < ends["client-bob"] <= ends["ca"]


def test_what_is_in_them(folder):
    made = {name: certificates.load(folder, name).certificate for name in ("ca", "server")}
    constraints = made["ca"].extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    assert not made["server"].extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made["server"].issuer == made["ca"].subject
    life = made["server"].not_valid_after_utc - made["server"].not_valid_before_utc
    assert timedelta(days=397) <= life <= timedelta(days=397, hours=1)
    assert made["server"].not_valid_before_utc < datetime.now(UTC) - timedelta(minutes=50)
    [name] = made["server"].subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert name.value == "localhost"
    made["server"].verify_directly_issued_by(made["ca"])


def test_keys_are_for_their_owner_only_and_nothing_is_overwritten(folder):
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert len(before) == 6
    for path in before:
        wanted = 0o600 if path.stem.endswith("-key") else 0o644
        assert stat.S_IMODE(path.stat().st_mode) & ~0o044 == wanted & ~0o044
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 in ({0} if wanted == 0o600 else {0, 0o44})
    with pytest.raises(FileExistsError, match=r"already has ca\.pem"):
        certificates.make(folder, Wish(HOSTS, ("bob",)))
    with pytest.raises(FileExistsError, match="client-alice"):
        certificates.make(folder, Wish((), ("bob", "alice")), use_ca=True)
    assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_second_client_of_the_same_ca(tmp_path):
    certificates.make(tmp_path, Wish(("localhost",), ("alice",)))
    written = certificates.make(tmp_path, Wish((), ("bob",)), use_ca=True)
    assert [path.name for path in written] == ["client-bob.pem", "client-bob-key.pem"]
    far = shake(client_context(tmp_path, "client-bob"), server_context(tmp_path, True), "localhost")
    assert (("commonName", "bob"),) in (far.getpeercert() or {})["subject"]
    with pytest.raises(FileNotFoundError):
        certificates.make(tmp_path / "none", Wish((), ("bob",)), use_ca=True)


@pytest.mark.parametrize(
    "wish",
    [
        Wish(("a b",), ()),
        Wish(("localhost:50051",), ()),
        Wish(("-x.example",), ()),
        Wish((), ("../x",)),
        Wish((), ("",)),
        Wish(("localhost",), (), 0),
        Wish(("localhost",), (), 4_000),
    ],
)
def test_nonsense_is_refused(wish, tmp_path):
    with pytest.raises(InvalidField):
        certificates.make(tmp_path, wish)
    assert list(tmp_path.iterdir()) == []


def test_the_command_says_what_to_do_next(tmp_path):
    app, place = main.build(), str(tmp_path / "tls")
    done = CliRunner().invoke(app, ["certs", place, "--host", "gw.example", "--days", "30"])
    assert done.exit_code == 0, done.output
    for said in ("server-key.pem", "client-dev.pem", "gw.example", "For development only"):
        assert said in done.stdout
    shake(client_context(Path(place)), server_context(Path(place)), "gw.example")
    again = CliRunner().invoke(app, ["certs", place])
    assert (again.exit_code, again.stdout) == (1, "")
    assert "nothing was written" in again.stderr
    more = CliRunner().invoke(app, ["certs", place, "--use-ca", "--client", "bob"])
    assert more.exit_code == 0, more.output
    assert "client-bob.pem" in more.stdout
    for line, told in (
        (["--use-ca"], "give --host, --client"),
        (["--host", "a b"], "allowed: a host name"),
    ):
        wrong = CliRunner().invoke(app, ["certs", str(tmp_path / "other"), *line])
        assert wrong.exit_code == 1
        assert told in wrong.stderr
