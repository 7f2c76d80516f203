"""Limits of plans: the bucket against a plain one, who shares what, and the seconds to wait."""

from datetime import UTC, datetime
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.auth.denial import LimitReached
from server.auth.principal import Limits, Names, Principal
from server.ratelimit import SECOND, Quotas, RateLimiter, Sessions


def who(key_id=1, partner_id=1, **limits) -> Principal:
    everything = Names(["*"])
    return Principal(
        key_id, "gw_test_aaaa…zzzz", partner_id, "acme", "test", frozenset(), everything, None,
        Limits("growth", **limits),
    )  # fmt: skip


class Clock:
    """Nanoseconds that a test moves."""

    def __init__(self) -> None:
        self.now = 10 * SECOND

    def __call__(self) -> int:
        return self.now


class Bucket:
    """The obvious token bucket, in fractions: the oracle."""

    def __init__(self, rate: int, burst: int, now: int) -> None:
        self.rate, self.burst, self.tokens, self.at = rate, burst, Fraction(burst), now

    def take(self, cost: int, now: int) -> bool:
        self.tokens = min(self.tokens + Fraction((now - self.at) * self.rate, SECOND), self.burst)
        self.at = now
        if self.tokens < min(cost, self.burst):
            return False
        self.tokens -= cost
        return True


STEPS = st.lists(
    st.tuples(st.integers(0, 2 * SECOND), st.integers(1, 30)), min_size=1, max_size=60
)


@given(rate=st.sampled_from([1, 2, 4, 5, 8, 10, 100]), burst=st.integers(1, 20), steps=STEPS)
def test_it_is_a_token_bucket(rate, burst, steps):
    clock = Clock()
    limiter, oracle = RateLimiter(clock), Bucket(rate, burst, clock.now)
    caller = who(key_rate=rate, key_burst=burst)
    for pause, cost in steps:
        clock.now += pause
        wanted = oracle.take(cost, clock.now)
        try:
            limiter.take(caller, cost)
            got = True
        except LimitReached as refused:
            got = False
            wait = refused.retry_seconds
        assert got == wanted
        if not got:
            # RetryInfo is honest: not a moment earlier, and then at once.
            clock.now += round(wait * SECOND) - 2
            if wait * SECOND > 2:
                with pytest.raises(LimitReached):
                    limiter.take(caller, cost)
            clock.now += 3
            limiter.take(caller, cost)
            assert oracle.take(cost, clock.now)


def test_the_partner_shares_one_bucket_and_a_refusal_costs_nothing():
    clock = Clock()
    limiter = RateLimiter(clock)
    limits = {"key_rate": 10, "key_burst": 10, "partner_rate": 10, "partner_burst": 12}
    limiter.take(who(1, **limits), 10)
    with pytest.raises(LimitReached, match="of a partner on plan growth: the limit is 10") as no:
        limiter.take(who(2, **limits), 3)
    assert (no.value.reason, no.value.retry_seconds) == ("RATE_LIMIT", 0.1)
    limiter.take(who(2, **limits), 2)  # so the refusal took nothing, from neither bucket
    with pytest.raises(LimitReached, match="of a key"):
        limiter.take(who(1, **limits))
    limiter.take(who(3, partner_id=2, **limits), 10)  # another partner is not concerned


def test_no_limit_and_a_changed_plan():
    clock = Clock()
    limiter = RateLimiter(clock)
    limiter.take(who(), 10**9)
    limiter.take(who(key_rate=10, key_burst=10), 10)
    with pytest.raises(LimitReached):
        limiter.take(who(key_rate=10, key_burst=10))
    limiter.take(who(key_rate=10, key_burst=1_000), 500)


def test_a_batch_larger_than_the_burst_passes_and_is_paid_off():
    clock = Clock()
    limiter, caller = RateLimiter(clock), who(key_rate=100, key_burst=10)
    limiter.take(caller, 200)
    with pytest.raises(LimitReached) as refused:
        limiter.take(caller, 1)
    assert refused.value.retry_seconds == pytest.approx(1.91)


def test_forgotten_buckets_were_full():
    clock = Clock()
    limiter = RateLimiter(clock)
    busy = who(0, 0, key_rate=1, key_burst=1)
    for key in range(1, 11_000):
        clock.now += 2 * SECOND
        limiter.take(who(key, key, key_rate=1, key_burst=1))
        if key == 9_990:
            limiter.take(busy, 1_000_000)  # not to be forgotten when the others are
    assert len(limiter._full_at) < 2_000
    with pytest.raises(LimitReached):
        limiter.take(busy)


def test_sessions_of_a_partner():
    sessions = Sessions()
    one, two = who(1, max_sessions=2), who(2, max_sessions=2)
    with sessions.hold(one), sessions.hold(two):
        with pytest.raises(LimitReached, match="open streams") as refused:
            sessions.hold(one).__enter__()
        assert refused.value.reason == "SESSION_LIMIT"
        with sessions.hold(who(9, partner_id=2, max_sessions=1)):
            pass
    with pytest.raises(ZeroDivisionError), sessions.hold(one):
        raise ZeroDivisionError  # what ends in an error is given back as well
    with sessions.hold(one), sessions.hold(two), sessions.hold(who(3)):
        pass
    assert not sessions._open


@pytest.mark.parametrize(
    ("now", "left"),
    [(datetime(2026, 11, 29, tzinfo=UTC), 2), (datetime(2026, 12, 31, tzinfo=UTC), 1)],
)
def test_a_quota_ends_with_the_month(now, left):
    quotas, caller = Quotas(lambda: now), who(monthly_quota=100)
    quotas.require(caller)
    quotas.tell(now.strftime("%Y-%m"), {1: 99, 2: 500})
    quotas.require(caller)
    quotas.tell(now.strftime("%Y-%m"), {1: 100})
    with pytest.raises(LimitReached, match="messages a month") as refused:
        quotas.require(caller)
    assert refused.value.reason == "QUOTA_EXHAUSTED"
    assert refused.value.retry_seconds == left * 86_400
    quotas.require(who())
    quotas.tell("2026-10", {1: 10**9})
    quotas.require(caller)
