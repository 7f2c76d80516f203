"""The one question that an interceptor asks: may this caller make this call, now?"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Any

from server.auth.denial import NotAuthenticated, NotPermitted
from server.auth.keyring import Keyring, require_network, require_valid
from server.auth.principal import Principal
from server.auth.rights import EVERY, RIGHTS, accounts_of
from server.ratelimit import Quotas, RateLimiter, Sessions

Above = Callable[[str], Iterable[str]]
BEARER = "bearer "


class Gate:
    """Keys, rights and limits of one environment. Any thread may ask.

    `keys` gives the current keyring (a Watch's `keyring`); it may raise Unavailable.
    """

    def __init__(
        self,
        environment: str,
        keys: Callable[[], Keyring],
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._environment, self.keys, self._now_ns = environment, keys, now_ns
        self.rates, self.quotas, self.sessions = RateLimiter(), Quotas(), Sessions()

    def enter(self, method: str, authorization: str | None, peer: str) -> Principal | None:
        """Who calls `method` ("/package.Service/Method"); None: it is open to everybody.

        `authorization` is the metadata of that name, `Bearer gw_…`; `peer` is gRPC's or an address.
        A unary call is one message of the rate and is taken here; a stream takes its messages
        with `take` as they come. Accounts are in the request: `require_accounts`.

        Raises NotAuthenticated, NotPermitted, LimitReached, Unavailable.
        """
        right = RIGHTS.get(method)
        if right is None:
            raise NotPermitted("METHOD_UNLISTED", f"{method} has no line in the table of rights")
        if not right.key:
            return None
        who = self.identify(authorization, peer)
        if right.scope is not None:
            who.require_scope(right.scope)
        self.quotas.require(who)
        self.rates.take(who)
        return who

    def identify(self, authorization: str | None, peer: str) -> Principal:
        """Who this is. Raises NotAuthenticated, NotPermitted, Unavailable."""
        secret = _secret(authorization)
        entry = self.keys().identify(secret, self._environment, self._now_ns())
        require_network(entry, peer)
        return entry.principal

    def recheck(self, who: Principal) -> Principal:
        """The same caller as the keys are now, for streams: rights and limits may have changed.

        Raises NotAuthenticated, NotPermitted, Unavailable.
        """
        entry = self.keys().by_id.get(who.key_id)
        if entry is None:
            raise NotAuthenticated("KEY_UNKNOWN", "there is no such API key")
        require_valid(entry, self._now_ns())
        return entry.principal

    def take(self, who: Principal, messages: int) -> None:
        """More messages of a stream or a batch. Raises LimitReached."""
        self.quotas.require(who)
        self.rates.take(who, messages)

    def require_accounts(self, method: str, request: Any, who: Principal, above: Above) -> None:
        """Each account that the request names must be the caller's.

        `above` gives the nodes over an account, for rights on a firm; none for an unknown account.
        Raises NotPermitted, InvalidField.
        """
        for name in accounts_of(method, request):
            if name != EVERY:
                who.require_account(name, *above(name))


def _secret(authorization: str | None) -> str:
    if not authorization:
        raise NotAuthenticated("KEY_MISSING", "send metadata: authorization: Bearer <API key>")
    if authorization[: len(BEARER)].lower() != BEARER:
        raise NotAuthenticated("KEY_MALFORMED", "authorization is not: Bearer <API key>")
    return authorization[len(BEARER) :].strip()
