"""The market of the sandbox: the same for a seed, alive for hours, and like a market."""

import asyncio

import numpy as np
import pytest

from domain.codes import Reason
from domain.errors import InvalidField
from domain.tables import Table
from server.config import load
from server.main import Server
from server.sandbox.agents.crowd import Agents
from server.sandbox.agents.memory import Memory
from server.sandbox.agents.rates import Observed, Rates, fit, known_rates
from server.sandbox.market import Market
from server.sandbox.world import CASH, PROFILES, World, call, missing
from server.sequencer.clock import HeldClock, VirtualClock
from server.sequencer.logbook import Logbook
from server.sequencer.state import Bounds, State, open_log, recover
from server.sequencer.writer import Sequencer
from tests.server.agents import SECOND, START, Walk
from tests.server.sequencing import SetClock

USUAL = {0, Reason.CANCELED_BY_USER, Reason.UNFILLED_REMAINDER}


@pytest.fixture(scope="module")
def quarter():
    """A quarter of an hour."""
    return Walk().go(900)


def check_alive(walk):
    """A two-sided book, spreads and moves within bounds, nobody ruined."""
    bids, asks = np.array(walk.bids), np.array(walk.asks)
    assert (bids > 0).mean() > 0.999
    assert (asks > 0).mean() > 0.999
    for place, profile in enumerate(walk.world.profiles):
        whole = (bids[:, place] > 0) & (asks[:, place] > 0)
        bid, ask = bids[whole, place], asks[whole, place]
        spread, middle = ask - bid, (bid + ask) / 2
        assert (spread > 0).all(), profile.symbol
        assert 1 <= np.median(spread) <= 4, profile.symbol
        assert np.percentile(spread, 99) <= 20, profile.symbol
        assert 0.05 < np.diff(middle).std() < 5, profile.symbol
        if profile.kind != "call":  # an option's price is a multiple of its stock's moves
            assert np.abs(middle / profile.price - 1).max() < 0.1, profile.symbol
    assert (np.abs(walk.equity() / CASH - 1) < 0.02).all()


def test_the_market_is_alive(quarter):
    check_alive(quarter)
    assert (quarter.state.engine.table(Table.BOOK)[quarter.world.numbers]["volume"] > 100).all()


def test_agents_send_what_the_exchange_takes(quarter):
    refused = quarter.reasons.copy()
    refused[sorted(USUAL)] = 0
    assert refused.sum() < quarter.commands / 1000
    assert 20 < quarter.commands / 900 / len(PROFILES) < 200  # commands a second, an instrument


def test_money_only_changes_hands(quarter):
    nodes = quarter.state.engine.table(Table.NODE)
    fees = int(nodes[quarter.world.first - 1]["fees"])
    assert int(quarter.equity().sum()) + fees == pytest.approx(7 * CASH, abs=1000)
    assert (quarter.world.view().held.sum(axis=0) == 0).all()


def test_prices_move_like_prices(quarter):
    """Fat tails, spreads that are mostly narrow and seldom wide, volume that comes in clumps."""
    middle = (np.array(quarter.bids) + np.array(quarter.asks))[:, :4] / 2
    moves = np.diff(middle, axis=0)
    kurtosis = ((moves - moves.mean(0)) ** 4).mean(0) / moves.var(0) ** 2
    assert np.median(kurtosis) > 3.5  # a normal distribution has 3
    spread = (np.array(quarter.asks) - np.array(quarter.bids))[:, :4]
    shares = [(spread == ticks).mean() for ticks in (1, 3, 6)]
    assert shares[0] > shares[1] > shares[2]


def test_derived_instruments_follow_what_they_are_on(quarter):
    middle = (np.array(quarter.bids) + np.array(quarter.asks))[60:] / 2
    stock, future, option = middle[:, 0], middle[:, 1], middle[:, 4]
    assert np.abs(future - stock).mean() < 10
    fair = np.array([call(spot, 10_000, 1.0) for spot in stock])
    assert np.abs(option - fair).mean() < 10


def test_a_seed_gives_a_market(quarter):
    assert Walk(seed=5).go(30).hash == Walk(seed=5).go(30).hash
    assert Walk(seed=5).go(30).hash != Walk(seed=6).go(30).hash


def test_a_market_goes_on_from_a_snapshot():
    whole, begun = Walk(seed=9).go(40), Walk(seed=9).go(20)
    assert begun.copy(seed=9).go(20).hash == whole.hash


@pytest.mark.soak
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_market_lives_for_hours(seed):
    check_alive(Walk(seed=seed).go(6 * 3600))


# ------------------------------------------------------------------ the task that moves it


