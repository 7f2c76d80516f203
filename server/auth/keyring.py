"""All keys at one moment, in memory, found by the hash of the secret.

The look-up is by SHA-256: how long it takes depends on bits that a caller cannot steer, so nothing
about a secret can be learnt from it, and no secret is compared byte by byte. Times are
nanoseconds since 1970, UTC.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any
from urllib.parse import unquote

from server.auth.denial import NotAuthenticated, NotPermitted
from server.auth.principal import Limits, Names, Principal
from server.auth.store import ControlStore

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

MAX_KEY = 128  # characters; a longer one is not hashed
_SHAPE = re.compile(r"gw_(test|live)_[A-Za-z0-9]+")
_START = datetime(1970, 1, 1, tzinfo=UTC)
NEVER = 2**63 - 1

SELECT = """
SELECT k.id, k.digest, k.prefix, k.last_four, k.environment, k.scopes, k.accounts, k.networks,
       k.expires_at, k.revoked_at, p.id, p.code, p.accounts, p.live, p.suspended,
       t.code, t.key_rate, t.key_burst, t.partner_rate, t.partner_burst, t.monthly_quota,
       t.max_sessions, k.replaced_by_id
FROM control_key k JOIN control_partner p ON p.id = k.partner_id
JOIN control_plan t ON t.id = p.plan_id
"""
EPOCH = "SELECT value FROM control_epoch"


@dataclass(frozen=True, slots=True)
class Entry:
    """A key as the server needs it."""

    principal: Principal
    networks: tuple[Network, ...]
    expires_ns: int
    revoked_ns: int
    suspended: bool
    approved: bool  # the partner may use this key's environment
    successor: int = 0  # number of the key that has replaced it; 0: none

    @property
    def ends_ns(self) -> int:
        """The first moment at which it no longer works."""
        return 0 if self.suspended or not self.approved else min(self.expires_ns, self.revoked_ns)


class Keyring:
    """The keys of the store at `epoch`. Never changes; a newer one takes its place."""

    def __init__(self, epoch: int, entries: Iterable[tuple[bytes, Entry]]) -> None:
        self.epoch = epoch
        self._by_digest = dict(entries)
        self.by_id = {e.principal.key_id: e for e in self._by_digest.values()}
        ends = sorted((e.ends_ns, e.principal.key_id) for e in self.by_id.values())
        self._ends = ends

    def __len__(self) -> int:
        return len(self._by_digest)

    def __repr__(self) -> str:
        return f"Keyring(epoch={self.epoch}, {len(self)} keys)"

    def identify(self, secret: str, environment: str, at_ns: int) -> Entry:
        """The key with this secret if it works here and now. Raises NotAuthenticated."""
        if len(secret) > MAX_KEY or not (shape := _SHAPE.fullmatch(secret)):
            raise NotAuthenticated("KEY_MALFORMED", "that is no API key: gw_test_… or gw_live_…")
        if shape[1] != environment:
            raise NotAuthenticated(
                "WRONG_ENVIRONMENT",
                f"this is the {environment} environment and the key is for {shape[1]}",
            )
        entry = self._by_digest.get(hashlib.sha256(secret.encode()).digest())
        if entry is None:
            raise NotAuthenticated("KEY_UNKNOWN", "there is no such API key")
        require_valid(entry, at_ns)
        return entry

    def newest(self, key_id: int) -> int:
        """The key that a key has become by rotation: who holds the one holds the other."""
        while (entry := self.by_id.get(key_id)) is not None and entry.successor:
            key_id = entry.successor
        return key_id

    def ended_between(self, after_ns: int, to_ns: int) -> frozenset[int]:
        """The keys that stopped working in (after, to]."""
        low = bisect_right(self._ends, (after_ns, NEVER))
        high = bisect_right(self._ends, (to_ns, NEVER))
        return frozenset(key_id for _, key_id in self._ends[low:high])


def require_valid(entry: Entry, at_ns: int) -> None:
    """Raises NotAuthenticated or NotPermitted when the key does not work at this moment."""
    label = entry.principal.label
    if entry.revoked_ns <= at_ns:
        raise NotAuthenticated("KEY_REVOKED", f"key {label} was revoked")
    if entry.expires_ns <= at_ns:
        raise NotAuthenticated("KEY_EXPIRED", f"key {label} has expired")
    if entry.suspended:
        raise NotPermitted("PARTNER_SUSPENDED", f"partner {entry.principal.partner} is suspended")
    if not entry.approved:
        raise NotPermitted(
            "NOT_APPROVED", f"partner {entry.principal.partner} is not approved for live"
        )


def require_network(entry: Entry, peer: str) -> None:
    """Raises NotPermitted when the key is bound to networks and the peer is in none of them."""
    if not entry.networks:
        return
    found = address(peer)
    if found is None or not any(found in network for network in entry.networks):
        raise NotPermitted(
            "NETWORK_DENIED", f"key {entry.principal.label} may not be used from {found}"
        )


def address(peer: str) -> Address | None:
    """The address in gRPC's `ipv4:1.2.3.4:567` or `ipv6:[::1]:567`, or a bare one; else None.

    An IPv4 address that came through an IPv6 socket is the IPv4 address.
    """
    kind, _, rest = peer.partition(":")
    text = unquote(rest) if kind in ("ipv4", "ipv6") else peer
    if kind == "ipv4":
        text = text.rpartition(":")[0]
    elif text.startswith("["):
        text = text[1:].partition("]")[0]
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return (found.ipv4_mapped or found) if isinstance(found, IPv6Address) else found


def load(store: ControlStore) -> Keyring:
    """Everything as it is at one moment. Raises Unavailable."""
    with store.transaction(snapshot=True):
        [(epoch,)] = store.rows(EPOCH)
        rows = store.rows(SELECT)
    return Keyring(epoch, [(bytes.fromhex(row[1]), _entry(row)) for row in rows])


def _entry(row: tuple[Any, ...]) -> Entry:
    key_id, _, prefix, last_four, environment, scopes, accounts, networks = row[:8]
    expires_at, revoked_at, partner_id, partner, partner_accounts, live, suspended = row[8:15]
    principal = Principal(
        key_id=key_id,
        label=f"{prefix}…{last_four}",
        partner_id=partner_id,
        partner=partner,
        environment=environment,
        scopes=frozenset(scopes.split()),
        partner_accounts=Names(partner_accounts.split()),
        key_accounts=Names(accounts.split()) if accounts.strip() else None,
        limits=Limits(*row[15:22]),
    )
    return Entry(
        principal,
        tuple(ip_network(network) for network in networks.split()),
        nanoseconds(expires_at),
        nanoseconds(revoked_at),
        bool(suspended),
        bool(live) or environment != "live",
        int(row[22] or 0),
    )


def nanoseconds(value: str | datetime | None) -> int:
    """A column's time: text from SQLite, datetime from PostgreSQL, none is NEVER."""
    if value is None:
        return NEVER
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return (at - _START) // timedelta(microseconds=1) * 1_000
