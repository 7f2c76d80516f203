"""The gateway behind TLS: HTTP/2 agreed on or nothing, clients with certificates, new files."""

import shutil
import socket
import ssl

import pytest

from server import certificates
from server.certificates import Wish
from tests.server.gateway.alone import alone
from tests.server.gateway.peer import PLENTY, Peer

HOST = "localhost"


@pytest.fixture(scope="module")
def authorities(tmp_path_factory):
    """Two that know nothing of each other, each with a server and a client."""
    places = [tmp_path_factory.mktemp(name) for name in ("one", "two")]
    for place in places:
        certificates.make(place, Wish((HOST,), ("alice",)))
    return places


def files(place, **more):
    return {"insecure": False, "certificate": place / "server.pem",
            "private_key": place / "server-key.pem", **more}  # fmt: skip


@pytest.fixture(scope="module")
def one_sided(authorities):
    with alone(gateway_patience_seconds=0.5, **files(authorities[0])) as made:
        yield made


def alice(place):
    return certificates.pair(place, "client-alice")


def connect(port, place, pair=None, alpn=("h2",), version=None):
    """TLS to the gateway: a peer whose frames go through it."""
    client = ssl.create_default_context(cafile=place / "ca.pem")
    if alpn:
        client.set_alpn_protocols(alpn)
    if pair:
        client.load_cert_chain(*pair)
    if version:
        client.maximum_version = version
    plain = socket.create_connection(("127.0.0.1", port), timeout=PLENTY)
    try:
        return client.wrap_socket(plain, server_hostname=HOST)
    except OSError:
        plain.close()
        raise


def served(made, place, **how):
    """Whether a client gets an answer."""
    try:
        with connect(made.port, place, **how) as secure:
            made.serves(Peer(over=secure))
    except (OSError, AssertionError):
        return False
    return True


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_that_agrees_on_http2_is_served(one_sided, authorities, version):
    with connect(one_sided.port, authorities[0], version=version) as secure:
        assert secure.selected_alpn_protocol() == "h2"
        assert secure.version() == version.name.replace("v1_", "v1.")
        one_sided.serves(Peer(over=secure))


@pytest.mark.parametrize("alpn", [(), ("http/1.1",)])
def test_a_client_that_does_not_is_closed(one_sided, authorities, alpn):
    before = one_sided.gateway.closed["alpn"]
    assert not served(one_sided, authorities[0], alpn=alpn)
    one_sided.closes("alpn", before + 1)
    assert served(one_sided, authorities[0])


def test_old_tls_is_not_spoken(one_sided, authorities):
    client = ssl.create_default_context(cafile=authorities[0] / "ca.pem")
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.minimum_version = ssl.TLSVersion.TLSv1_1
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        client.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", one_sided.port), timeout=PLENTY) as plain,
        pytest.raises(OSError, match=r"SSL|reset"),
    ):
        client.wrap_socket(plain, server_hostname=HOST)


@pytest.mark.parametrize("sent", [b"", b"\x16\x03\x01\x02\0", b"PRI * HTTP/2.0\r\n\r\n"])
def test_a_handshake_that_does_not_come_is_not_waited_for(one_sided, authorities, sent):
    with socket.create_connection(("127.0.0.1", one_sided.port), timeout=PLENTY) as plain:
        plain.sendall(sent)
        try:
            while plain.recv(100):
                pass
        except ConnectionError:
            pass
    assert served(one_sided, authorities[0])


def test_a_client_must_have_a_certificate_where_it_is_asked_for(authorities):
    ours, foreign = authorities
    with alone(**files(ours, client_ca=ours / "ca.pem")) as made:
        assert served(made, ours, pair=alice(ours))
        assert not served(made, ours)
        assert not served(made, ours, pair=alice(foreign))
        assert served(made, ours, pair=alice(ours))


def test_new_files_are_taken_while_it_runs(authorities, tmp_path):
    """The certificate and the authority of the clients; connections that are open live on."""
    old, new = authorities
    for name in ("server.pem", "server-key.pem", "ca.pem"):
        shutil.copy(old / name, tmp_path / name)
    with alone(**files(tmp_path, client_ca=tmp_path / "ca.pem")) as made:
        with connect(made.port, old, pair=alice(old)) as secure:
            stays = Peer(over=secure)
            made.serves(stays)
            for name in ("server.pem", "server-key.pem", "ca.pem"):
                shutil.copy(new / name, tmp_path / name)
            assert made.ask(lambda: made.certificates.look(always=True))
            assert served(made, new, pair=alice(new))
            assert not served(made, old, pair=alice(old))
            made.serves(stays)
        (tmp_path / "server.pem").write_text("no certificate")
        assert not made.ask(lambda: made.certificates.look(always=True))
        assert served(made, new, pair=alice(new))


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_client_of_the_old_authority_is_not_let_in(authorities, tmp_path, version):
    """The server keeps its certificate; whom it trusts changes."""
    old, new = authorities
    shutil.copy(old / "ca.pem", tmp_path / "clients.pem")
    with alone(**files(old, client_ca=tmp_path / "clients.pem")) as made:
        assert served(made, old, pair=alice(old), version=version)
        shutil.copy(new / "ca.pem", tmp_path / "clients.pem")
        assert made.ask(lambda: made.certificates.look(always=True))
        assert not served(made, old, pair=alice(old), version=version)