async def lead(folder, seconds, clock_ns):
    """Let a market on a real log run for a time and end; the hash, and the seq."""
    log = open_log(folder / "commands.db")
    state, _ = recover(log, Bounds(20_000, 20_000, 1_000), Memory)
    clock = VirtualClock(max(state.time, START), 0.0, clock_ns)
    sequencer = Sequencer(
        state, Logbook(log, "disk"), HeldClock(clock, state.time), lambda applied: None
    )
    writing = asyncio.create_task(sequencer.run())
    rows = missing(state, PROFILES, START)
    if rows:
        await sequencer.call(rows)
    agents = Agents(World(state, PROFILES), state.follower, 3, SECOND // 2)
    market = Market(sequencer, clock, agents.rows, SECOND // 2)
    moving = asyncio.create_task(market.run())
    assert await market.jump(seconds * SECOND) == clock()
    found = state.engine.state_hash()
    await sequencer.stop()
    await asyncio.gather(writing, moving)
    return found


def test_a_restart_goes_on_as_if_nothing_had_been(tmp_path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    whole.mkdir(), parts.mkdir()
    clock = SetClock()
    asyncio.run(lead(parts, 4, clock))
    assert asyncio.run(lead(parts, 4, clock)) == asyncio.run(lead(whole, 8, clock))


def test_virtual_time():
    running = SetClock()
    clock = VirtualClock(START, 10.0, running)
    running.now += 3 * SECOND
    assert clock() == START + 30 * SECOND
    clock.ceiling = START + 20 * SECOND
    assert clock() == START + 20 * SECOND
    clock.go_on_from(clock(), 0.0)
    running.now += 100 * SECOND
    assert clock() == clock.wanted() == START + 20 * SECOND
    clock.ceiling = START + 500 * SECOND
    clock.go_on_from(clock(), 2.0)
    running.now += SECOND
    assert clock() == START + 22 * SECOND


# ------------------------------------------------------------------ rates


def watched(rates, seconds, seed, distances=5):
    """A plain simulation of the model, event by event, as somebody who watches would count it."""
    rng = np.random.default_rng(seed)
    limit, cancel = 2 * rates.limits(distances), rates.cancels(distances)
    resting, exposure = np.zeros(distances), np.zeros(distances)
    counts = np.zeros((2, distances), np.int64)
    market, now = 0, 0.0
    while now < seconds:
        chances = np.concatenate([limit, resting * cancel, [2 * rates.market]])
        wait = rng.exponential(1 / chances.sum())
        exposure += resting * wait
        now += wait
        event = rng.choice(len(chances), p=chances / chances.sum())
        if event == 2 * distances:
            market += 1
            filled = np.flatnonzero(resting)
            resting[filled[:1]] -= 1
        else:
            kind, far = divmod(event, distances)
            counts[kind, far] += 1
            resting[far] += 1 - 2 * kind
    return Observed(counts[0], counts[1], exposure / now, market, now)


def test_a_fit_finds_the_rates_that_were_put_in():
    true = known_rates("sky_perfect")
    found = fit(watched(true, 1500, 11))
    assert found.limit == pytest.approx(true.limit, rel=0.12)
    assert found.cancel == pytest.approx(true.cancel, rel=0.12)
    assert found.market == pytest.approx(true.market, rel=0.12)
    assert found.scale == pytest.approx(true.scale, rel=0.15)
    assert found.exponent == pytest.approx(true.exponent, abs=0.15)


def test_rates_beyond_the_measured_distances():
    rates = known_rates("sky_perfect")
    assert rates.limits(6)[:5].tolist() == list(rates.limit)
    assert rates.limits(6)[5] == pytest.approx(1.92 / 6**0.52)
    assert rates.cancels(7).tolist() == [*rates.cancel, 0.47, 0.47]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"limit": (), "cancel": ()}, "cancel"), ({"limit": (1.0,)}, "cancel"),
        ({"market": -1.0}, "market"), ({"market": float("nan")}, "market"),
        ({"scale": 1e9}, "scale"),
    ],
)  # fmt: skip
def test_rates_that_cannot_be(given, field):
    whole = {"limit": (1.0, 1.0), "cancel": (1.0, 1.0), "market": 1.0, "scale": 1.0, "exponent": 1}
    with pytest.raises(InvalidField) as refused:
        Rates(**(whole | given))
    assert refused.value.field == field


def test_what_cannot_be_fitted():
    nothing = np.zeros(2)
    with pytest.raises(InvalidField, match="seconds"):
        fit(Observed(nothing, nothing, nothing, 0, 0.0))
    with pytest.raises(InvalidField, match="cancel"):
        fit(Observed(nothing, np.zeros(3), nothing, 0, 1.0))
    with pytest.raises(InvalidField, match="rates"):
        known_rates("nobody")
    assert fit(Observed(nothing, nothing, nothing, 4, 1.0)).market == 2.0


def test_option_prices():
    """Against the integral of the payoff over a lognormal price."""
    z = np.linspace(-10, 10, 200_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * (z[1] - z[0])
    for spot, strike, years in ((42, 40, 0.5), (10_000, 12_000, 2.0), (100, 90, 0.01)):
        width = 0.2 * np.sqrt(years)
        payoff = np.maximum(spot * np.exp(width * z - width * width / 2) - strike, 0)
        assert call(spot, strike, years, 0.2) == pytest.approx(payoff @ density, rel=1e-6)
    assert call(42, 40, 0.0) == 2.0
    assert call(30, 40, -1.0) == 0.0


# ------------------------------------------------------------------ where it may not be


@pytest.mark.parametrize(
    "given",
    [
        {"sandbox_market": "agents"}, {"sandbox_speed": 2.0}, {"sandbox_seed": 2},
        {"sandbox_start": "2026-01-05T09:00:00Z"},
    ],
)  # fmt: skip
def test_live_has_nothing_of_a_sandbox(given):
    with pytest.raises(InvalidField, match="live") as refused:
        load(environment="live", **given)
    assert refused.value.field == next(iter(given))
    assert load(**given).environment == "sandbox"


def test_a_live_server_has_no_sandbox():
    core = Server(load(environment="live", insecure=True))
    state = State()
    made = core._core(state, Logbook(None, "memory"), None, None)
    assert made.sandbox is None
    with pytest.raises(InvalidField, match="sandbox_start"):
        load(sandbox_start="yesterday")
