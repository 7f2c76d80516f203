"""Administrative acts: what they change, what they refuse, what they leave in the audit log."""

import hashlib
import re
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytestmark = pytest.mark.usefixtures("control")


@pytest.fixture
def by(control):
    from portal.acts.audit import By

    return By("ann", "because")


@pytest.fixture
def acme(by):
    from portal.acts import partners

    return partners.create_partner(by, "acme", "Acme Brokers", "growth", ("acme-*", "house"))


def make_key(by, **given):
    from portal.acts import keys

    wanted = {name: given.pop(name) for name in keys.Rights._fields if name in given}
    rights = keys.Rights(**{"scopes": ("trading:write",)} | wanted)
    return keys.create_key(
        by, given.pop("partner", "acme"), given.pop("env", "test"), "bot", rights, **given
    )


def acts():
    from portal.models import Act

    return list(Act.objects.select_related("operator").order_by("id"))


def epoch():
    from portal.models import Epoch

    return Epoch.objects.get().value


def refused(call, match):
    from portal.acts.audit import Refused

    with pytest.raises(Refused, match=match):
        call()


@pytest.mark.usefixtures("acme")
def test_a_key_is_shown_once_and_stored_as_a_hash(by):
    from portal.models import Key

    issued = make_key(by)
    secret = issued.reveal()
    assert re.fullmatch(r"gw_test_[A-Za-z0-9]{43}", secret)
    stored = Key.objects.get()
    assert stored.digest == hashlib.sha256(secret.encode()).hexdigest()
    assert (stored.prefix, stored.last_four) == (secret[:12], secret[-4:])
    columns = {f.name: str(getattr(stored, f.name)) for f in Key._meta.concrete_fields}
    assert not [name for name, value in columns.items() if secret[12:-4] in value]
    assert secret != make_key(by).reveal()


@pytest.mark.usefixtures("acme")
def test_every_act_says_who_when_why_and_what(by):
    from portal.acts import keys, partners
    from portal.acts.audit import By

    partners.change_partner(by, "acme", plan="enterprise", live=True)
    issued = make_key(By("bob"), env="live")
    keys.revoke_key(By("bob", "left the firm"), issued.key.pk)
    told = [(a.operator.name, a.action, a.subject, a.reason) for a in acts()]
    assert told == [
        ("ann", "partner.create", "partner acme", "because"),
        ("ann", "partner.change", "partner acme", "because"),
        ("bob", "key.create", f"key {issued.key.pk}", ""),
        ("bob", "key.revoke", f"key {issued.key.pk}", "left the firm"),
    ]
    changed, revoked = acts()[1], acts()[3]
    assert changed.before == {"plan": "plan growth", "live": False}
    assert changed.after == {"plan": "plan enterprise", "live": True}
    assert revoked.before == {"revoked_at": None}
    assert revoked.after["revoked_at"].startswith("20")
    assert all(a.at is not None for a in acts())


@pytest.mark.usefixtures("acme")
def test_the_audit_log_has_no_secret_and_no_hash(by):
    issued = make_key(by)
    whole = "".join(f"{a.before} {a.after} {a.subject} {a.reason}" for a in acts())
    assert issued.reveal()[12:-4] not in whole
    assert issued.key.digest not in whole
    assert issued.key.last_four in whole


@pytest.mark.usefixtures("acme")
@pytest.mark.parametrize(
    "statement", ["UPDATE control_act SET reason = 'x'", "DELETE FROM control_act"]
)
def test_the_database_refuses_to_change_the_audit_log(statement):
    from django.db import DatabaseError, connection, transaction

    before = [(a.pk, a.reason) for a in acts()]
    assert before
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert [(a.pk, a.reason) for a in acts()] == before
    with pytest.raises(TypeError, match="append-only"):
        acts()[0].delete()


@pytest.mark.usefixtures("acme")
def test_the_epoch_moves_with_every_change_that_the_server_must_see(by):
    from django.db import connection

    from portal.acts import keys, partners

    seen = [epoch()]

    def moved():
        seen.append(epoch())
        return seen[-1] > seen[-2]

    issued = make_key(by)
    assert moved()
    keys.change_key(by, issued.key.pk, {"scopes": ("trading:read",)})
    assert moved()
    keys.rotate_key(by, issued.key.pk, timedelta(hours=1))
    assert moved()
    keys.revoke_key(by, issued.key.pk)
    assert moved()
    partners.suspend_partner(by, "acme", True)
    assert moved()
    partners.change_plan(by, "growth", {"key_rate": 7})
    assert moved()
    with connection.cursor() as cursor:  # a row changed by hand is a change too
        cursor.execute("UPDATE control_key SET networks = '10.0.0.0/8'")
        assert moved()
        cursor.execute("DELETE FROM control_key WHERE replaced_by_id IS NOT NULL")
        assert moved()


