"""Pending orders in models without scenarios: what is held, all bought, all sold; the worst."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from risk.scenario.facts import Margin, Portfolio, Position

Lots = dict[str, int]


def lots_of(positions: Iterable[Position]) -> list[Lots]:
    """Lots by contract: as held, and if anything is pending also all bought, and all sold."""
    rows = list(positions)
    ways = [{p.contract: p.quantity for p in rows}]
    if any(p.open_buy or p.open_sell for p in rows):
        ways.append({p.contract: p.quantity + p.open_buy for p in rows})
        ways.append({p.contract: p.quantity - p.open_sell for p in rows})
    return ways


def worst(portfolio: Portfolio, margin: Callable[[Lots], Margin]) -> Margin:
    """The largest margin of the ways in which pending orders may end."""
    return max(map(margin, lots_of(portfolio.positions)), key=lambda found: found.initial)


def most_lots(position: Position) -> int:
    """The most lots that a position can become, long or short."""
    held = position.quantity
    return max(abs(held), abs(held + position.open_buy), abs(held - position.open_sell))


def share_of(minor: int, percent: float) -> int:
    """`percent` of an amount of minor units, rounded up; the rate counts to a millionth."""
    return -(-minor * round(percent * 1e6) // 100_000_000)
