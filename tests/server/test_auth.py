"""Keys as the server sees them: what a key must be to work, and how fast a change arrives."""

import hashlib
import logging
import pickle
import threading
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest

from domain.errors import GridWorksError, InvalidField, Unavailable
from server.auth.denial import LimitReached, NotAuthenticated, NotPermitted
from server.auth.gate import Gate
from server.auth.keyring import NEVER, Entry, Keyring, address, load, nanoseconds
from server.auth.principal import Limits, Names, Principal
from server.auth.store import ControlStore
from server.auth.watch import Watch, lapsed

SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
SECRET = "gw_test_" + "Ab3" * 14 + "x"
NOW = 1_800_000_000 * 10**9
WITHIN_SECONDS = 1.0  # what is promised for a revocation


def entry(key_id=1, networks=(), expires=NEVER, revoked=NEVER, **given) -> Entry:
    principal = Principal(
        key_id=key_id, label="gw_test_Ab3A…Ab3x", partner_id=1, partner="acme", environment="test",
        scopes=frozenset(given.pop("scopes", ["trading:write"])),
        partner_accounts=Names(given.pop("accounts", ["acme-*"])), key_accounts=None,
        limits=given.pop("limits", Limits("growth")),
    )  # fmt: skip
    nets = tuple(ip_network(n) for n in networks)
    suspended, approved = given.pop("suspended", False), given.pop("approved", True)
    return Entry(principal, nets, expires, revoked, suspended, approved)


def ring(*entries: Entry, epoch=1) -> Keyring:
    secrets = (SECRET, *(f"gw_test_{i}" for i in range(99)))
    return Keyring(
        epoch,
        [(hashlib.sha256(s.encode()).digest(), e) for s, e in zip(secrets, entries, strict=False)],
    )


def gate(found: Entry, environment="test") -> Gate:
    keys = ring(found)
    return Gate(environment, lambda: keys, lambda: NOW)


def denied(found: Entry, header=f"Bearer {SECRET}", peer="ipv4:10.1.2.3:99", environment="test"):
    with pytest.raises((NotAuthenticated, NotPermitted)) as refused:
        gate(found, environment).enter(SUBMIT, header, peer)
    assert SECRET[12:-4] not in str(refused.value) + repr(refused.value)
    return type(refused.value).__name__, refused.value.reason


def test_a_good_key_gives_its_principal():
    found = entry(networks=["10.0.0.0/8"], expires=NOW + 1)
    for header in (f"Bearer {SECRET}", f"bearer {SECRET}", f"BEARER  {SECRET} "):
        assert gate(found).enter(SUBMIT, header, "ipv4:10.1.2.3:99") is found.principal
    with pytest.raises(AttributeError):
        found.principal.scopes = frozenset(["admin:write"])


WHO, WHAT = "NotAuthenticated", "NotPermitted"


@pytest.mark.parametrize(
    ("given", "more", "wanted"),
    [
        ({}, {"header": None}, (WHO, "KEY_MISSING")),
        ({}, {"header": ""}, (WHO, "KEY_MISSING")),
        ({}, {"header": SECRET}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": "Basic YTpi"}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": "Bearer "}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": "Bearer gw_prod_abc"}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": f"Bearer {SECRET}\n"}, None),
        ({}, {"header": f"Bearer {SECRET} x"}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": "Bearer gw_test_" + "é" * 43}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": "Bearer gw_test_" + "a" * 10**6}, (WHO, "KEY_MALFORMED")),
        ({}, {"header": f"Bearer {SECRET[:-1]}y"}, (WHO, "KEY_UNKNOWN")),
        ({}, {"header": f"Bearer {SECRET[:-1]}"}, (WHO, "KEY_UNKNOWN")),
        ({}, {"environment": "live"}, (WHO, "WRONG_ENVIRONMENT")),
        ({"expires": NOW}, {}, (WHO, "KEY_EXPIRED")),
        ({"expires": NOW + 1}, {}, None),
        ({"revoked": NOW}, {}, (WHO, "KEY_REVOKED")),
        ({"revoked": NOW - 1, "expires": NOW - 1}, {}, (WHO, "KEY_REVOKED")),
        ({"suspended": True}, {}, (WHAT, "PARTNER_SUSPENDED")),
        ({"approved": False}, {}, (WHAT, "NOT_APPROVED")),
        ({"scopes": ["trading:read"]}, {}, (WHAT, "SCOPE_MISSING")),
        ({"networks": ["10.2.0.0/16"]}, {}, (WHAT, "NETWORK_DENIED")),
        ({"networks": ["192.0.2.1", "10.1.2.3/32"]}, {}, None),
        ({"networks": ["10.0.0.0/8"]}, {"peer": "unix:/run/gw"}, (WHAT, "NETWORK_DENIED")),
        ({"networks": ["10.0.0.0/8"]}, {"peer": "ipv6:%5B::ffff:10.9.9.9%5D:5"}, None),
        ({"networks": ["10.0.0.0/8"]}, {"peer": "ipv6:[2001:db8::1]:5"}, (WHAT, "NETWORK_DENIED")),
        ({"networks": ["2001:db8::/32"]}, {"peer": "ipv6:%5B2001:db8::1%5D:5"}, None),
    ],
)
def test_what_a_key_must_be(given, more, wanted):
    if wanted is None:
        header = more.pop("header", f"Bearer {SECRET}")
        assert gate(entry(**given)).enter(SUBMIT, header, more.get("peer", "ipv4:10.1.2.3:9"))
    else:
        assert denied(entry(**given), **more) == wanted


