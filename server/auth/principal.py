"""Who a caller is: immutable, made from one key, passed along with everything they ask."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from server.auth.denial import NotPermitted


class Names:
    """A set of account names, in which `desk-*` stands for every name that starts so."""

    __slots__ = ("_exact", "_starts")

    def __init__(self, patterns: Iterable[str]) -> None:
        given = tuple(patterns)
        self._exact = frozenset(p for p in given if not p.endswith("*"))
        self._starts = tuple(p[:-1] for p in given if p.endswith("*"))

    def __contains__(self, name: str) -> bool:
        return name in self._exact or (bool(self._starts) and name.startswith(self._starts))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self._both == other._both

    def __hash__(self) -> int:
        return hash(self._both)

    @property
    def exact(self) -> frozenset[str]:
        """The names that are written out."""
        return self._exact

    @property
    def _both(self) -> tuple[frozenset[str], frozenset[str]]:
        return self._exact, frozenset(self._starts)

    def __repr__(self) -> str:
        return f"Names({sorted((*self._exact, *(s + '*' for s in self._starts)))})"


@dataclass(frozen=True, slots=True)
class Limits:
    """What the partner's plan allows. 0: no limit. Rates are messages a second."""

    plan: str
    key_rate: int = 0
    key_burst: int = 0
    partner_rate: int = 0
    partner_burst: int = 0
    monthly_quota: int = 0
    max_sessions: int = 0


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller: their key (by number and label, never the secret), partner and rights."""

    key_id: int
    label: str
    partner_id: int
    partner: str
    environment: str
    scopes: frozenset[str]
    partner_accounts: Names
    key_accounts: Names | None  # None: all of the partner's
    limits: Limits

    def may_use(self, *names: str) -> bool:
        """Whether the key covers an account: give its name, then the firms above it.

        A right on a firm is a right on what is below it, so one name that is covered suffices;
        it must be covered by the partner's list, and by the key's own when it has one.
        """
        return any(name in self.partner_accounts for name in names) and (
            self.key_accounts is None or any(name in self.key_accounts for name in names)
        )

    def require_account(self, *names: str) -> None:
        """Raises NotPermitted unless `may_use`.

        The text is the same whether the account is another's or does not exist at all.
        """
        if not self.may_use(*names):
            name = names[0] if names else ""
            raise NotPermitted(
                "ACCOUNT_DENIED", f"key {self.label} has no account {name!r}", account=name
            )

    def require_scope(self, scope: str) -> None:
        """Raises NotPermitted when the key lacks the scope."""
        if scope not in self.scopes:
            text = f"key {self.label} lacks the scope {scope}"
            raise NotPermitted("SCOPE_MISSING", text, scope=scope)
