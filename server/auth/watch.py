"""Keeps the keys in memory fresh: a thread looks at the epoch row a few times a second.

One small row is read at each look and everything else only when it has changed. When the store
cannot be reached the last keys stay in force for `stale_seconds`: trading outlives a database that
restarts, and a revocation that nobody can read does not go unnoticed for ever.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from domain.errors import Unavailable
from server.auth.keyring import EPOCH, Entry, Keyring, load
from server.auth.store import ControlStore

POLL_SECONDS = 0.25
STALE_SECONDS = 300.0

Lapsed = Callable[[frozenset[int]], None]
_log = logging.getLogger(__name__)


class Watch:
    """The current keyring. `start` it, then read `keyring`; any thread may.

    `start` loads the keys before it returns, so that a server that cannot see them does not open
    its doors. Raises InvalidField for a URL that names no store.
    """

    def __init__(
        self,
        url: str,
        *,
        poll_seconds: float = POLL_SECONDS,
        stale_seconds: float = STALE_SECONDS,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self._store = ControlStore(url)
        self._poll, self._stale, self._now_ns = poll_seconds, stale_seconds, now_ns
        self._keyring: Keyring | None = None
        self._seen = 0.0  # by the monotonic clock: the last look that succeeded
        self._looked_ns = 0
        self._listeners: list[Lapsed] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def keyring(self) -> Keyring:
        """The newest keys. Raises Unavailable when they are too old to trust."""
        found = self._keyring
        if found is None:
            raise Unavailable("the keys have not been loaded yet")
        if time.monotonic() - self._seen > self._stale:
            raise Unavailable(f"no sight of the control-plane store for {self._stale:.0f} s")
        return found

    @property
    def age_seconds(self) -> float:
        """How long ago the keys were last compared with the store."""
        return time.monotonic() - self._seen

    def on_lapse(self, listener: Lapsed) -> None:
        """Call `listener` in the watch's thread with the keys that just stopped working.

        That is how open streams end when their key does. A key that lost a scope, or whose accounts
        or networks changed, is among them: its streams were let in by rights that are gone.
        """
        self._listeners.append(listener)

    def start(self) -> Watch:
        """Load the keys and begin to watch. Raises Unavailable."""
        self.look()
        self._thread = threading.Thread(target=self._run, name="gridworks-keys", daemon=True)
        self._thread.start()
        return self

    def close(self) -> None:
        """Stop watching; the last keys stay readable until they are stale."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        self._store.close()

    def __enter__(self) -> Watch:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def look(self) -> None:
        """One look at the epoch, and at everything when it has moved. Raises Unavailable."""
        before, since_ns, at_ns = self._keyring, self._looked_ns, self._now_ns()
        [(epoch,)] = self._store.rows(EPOCH)
        if before is None or epoch != before.epoch:
            self._keyring = load(self._store)
        self._seen, self._looked_ns = time.monotonic(), at_ns
        if before is not None and self._keyring is not None:
            self._tell(lapsed(before, self._keyring, since_ns, at_ns))

    def _tell(self, keys: frozenset[int]) -> None:
        for listener in self._listeners if keys else ():
            try:
                listener(keys)
            except Exception:  # one listener's bug must not keep the others' streams open
                _log.exception("a listener for lapsed keys failed")

    def _run(self) -> None:
        failing = False
        while not self._stop.wait(self._poll):
            try:
                self.look()
                if failing:
                    _log.warning("the control-plane store is back")
                failing = False
            except Unavailable as problem:
                if not failing:
                    _log.error("keys are not refreshed: %s", problem)
                failing = True
            except Exception:  # a row that nobody could have written; keep the last good keys
                if not failing:
                    _log.exception("keys are not refreshed")
                failing = True


def lapsed(before: Keyring, after: Keyring, since_ns: int, at_ns: int) -> frozenset[int]:
    """The keys that worked in `before` at `since` and do not, or with fewer rights, at `at`."""
    if after is before:
        return before.ended_between(since_ns, at_ns)
    found = set()
    for key_id, old in before.by_id.items():
        if old.ends_ns <= since_ns:
            continue
        new = after.by_id.get(key_id)
        if new is None or new.ends_ns <= at_ns or _narrower(old, new):
            found.add(key_id)
    return frozenset(found)


def _narrower(old: Entry, new: Entry) -> bool:
    """Whether a scope is gone, or the accounts or networks are not what they were."""
    was, now = old.principal, new.principal
    if not was.scopes <= now.scopes or old.networks != new.networks:
        return True
    return (was.partner_accounts, was.key_accounts) != (now.partner_accounts, now.key_accounts)