@pytest.mark.parametrize(
    ("peer", "wanted"),
    [
        ("ipv4:127.0.0.1:50051", "127.0.0.1"),
        ("ipv6:[::1]:50051", "::1"),
        ("ipv6:%5B::1%5D:50051", "::1"),
        ("ipv6:%5Bfe80::1%25eth0%5D:5", "fe80::1"),
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8::7", "2001:db8::7"),
        ("unix:/run/gw.sock", None),
        ("ipv4:nonsense:5", None),
        ("", None),
    ],
)
def test_peers(peer, wanted):
    assert address(peer) == (ip_address(wanted) if wanted else None)


def test_a_stream_is_checked_again():
    found = entry()
    now = [ring(found)]
    door = Gate("test", lambda: now[0], lambda: NOW)
    who = door.identify(f"Bearer {SECRET}", "")
    assert door.recheck(who) is who
    now[0] = ring(entry(scopes=["trading:read"]), epoch=2)
    assert door.recheck(who).scopes == {"trading:read"}
    now[0] = ring(entry(revoked=NOW), epoch=3)
    with pytest.raises(NotAuthenticated, match="revoked"):
        door.recheck(who)
    now[0] = ring(epoch=4)
    with pytest.raises(NotAuthenticated):
        door.recheck(who)


def test_a_call_is_one_message_and_a_stream_pays_for_its_messages():
    keys = ring(entry(limits=Limits("growth", key_rate=1, key_burst=3, monthly_quota=10)))
    door = Gate("test", lambda: keys, lambda: NOW)
    who = door.enter(SUBMIT, f"Bearer {SECRET}", "")
    assert who is not None
    door.take(who, 2)
    for refused in (
        lambda: door.enter(SUBMIT, f"Bearer {SECRET}", ""),
        lambda: door.take(who, 1),
    ):
        with pytest.raises(LimitReached) as limit:
            refused()
        assert limit.value.reason == "RATE_LIMIT"
        assert 0 < limit.value.retry_seconds <= 1
    door.quotas.tell(datetime.now(UTC).strftime("%Y-%m"), {1: 10})
    for refused in (
        lambda: door.enter(SUBMIT, f"Bearer {SECRET}", ""),
        lambda: door.take(who, 1),
    ):
        with pytest.raises(LimitReached) as limit:
            refused()
        assert limit.value.reason == "QUOTA_EXHAUSTED"


def test_which_keys_lapse():
    old = ring(entry(1), entry(2, expires=100), entry(3, expires=200), entry(4, revoked=50))
    assert lapsed(old, old, 60, 99) == frozenset()
    assert lapsed(old, old, 60, 100) == {2}
    assert lapsed(old, old, 100, 1_000) == {3}
    new = ring(entry(1, revoked=70), entry(2, expires=100), epoch=2)
    assert lapsed(old, new, 60, 80) == {1, 3}
    narrower = ring(
        entry(1, scopes=[]), entry(2, expires=100, accounts=["acme-1"]),
        entry(3, expires=200, networks=["10.0.0.0/8"]), epoch=3,
    )  # fmt: skip
    assert lapsed(old, narrower, 60, 80) == {1, 2, 3}
    wider = ring(
        entry(1, scopes=["trading:write", "risk:read"]), entry(2, expires=100),
        entry(3, expires=200), epoch=3,
    )  # fmt: skip
    assert lapsed(old, wider, 60, 80) == frozenset()
    assert lapsed(old, ring(entry(1, suspended=True), epoch=4), 60, 80) == {1, 2, 3}


