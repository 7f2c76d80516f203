"""What a run can be told: money, costs, how bars fill, queues, latency, margin.

Every class here is frozen and checked when it is made: a bad value raises InvalidField with the
field, the value and what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal, get_args

from domain.errors import InvalidField

Path = Literal["near", "ohlc", "olhc", "worst"]
Queue = Literal["pessimistic", "probabilistic"]
Number = float | int | Decimal


def at_least(low: float, **values: Any) -> None:
    """Raise InvalidField for a value that is no number or below `low`."""
    for name, value in values.items():
        number = isinstance(value, int | float | Decimal) and not isinstance(value, bool)
        if not number or not low <= value:
            raise InvalidField(name, value, f"a number from {low} up")


def one_of(kinds: Any, **values: Any) -> None:
    """Raise InvalidField for a value that is not in a Literal."""
    for name, value in values.items():
        if value not in get_args(kinds):
            raise InvalidField(name, value, ", ".join(get_args(kinds)))


@dataclass(frozen=True, slots=True)
class Costs:
    """What trading and holding costs.

    Args:
        taker_bps, maker_bps: fee in basis points of the value; below 0 a rebate.
        per_lot: fee in minor units for each lot.
        minimum: fee of a fill at least, minor units.
        slippage_ticks, slippage_bps: what a bar's market order pays beyond the price of its
            moment; the larger of the two counts. Half a spread is slippage.
        borrow_bps: a year's fee on the value of short positions, accrued by the second.
        interest_bps: a year's interest on cash, earned above and paid below 0.
    """

    taker_bps: Number = 0
    maker_bps: Number = 0
    per_lot: int = 0
    minimum: int = 0
    slippage_ticks: int = 0
    slippage_bps: Number = 0
    borrow_bps: Number = 0
    interest_bps: Number = 0

    def __post_init__(self) -> None:
        at_least(-10_000, taker_bps=self.taker_bps, maker_bps=self.maker_bps)
        at_least(0, minimum=self.minimum, slippage_ticks=self.slippage_ticks)
        at_least(0, slippage_bps=self.slippage_bps, borrow_bps=self.borrow_bps)
        at_least(-(2**31), per_lot=self.per_lot, interest_bps=self.interest_bps)


@dataclass(frozen=True, slots=True)
class BarFills:
    """How orders fill on bars; docs/backtest.md has the rules with worked examples.

    Args:
        path: the way of the price through a bar: "near" open, the nearer of high and low, the
            other, close; "ohlc"; "olhc"; "worst": the extreme that is against the position first.
        touch: a limit order fills when its price is reached; False: only when it is passed.
        volume_share: at most this part of a bar's volume fills orders of ours; 0 no bound. A bar
            without volume (0: unknown) bounds nothing.
        at_close: orders sent in `on_bar` are executed at the close of that very bar.
    """

    path: Path = "near"
    touch: bool = False
    volume_share: Number = 1
    at_close: bool = False

    def __post_init__(self) -> None:
        one_of(Path, path=self.path)
        at_least(0, volume_share=self.volume_share)


@dataclass(frozen=True, slots=True)
class Delay:
    """A delay in ns: `constant`, plus a share drawn from a distribution, or from measured values.

    Args:
        constant: ns, always.
        spread: ns, scale of what is added at random.
        shape: "none", "exponential" (mean `spread`), "lognormal" (median `spread`, sigma 1).
        sample: measured delays in ns, drawn at random with the run's seed (spread unused).
    """

    constant: int = 0
    spread: int = 0
    shape: Literal["none", "exponential", "lognormal"] = "none"
    sample: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        at_least(0, constant=self.constant, spread=self.spread)
        one_of(Literal["none", "exponential", "lognormal"], shape=self.shape)
        for value in self.sample:
            at_least(0, sample=value)

    @property
    def always_zero(self) -> bool:
        """Whether this delays nothing."""
        return not (self.constant or len(self.sample) or (self.spread and self.shape != "none"))


@dataclass(frozen=True, slots=True)
class Latency:
    """How long market data, orders and reports are on their way; each line keeps its order."""

    data: Delay = Delay()
    order: Delay = Delay()
    report: Delay = Delay()


@dataclass(frozen=True, slots=True)
class Margin:
    """What positions tie up, and when they are closed by force.

    Args:
        initial_bps: margin of a futures or FX position, basis points of its value.
        short_bps: margin of a short in a cash instrument, basis points of its value.
        maintenance_bps: the position is closed when equity falls below this part (basis points)
            of the margin; 0 never.
        credit: minor units that count as collateral besides cash.
    """

    initial_bps: int = 10_000
    short_bps: int = 15_000
    maintenance_bps: int = 0
    credit: int = 0

    def __post_init__(self) -> None:
        at_least(0, initial_bps=self.initial_bps, short_bps=self.short_bps)
        at_least(0, maintenance_bps=self.maintenance_bps, credit=self.credit)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a run.

    Args:
        cash: at the start, in the currency of the listings.
        costs, bars, latency, margin: see there.
        queue: how the orders in front of a resting order of ours vanish on levels and quotes:
            "pessimistic" only by trades, "probabilistic" by cancels too, in proportion.
        seed: of all that is drawn at random.
        sample_ns: equity is recorded once in so many ns; 0: at each bar (each second without).
        limits: risk limits of the account, `domain.attributes.NodeAttr` in lower case.
        instruments: by symbol, attributes of `domain.attributes.InstrumentAttr` in lower case.
        name: of the run; "" the strategy's.
        exact: play every row through the exchange, also those that can change nothing of ours.
    """

    cash: Number = 100_000
    costs: Costs = Costs()
    bars: BarFills = BarFills()
    latency: Latency = Latency()
    margin: Margin = Margin()
    queue: Queue = "pessimistic"
    seed: int = 0
    sample_ns: int = 0
    limits: Mapping[str, int] = field(default_factory=dict)
    instruments: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    name: str = ""
    exact: bool = False

    def __post_init__(self) -> None:
        at_least(0, cash=self.cash, sample_ns=self.sample_ns)
        at_least(0, seed=self.seed)
        one_of(Queue, queue=self.queue)
        for name, kind in _PARTS.items():
            if not isinstance(getattr(self, name), kind):
                raise InvalidField(name, getattr(self, name), f"a {kind.__name__}")


_PARTS = {"costs": Costs, "bars": BarFills, "latency": Latency, "margin": Margin}