@pytest.mark.usefixtures("acme")
def test_a_refused_act_leaves_nothing(by):
    from portal.models import Key

    seen, before = epoch(), len(acts())
    refused(lambda: make_key(by, scopes=("trading:fly",)), "no scope 'trading:fly'; known: trading")
    refused(lambda: make_key(by, scopes=()), "a key needs a scope; known: trading:read")
    refused(lambda: make_key(by, networks=("10.0.0.1/8",)), "has host bits set")
    refused(lambda: make_key(by, networks=("ten",)), "does not appear to be")
    refused(lambda: make_key(by, accounts=("a b",)), "no account")
    refused(lambda: make_key(by, accounts=("other-1",)), "acme has no account other-1")
    refused(lambda: make_key(by, accounts=("*",)), r"no account \*")
    refused(lambda: make_key(by, env="live"), "not approved for the live")
    refused(lambda: make_key(by, env="prod"), "environment: Value 'prod' is not a valid choice")
    refused(lambda: make_key(by, partner="none"), "no partner 'none'")
    refused(lambda: make_key(by._replace(operator=" ")), "who you are")
    assert (epoch(), len(acts()), Key.objects.count()) == (seen, before, 0)


def test_accounts_of_a_key_lie_within_the_partners(by, acme):
    from portal.acts.keys import covers

    assert make_key(by, accounts=("acme-1", "acme-desk*", "house")).key.accounts == (
        "acme-1", "acme-desk*", "house",
    )  # fmt: skip
    assert covers(acme.accounts, "acme-*")
    assert not covers(acme.accounts, "acme*")
    assert not covers(("house",), "house*")
    assert not covers((), "house")


NAME = st.text("ab-", min_size=1, max_size=3)
PATTERN = st.tuples(NAME, st.sampled_from(["", "*"])).map("".join)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(patterns=st.lists(PATTERN, max_size=3), wanted=PATTERN, name=NAME)
def test_the_portal_and_the_server_agree_on_what_a_pattern_covers(patterns, wanted, name):
    from portal.acts.keys import covers
    from server.auth.principal import Names

    stands_for = name in Names([wanted])
    if covers(tuple(patterns), wanted) and stands_for:
        assert name in Names(patterns)
    if not wanted.endswith("*"):
        assert covers(tuple(patterns), wanted) == (wanted in Names(patterns))


@pytest.mark.usefixtures("acme")
def test_rotation_gives_the_old_key_a_grace_and_the_new_one_its_rights(by):
    from django.utils.timezone import now

    from portal.acts import keys

    lifetime = timedelta(days=90)
    old = make_key(by, networks=("10.0.0.0/8",), accounts=("acme-1",), expires_at=now() + lifetime)
    new = keys.rotate_key(by, old.key.pk, timedelta(hours=2))
    was = keys.key(old.key.pk)
    assert was.state() == "rotating"
    assert was.replaced_by_id == new.key.pk
    assert abs(was.expires_at - now() - timedelta(hours=2)) < timedelta(minutes=1)
    assert abs(new.key.expires_at - now() - lifetime) < timedelta(minutes=1)
    for name in ("scopes", "accounts", "networks", "environment", "name"):
        assert getattr(new.key, name) == getattr(was, name)
    assert new.reveal() != old.reveal()
    refused(lambda: keys.rotate_key(by, old.key.pk, timedelta(0)), "is rotating; only an active")
    at_once = keys.rotate_key(by, new.key.pk, timedelta(0))
    assert keys.key(new.key.pk).state() == "expired"
    keys.revoke_key(by, at_once.key.pk)
    refused(lambda: keys.revoke_key(by, at_once.key.pk), "was revoked at")
    refused(lambda: keys.change_key(by, at_once.key.pk, {"name": "x"}), "make a new one")
    refused(lambda: make_key(by, expires_at=now()), "would never work")


@pytest.mark.usefixtures("acme")
def test_the_grace_never_makes_a_key_live_longer(by):
    from django.utils.timezone import now

    from portal.acts import keys

    ends = now() + timedelta(minutes=5)
    old = make_key(by, expires_at=ends)
    keys.rotate_key(by, old.key.pk, timedelta(days=1))
    assert keys.key(old.key.pk).expires_at == ends


@pytest.mark.usefixtures("acme")
def test_a_plan_limits_the_keys_that_work(by):
    from portal.acts import keys, partners

    partners.change_plan(by, "growth", {"max_keys": 2})
    first = make_key(by)
    make_key(by)
    refused(lambda: make_key(by), "has 2 keys; plan growth allows 2")
    keys.revoke_key(by, first.key.pk)
    make_key(by)


@pytest.mark.usefixtures("acme")
def test_partners_and_plans(by):
    from portal.acts import partners

    refused(lambda: partners.create_partner(by, "acme", "", "growth"), "already exists")
    refused(lambda: partners.create_partner(by, "Acme!", "", "growth"), "use 1 to 40 of")
    refused(lambda: partners.create_partner(by, "zeta", "", "gold"), "known: growth, enterprise")
    refused(lambda: partners.change_partner(by, "acme", live=False), "is that way already")
    refused(lambda: partners.suspend_partner(by, "acme", False), "is that way already")
    made = partners.create_plan(by, "school", "", {"key_rate": 5})
    assert (made.title, made.key_rate, made.monthly_quota) == ("school", 5, 0)
    refused(lambda: partners.change_plan(by, "school", {"key_rate": -1}), "key_rate")
    _, differ = partners.change_partner(by, "acme", plan="school", name="Acme")
    assert differ == ["name", "plan"]
