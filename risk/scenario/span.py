"""Scenario margin of portfolios: one account with all its parts, or many accounts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from domain.errors import InvalidField
from risk.scenario.facts import Margin, Portfolio, Position
from risk.scenario.parameters import Parameters, parameters_of
from risk.scenario.tables import LIMIT, Room, Tables
from risk.span import columns as at
from risk.span import requirement, store

Whole = NDArray[np.int64]

PARTS = (
    "scan_risk", "calendar_charge", "delivery_charge", "inter_commodity_credit",
    "short_option_excess", "net_option_value", "exposure", "premium",
)  # fmt: skip
_WORKED = len(PARTS)
_RISK = 5  # the first five are the risk that `initial_percent` scales


def too_large(name: str, quantity: object) -> InvalidField:
    """The error for a position whose amounts could leave 63 bits."""
    return InvalidField(f"position {name}", quantity, f"amounts that add up to less than {LIMIT:g}")


class Scenario:
    """SPAN-like margin: 16 scenarios, spreads, credits, option value (docs/margin.md).

    After CME Group, "Standard Portfolio Analysis of Risk" (SPAN methodology), with the exposure
    margin of Indian clearing corporations on top. Amounts are whole minor units; risk arrays are
    rounded half away from zero, charges up, credits down.

    Args:
        parameters: `Parameters`, or a mapping in their JSON format.

    Raises:
        InvalidField: a value is not allowed; the path or the contract's name says which.
    """

    def __init__(self, parameters: Parameters | Mapping[str, Any]) -> None:
        given = parameters if isinstance(parameters, Parameters) else parameters_of(parameters)
        self.parameters, self.tables = given, Tables(given)

    # ------------------------------------------------------------------ one account

    def margin(self, portfolio: Portfolio | Mapping[str, int] | Iterable[Position]) -> Margin:
        """The margin of one account with its parts, pending orders at their worst side.

        Raises InvalidField for a contract that the parameters do not have.
        """
        account = Portfolio.of(portfolio)
        rows, room = self.rows(account.positions), self.tables.room()
        out = np.zeros((1, at.PARTS), np.int64)
        bounds = np.array([0, len(rows)])
        requirement.margins(room.s, bounds, rows, out)
        parts = self._parts(out[0], account.positions)
        risk = sum(parts[name] for name in PARTS[:_RISK])
        groups = self._groups(room, rows)
        maintenance = sum(parts.values())
        surcharge = -(-risk * round((self.parameters.initial_percent - 100.0) * 100) // 10_000)
        parts["initial_surcharge"] = surcharge
        return Margin(
            parts, maintenance, self.tables.decimals, self.parameters.currency, groups
        )

    def rows(self, positions: Iterable[Position]) -> Whole:
        """Positions as rows (contract, held, open_buy, open_sell) of int64."""
        place, rows, size = self.tables.place, [], 0.0
        for position in positions:
            row = place.get(position.contract)
            if row is None:
                where, allowed = f"position {position.contract}", "a contract of the parameters"
                raise InvalidField(where, position.quantity, allowed)
            lots = abs(position.quantity) + position.open_buy + position.open_sell
            size += lots * self.tables.size[row]
            if size > LIMIT:
                raise too_large(position.contract, position.quantity)
            rows.append((row, position.quantity, position.open_buy, position.open_sell))
        return np.array(rows, np.int64).reshape(-1, at.POSITION)

    def _parts(self, out: Whole, positions: Iterable[Position]) -> dict[str, int]:
        parts = dict(zip(PARTS, out[:_WORKED].tolist(), strict=True))
        scale = 10.0**self.tables.decimals
        due = [np.floor(max(p.premium_due, 0.0) * scale + 0.5) for p in positions]
        assigned = [np.floor(max(p.assignment_due, 0.0) * scale + 0.5) for p in positions]
        parts["premium"] += int(sum(due))
        parts["assignment"] = int(sum(assigned))
        return parts

    def _groups(self, room: Room, rows: Whole) -> dict[str, dict[str, int]]:
        """The parts by commodity; option value as it is, before it is held against risk."""
        held = set(room.tables[store.CONTRACT][rows[:, 0], at.OF].tolist())
        groups = {}
        for name, row in self.tables.commodities.items():
            if row in held:
                amounts = room.tables[store.FOUND][row][:_WORKED].tolist()
                found = dict(zip(PARTS, amounts, strict=True))
                found["inter_commodity_credit"] *= -1
                found["net_option_value"] *= -1
                risk = sum(found[part] for part in PARTS[: _RISK - 1])
                found["short_option_excess"] = max(found["short_option_excess"] - risk, 0)
                groups[name] = found
        return groups

    # ------------------------------------------------------------------ many accounts

    def places(self, names: Iterable[str]) -> Whole:
        """Row numbers of contracts by name. Raises InvalidField for an unknown one."""
        place, found = self.tables.place, []
        for name in names:
            if name not in place:
                raise InvalidField("contract", name, "a contract of the parameters")
            found.append(place[name])
        return np.array(found, np.int64)

    def margins(
        self, bounds: ArrayLike, contracts: ArrayLike, quantities: ArrayLike,
        open_buy: ArrayLike = 0, open_sell: ArrayLike = 0,
    ) -> Whole:  # fmt: skip
        """The parts (PARTS, in that order) of many accounts: int64 (accounts, len(PARTS)).

        Account a holds the positions bounds[a] to bounds[a + 1] of the other arrays, at most one
        a contract. `contracts` are numbers of `places`; quantities are lots. The sum of a row is
        the maintenance margin.

        Raises:
            InvalidField: `bounds` do not fit, an unknown contract, or amounts beyond 55 bits.
        """
        rows, edges = self._positions(contracts, quantities, open_buy, open_sell), _bounds(bounds)
        if edges[-1] != len(rows):
            raise InvalidField("bounds", int(edges[-1]), f"an end of {len(rows)}, the positions")
        lots = np.abs(rows[:, 1]).astype(float) + rows[:, 2] + rows[:, 3]
        sizes = np.concatenate([[0.0], np.cumsum(lots * self.tables.size[rows[:, 0]])])
        large = np.flatnonzero(np.diff(sizes[edges]) > LIMIT)
        if len(large):
            raise too_large(f"of account {large[0]}", "its lots")
        out = np.empty((len(edges) - 1, at.PARTS), np.int64)
        room = self.tables.room()
        requirement.margins(room.s, edges, rows, out)
        return out[:, :_WORKED]

    def _positions(
        self, contracts: ArrayLike, quantities: ArrayLike, open_buy: ArrayLike, open_sell: ArrayLike
    ) -> Whole:
        places = np.asarray(contracts)
        if places.dtype.kind not in "iu" or places.ndim != 1:
            raise InvalidField("contracts", places.dtype, "whole numbers, one dimension")
        rows = np.zeros((len(places), at.POSITION), np.int64)
        if len(places) and not 0 <= places.min() <= places.max() < len(self.tables.place):
            last = len(self.tables.place) - 1
            raise InvalidField("contracts", int(places.max()), f"0 to {last}, see `places`")
        rows[:, 0] = places
        named = (("quantities", quantities), ("open_buy", open_buy), ("open_sell", open_sell))
        for column, (name, given) in enumerate(named, 1):
            values = np.asarray(given)
            if values.dtype.kind not in "iu":
                raise InvalidField(name, values.dtype, "whole lots")
            rows[:, column] = values
        if len(rows) and rows[:, 2:].min() < 0:
            raise InvalidField("open orders", int(rows[:, 2:].min()), "0 lots or more")
        return rows


def _bounds(given: ArrayLike) -> Whole:
    edges = np.ascontiguousarray(given, np.int64)
    if edges.ndim != 1 or len(edges) < 1 or edges[0] != 0 or (np.diff(edges) < 0).any():
        raise InvalidField("bounds", given, "0 and then numbers that never fall")
    return edges
