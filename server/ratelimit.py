"""Limits of the plan: messages a second, messages a month, streams at one time.

A token bucket is kept as one number, the time at which it will be full again (the generic cell
rate algorithm, ITU-T I.371): nothing has to be refilled, and a change of plan takes effect at the
next message. Times are nanoseconds of a monotonic clock. Limits hold for one server process.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from server.auth.denial import LimitReached
from server.auth.principal import Principal

SECOND = 1_000_000_000
MANY = 10_000  # buckets, then the full ones are forgotten


def wait_ns(full_at: int, now: int, cost: int, rate: int, burst: int) -> int:
    """How long until `cost` messages may pass, 0: now. `rate` a second, `burst` at once.

    More than a burst passes when the bucket is full, and is then paid off: the average holds.
    """
    room = max(burst - cost, 0) * SECOND // rate
    return max(full_at - now - room, 0)


def spent(full_at: int, now: int, cost: int, rate: int) -> int:
    """When the bucket will be full after `cost` messages have passed."""
    return max(full_at, now) + -(-cost * SECOND // rate)


class RateLimiter:
    """Buckets for each key and each partner. Any thread may ask."""

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._full_at: dict[tuple[str, int], int] = {}
        self._lock = threading.Lock()

    def take(self, who: Principal, messages: int = 1) -> None:
        """Let `messages` pass, or none of them. Raises LimitReached."""
        plan = who.limits
        if not plan.key_rate and not plan.partner_rate:
            return
        buckets = (
            (("key", who.key_id), plan.key_rate, plan.key_burst),
            (("partner", who.partner_id), plan.partner_rate, plan.partner_burst),
        )
        with self._lock:
            now = self._now_ns()
            for name, rate, burst in buckets:
                full_at = self._full_at.get(name, 0)
                if rate and (wait := wait_ns(full_at, now, messages, rate, burst or rate)):
                    text = f"messages a second of a {name[0]} on plan {plan.plan}"
                    raise LimitReached("RATE_LIMIT", text, rate, wait / SECOND)
            for name, rate, _ in buckets:
                if rate:
                    self._full_at[name] = spent(self._full_at.get(name, 0), now, messages, rate)
            if len(self._full_at) > MANY:
                self._full_at = {k: v for k, v in self._full_at.items() if v > now}


class Sessions:
    """How many streams each partner has open."""

    def __init__(self) -> None:
        self._open: Counter[int] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def hold(self, who: Principal) -> Iterator[None]:
        """One more stream while the body runs. Raises LimitReached."""
        limit = who.limits.max_sessions
        with self._lock:
            if 0 < limit <= self._open[who.partner_id]:
                text = f"open streams of a partner on plan {who.limits.plan}"
                raise LimitReached("SESSION_LIMIT", text, limit, 1.0)
            self._open[who.partner_id] += 1
        try:
            yield
        finally:
            with self._lock:
                self._open[who.partner_id] -= 1
                if not self._open[who.partner_id]:
                    del self._open[who.partner_id]


class Quotas:
    """Messages of the calendar month (UTC) against the plan.

    What was used is told by metering after each flush, so a partner may pass its quota by what it
    sends between two flushes.
    """

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._month = ""
        self._used: Mapping[int, int] = {}

    def tell(self, month: str, used: Mapping[int, int]) -> None:
        """The messages of each partner (by number) in `month` ("2026-11") so far."""
        self._month, self._used = month, dict(used)

    def require(self, who: Principal) -> None:
        """Raises LimitReached when the quota is used up, until the month ends."""
        quota = who.limits.monthly_quota
        if not quota or self._used.get(who.partner_id, 0) < quota:
            return
        now = self._now()
        if now.strftime("%Y-%m") != self._month:
            return  # a new month, and nobody has told us its figures yet
        ends = datetime(now.year + now.month // 12, now.month % 12 + 1, 1, tzinfo=UTC)
        text = f"messages a month on plan {who.limits.plan}"
        raise LimitReached("QUOTA_EXHAUSTED", text, quota, (ends - now).total_seconds())