def test_errors_survive_a_process_border_and_are_of_the_tree():
    for error in (
        NotAuthenticated("KEY_UNKNOWN", "there is no such API key"),
        NotPermitted("SCOPE_MISSING", "key x lacks it"),
        LimitReached("RATE_LIMIT", "messages a second", 5, 0.25),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert isinstance(error, GridWorksError)
        assert (str(again), again.reason) == (str(error), error.reason)
    assert again.retry_seconds == 0.25


@pytest.mark.parametrize(
    ("error", "code", "reason", "retry_seconds"),
    [
        (NotAuthenticated("KEY_EXPIRED", "key x has expired"), "UNAUTHENTICATED", None, None),
        (NotPermitted("ACCOUNT_DENIED", "key x has no account"), "PERMISSION_DENIED", None, None),
        (LimitReached("RATE_LIMIT", "messages", 5, 0.25), "RESOURCE_EXHAUSTED", None, 0.25),
        (Unavailable("no sight of the store"), "UNAVAILABLE", "UNAVAILABLE", 1.0),
    ],
)
def test_what_a_refusal_is_on_the_wire(error, code, reason, retry_seconds):
    from google.rpc import error_details_pb2, status_pb2

    from server.status import status_of

    made = status_of(error)
    assert made.code.name == code
    details = status_pb2.Status.FromString(dict(made.trailing_metadata).popitem()[1]).details
    info, retry = error_details_pb2.ErrorInfo(), error_details_pb2.RetryInfo()
    assert details[0].Unpack(info)
    assert info.reason == (reason or error.reason)
    waits = [retry.retry_delay.ToMilliseconds() for d in details if d.Unpack(retry)]
    assert waits == ([] if retry_seconds is None else [retry_seconds * 1_000])


def test_times_of_both_databases():
    assert nanoseconds("2026-11-23 14:00:00.000001") == nanoseconds(
        datetime(2026, 11, 23, 14, 0, 0, 1, UTC)
    )
    assert nanoseconds("1970-01-01 00:00:01") == 10**9
    assert nanoseconds(None) == NEVER


# ------------------------------------------------------------------------------ with real stores


@pytest.fixture
def acme(control):
    """A partner with one key; (by, Issued)."""
    from portal.acts import keys, partners
    from portal.acts.audit import By

    by = By("ann")
    partners.create_partner(by, "acme", "Acme", "growth", ("acme-*", "house"), True)
    rights = keys.Rights(("trading:write", "risk:read"), ("acme-1",), ("127.0.0.0/8",))
    ends = datetime.now(UTC) + timedelta(hours=1)
    return by, keys.create_key(by, "acme", "test", "bot", rights, ends)


def test_what_the_portal_wrote_is_what_the_server_reads(control, acme):
    store = ControlStore(control)
    found = load(store)
    store.close()
    [key] = found.by_id.values()
    issued = acme[1]
    assert key is found.identify(issued.reveal(), "test", time.time_ns())
    who = key.principal
    assert (who.key_id, who.label, who.partner) == (issued.key.pk, issued.key.label, "acme")
    assert who.scopes == {"trading:write", "risk:read"}
    assert who.may_use("acme-1")
    assert not who.may_use("acme-2")
    assert not who.may_use("house")
    assert who.limits == Limits("growth", 50, 100, 100, 200, 5_000_000, 10)
    assert key.networks == (ip_network("127.0.0.0/8"),)
    assert key.expires_ns == nanoseconds(issued.key.expires_at)
    assert (key.revoked_ns, key.suspended, key.approved) == (NEVER, False, True)


def test_changes_arrive_within_a_second(control, acme):
    from portal.acts import keys, partners

    by, issued = acme
    header, gone, ended = f"Bearer {issued.reveal()}", [], threading.Event()
    with Watch(control) as watch:
        watch.on_lapse(lambda ids: (gone.append(ids), ended.set()))
        door = Gate("test", lambda: watch.keyring)
        door.enter(SUBMIT, header, "127.0.0.1")

        def arrives(call, reason):
            """The change is in force within a second of its commit."""
            call()
            began = time.monotonic()
            while time.monotonic() - began < WITHIN_SECONDS:
                try:
                    door.enter("/grpc.channelz.v1.Channelz/GetServers", header, "127.0.0.1")
                except (NotAuthenticated, NotPermitted) as denied:
                    if denied.reason == reason:
                        return
                time.sleep(0.01)
            pytest.fail(f"{reason} did not arrive within {WITHIN_SECONDS} s")

        arrives(lambda: partners.suspend_partner(by, "acme", True), "PARTNER_SUSPENDED")
        assert ended.wait(1)
        assert gone == [{issued.key.pk}]
        arrives(lambda: partners.suspend_partner(by, "acme", False), "SCOPE_MISSING")
        ended.clear()
        arrives(lambda: keys.revoke_key(by, issued.key.pk), "KEY_REVOKED")
        assert ended.wait(1)
        assert gone[-1] == {issued.key.pk}


def test_an_unchanged_store_is_not_read_again(control, acme, monkeypatch):
    from portal.models import Usage

    watch = Watch(control)
    watch.look()
    first = watch.keyring
    for _ in range(3):
        watch.look()
    Usage.objects.create(
        key=acme[1].key, method="/m", hour=datetime.now(UTC), status="OK", calls=1, messages=1
    )
    watch.look()
    assert watch.keyring is first  # usage is nothing that the keys depend on
    watch.close()


def test_expiry_needs_no_change_of_the_store(control, acme):
    at, told = [time.time_ns()], []
    watch = Watch(control, now_ns=lambda: at[0])
    watch.on_lapse(told.append)
    watch.look()
    watch.look()
    assert told == []
    at[0] += 3_601 * 10**9
    watch.look()
    watch.look()
    assert told == [{acme[1].key.pk}]
    watch.close()


def test_keys_outlive_the_store_for_a_while(sqlite_url, caplog):
    from pathlib import Path

    path = Path(sqlite_url.removeprefix("sqlite:///"))
    caplog.set_level(logging.ERROR)

    told: set[str] = set()

    def readable():
        try:
            return len(watch.keyring) == 0
        except Unavailable as stale:
            told.add(str(stale))
            return False

    def becomes(wanted):
        ends = time.monotonic() + 20
        while readable() != wanted:
            assert time.monotonic() < ends
            time.sleep(0.01)

    with Watch(sqlite_url, poll_seconds=0.01, stale_seconds=1.0) as watch:
        path.rename(path.with_suffix(".away"))
        watch._store.close()
        away = time.monotonic()
        assert readable()
        becomes(False)
        assert time.monotonic() - away > 0.9
        path.with_suffix(".away").rename(path)
        becomes(True)
    assert told == {"no sight of the control-plane store for 1 s"}
    assert sum("keys are not refreshed" in r.message for r in caplog.records) == 1
    with pytest.raises(Unavailable, match="gridworks control migrate"):
        Watch("sqlite:////nowhere/x.db").start()


def test_a_listener_that_fails_does_not_silence_the_others(control, acme, caplog):
    from portal.acts import keys

    told = []
    watch = Watch(control)
    watch.on_lapse(lambda _: 1 // 0)
    watch.on_lapse(told.append)
    watch.look()
    keys.revoke_key(*(acme[0], acme[1].key.pk))
    watch.look()
    assert told == [{acme[1].key.pk}]
    assert "a listener for lapsed keys failed" in caplog.text
    watch.close()


def test_a_broken_connection_is_opened_again(postgresql):
    import psycopg

    url = postgresql()
    store = ControlStore(url)
    assert store.rows("SELECT value FROM control_epoch") == [(1,)]
    with psycopg.connect(url, autocommit=True) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    with pytest.raises(Unavailable, match="postgresql"):
        store.rows("SELECT value FROM control_epoch")
    assert store.rows("SELECT value FROM control_epoch") == [(1,)]
    store.close()


def test_a_transaction_is_whole_or_not_at_all(control_url):
    store = ControlStore(control_url)

    def rename(then):
        with store.transaction():
            store.rows("UPDATE control_plan SET title = ?", ["x"])
            then()

    with pytest.raises(ZeroDivisionError):
        rename(lambda: 1 // 0)
    with store.transaction():  # the one before is over
        pass
    with pytest.raises(Unavailable):
        rename(lambda: store.rows("SELECT nothing FROM nowhere"))
    assert store.rows("SELECT count(*) FROM control_plan WHERE title = ?", ["x"]) == [(0,)]
    rename(lambda: None)
    assert store.rows("SELECT count(*) FROM control_plan WHERE title = ?", ["x"]) == [(3,)]
    store.close()


@pytest.mark.parametrize("url", ["mysql://a:geheim@h/d", "sqlite:///", "a:geheim@h", "sqlite:x"])
def test_a_url_that_names_no_store(url):
    with pytest.raises(InvalidField) as refused:
        ControlStore(url)
    assert "geheim" not in str(refused.value) + repr(refused.value)
