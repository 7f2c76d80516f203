"""What can be done to API keys.

A key is `gw_{test|live}_` and 43 letters and digits: 256 bits of the system's randomness. That is
why a plain SHA-256 keeps it safe: there is nothing to guess, so nothing for a slow hash to slow.
The secret is in the hands of the caller once; the store never sees it.
"""

from __future__ import annotations

import hashlib
import secrets
import string
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.timezone import now

from portal.acts import audit
from portal.acts.audit import By, Refused
from portal.acts.partners import partner
from portal.models import Key, Partner
from portal.names import SCOPES

ALPHABET = string.ascii_letters + string.digits
LENGTH = 43  # 62**43 > 2**256
SHOWN = 4  # characters of the random part that the prefix and the tail keep


class Rights(NamedTuple):
    """What a key may do: scopes, accounts (none: its partner's), networks (none: any)."""

    scopes: tuple[str, ...]
    accounts: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()


class Issued:
    """A new key and its secret, which nothing prints by accident."""

    def __init__(self, key: Key, secret: str) -> None:
        self.key = key
        self._secret = secret

    def reveal(self) -> str:
        """The secret, for its owner; it cannot be had again."""
        return self._secret

    def __repr__(self) -> str:
        return f"Issued({self.key.label})"


def key(key_id: int, *, lock: bool = False) -> Key:
    """The key with this number, with `lock` held until the transaction ends. Raises Refused."""
    rows = Key.objects.select_related("partner__plan").filter(pk=key_id)
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None:
        raise Refused(f"there is no key {key_id}; see: gridworks key list")
    return found


def find_key(secret: str) -> Key:
    """The key that has this secret. Raises Refused."""
    digest = hashlib.sha256(secret.strip().encode()).hexdigest()
    found = Key.objects.select_related("partner__plan").filter(digest=digest).first()
    if found is None:
        raise Refused("no key of this store has that secret")
    return found


@transaction.atomic
def create_key(
    by: By,
    partner_code: str,
    environment: str,
    name: str,
    rights: Rights,
    expires_at: datetime | None = None,
) -> Issued:
    """A new key of a partner. Raises Refused."""
    owner = partner(partner_code, lock=True)
    if environment == "live" and not owner.live:
        raise Refused(
            f"partner {owner.code} is not approved for the live environment; "
            f"approve it with: gridworks partner change {owner.code} --live"
        )
    _require_room(owner)
    return _issue(by, owner, environment, name, rights, expires_at)


def _require_room(owner: Partner) -> None:
    at = now()
    held = sum(k.state(at) in ("active", "rotating") for k in owner.keys.all())
    if 0 < owner.plan.max_keys <= held:
        raise Refused(
            f"partner {owner.code} has {held} keys; plan {owner.plan.code} allows "
            f"{owner.plan.max_keys}: revoke one first"
        )


def _issue(
    by: By,
    owner: Partner,
    environment: str,
    name: str,
    rights: Rights,
    expires_at: datetime | None,
) -> Issued:
    if not rights.scopes:
        raise Refused(f"a key needs a scope; known: {', '.join(SCOPES)}")
    if expires_at is not None and expires_at <= now():
        raise Refused(f"a key that expires at {expires_at.isoformat()} would never work")
    stray = sorted(a for a in rights.accounts if not covers(owner.accounts, a))
    if stray:
        raise Refused(f"partner {owner.code} has no account {', '.join(stray)}")
    start = f"gw_{environment}_"
    secret = start + "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    made = Key(
        partner=owner,
        name=name,
        environment=environment,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        prefix=secret[: len(start) + SHOWN],
        last_four=secret[-SHOWN:],
        expires_at=expires_at,
        **rights._asdict(),
    )
    audit.create(by, made)
    return Issued(made, secret)


def covers(patterns: tuple[str, ...], wanted: str) -> bool:
    """Whether everything that `wanted` (a name, or a start and *) stands for is in `patterns`."""
    stem = wanted.removesuffix("*")
    return wanted in patterns or any(
        pattern.endswith("*") and stem.startswith(pattern[:-1]) for pattern in patterns
    )


@transaction.atomic
def rotate_key(by: By, key_id: int, grace: timedelta, expires_at: datetime | None = None) -> Issued:
    """A new key with the rights of an old one, which still works for `grace`.

    The new one lives as long as the old one was made for, unless `expires_at` is given.
    Raises Refused.
    """
    old, at = key(key_id, lock=True), now()
    if old.state(at) != "active":
        raise Refused(f"key {old.pk} is {old.state(at)}; only an active key can be rotated")
    if old.expires_at is not None and expires_at is None:
        expires_at = at + (old.expires_at - old.created_at)
    rights = Rights(old.scopes, old.accounts, old.networks)
    issued = _issue(by, old.partner, old.environment, old.name, rights, expires_at)
    ends = at + grace
    if old.expires_at is not None:
        ends = min(ends, old.expires_at)
    audit.change(by, "rotate", old, {"expires_at": ends, "replaced_by": issued.key})
    return issued


@transaction.atomic
def revoke_key(by: By, key_id: int) -> Key:
    """End a key now; servers follow within a second. Raises Refused."""
    found = key(key_id, lock=True)
    if found.revoked_at is not None:
        raise Refused(f"key {found.pk} was revoked at {found.revoked_at.isoformat()}")
    audit.change(by, "revoke", found, {"revoked_at": now()})
    return found


@transaction.atomic
def change_key(by: By, key_id: int, changes: dict[str, object]) -> tuple[Key, list[str]]:
    """Change name, scopes, accounts, networks or expiry; returns it and what differs.

    Raises Refused.
    """
    found = key(key_id, lock=True)
    if found.revoked_at is not None:
        raise Refused(f"key {found.pk} is revoked; make a new one")
    wanted = changes.get("accounts", ())
    assert isinstance(wanted, tuple)
    stray = sorted(a for a in wanted if not covers(found.partner.accounts, a))
    if stray:
        raise Refused(f"partner {found.partner.code} has no account {', '.join(stray)}")
    return found, audit.change(by, "change", found, changes)
