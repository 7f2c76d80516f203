"""Parameters as the kernels read them: names become row numbers, money becomes minor units."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.scenario.facts import Contract, by_name
from risk.scenario.parameters import Commodity, Leg, Parameters, Spread, Tier
from risk.scenario.revaluation import risk_arrays
from risk.span import columns as at
from risk.span import soundness, store

Whole = NDArray[np.int64]
LIMIT = 2.0**55  # of every sum over a portfolio, so that none can leave int64


def _minor(amount: float, decimals: int) -> int:
    """Whole minor units, half away from zero."""
    scaled = abs(amount) * 10.0**decimals
    return int(np.floor(scaled + 0.5)) * (1 if amount >= 0 else -1)


def addresses(tables: Iterable[Whole]) -> Whole:
    """What kernels read instead of the tables: (address, rows) of each, which must live on."""
    return np.array([(table.ctypes.data, len(table)) for table in tables], np.int64)


def _table(rows: Iterable[Any], width: int) -> Whole:
    made = np.array(list(rows), np.int64)
    return np.ascontiguousarray(made.reshape(-1, width))


class Tables:
    """Flat int64 tables of parameters, and rooms for the sums of one account.

    `place` gives a contract's row, `size` the largest amount that one of its lots adds to any sum.
    """

    def __init__(self, parameters: Parameters) -> None:
        self.parameters, self.decimals = parameters, parameters.decimals
        self.contracts = by_name(parameters.contracts)
        self.place = {name: row for row, name in enumerate(self.contracts)}
        self.commodities: dict[str, int] = {}
        for row, commodity in enumerate(parameters.commodities):
            if commodity.name in self.commodities:
                raise InvalidField(f"commodities[{commodity.name}]", "twice", "each name once")
            self.commodities[commodity.name] = row
        self._owners = [self._owner(contract) for contract in parameters.contracts]
        self._legs: list[list[int]] = []
        self._charges: list[list[int]] = []
        self._tiered: list[int] = []
        self._days: dict[str, list[tuple[str, int]]] = {}
        self._periods = self._all_periods()
        losses, deltas = risk_arrays(parameters, self._owners)
        risk = self._risk(losses)
        contracts = self._contract_rows(deltas)
        commodities = self._commodity_rows()
        shared = _table((self._credit(spread) for spread in parameters.credits), at.SPREADS)
        commodities[self._tiered, at.TIERED] = 1
        spreads, legs = _table(self._charges, at.SPREADS), _table(self._legs, at.LEGS)
        self.rows = (risk, contracts, commodities, self._period_rows(), spreads, legs, shared)
        self._places = addresses(self.rows)
        soundness.sizes(int(self._places.ctypes.data))
        self.size = contracts[:, at.SIZE].astype(np.float64)

    # ------------------------------------------------------------------ rows of the tables

    def _owner(self, contract: Contract) -> Commodity:
        row = self.commodities.get(contract.commodity)
        if row is None:
            where, known = f"contracts[{contract.name}].commodity", ", ".join(self.commodities)
            raise InvalidField(where, contract.commodity, known)
        return self.parameters.commodities[row]

    def _all_periods(self) -> dict[tuple[str, str], int]:
        """(commodity, expiry) -> row, commodity by commodity and by date."""
        days: dict[str, set[str]] = {name: set() for name in self.commodities}
        for contract in self.parameters.contracts:
            days[contract.commodity].add(contract.expiry)
        keys = [(name, day) for name in self.commodities for day in sorted(days[name])]
        for row, (name, day) in enumerate(keys):
            self._days.setdefault(name, []).append((day, row))
        return {key: row for row, key in enumerate(keys)}

    def _risk(self, losses: NDArray[np.float64]) -> Whole:
        scale = 10.0**self.decimals
        multipliers = np.array([contract.multiplier for contract in self.parameters.contracts])
        lots = losses * (multipliers * scale)[:, None] if len(losses) else losses
        if not np.isfinite(lots).all() or (np.abs(lots) > LIMIT).any():
            bad = int(np.argwhere(~(np.abs(lots) <= LIMIT))[0, 0])
            name = self.parameters.contracts[bad].name
            raise InvalidField(f"contracts[{name}]", "its risk array", f"amounts below {LIMIT:g}")
        rounded = np.floor(np.abs(lots) + 0.5) * np.sign(lots)
        return np.ascontiguousarray(rounded.reshape(-1, at.SCENARIOS).astype(np.int64))

    def _contract_rows(self, deltas: NDArray[np.float64]) -> Whole:
        return _table(map(self._contract_row, self.parameters.contracts, self._owners, deltas),
                      at.CONTRACTS)  # fmt: skip

    def _contract_row(self, contract: Contract, owner: Commodity, delta: float) -> list[int]:
        row, option = [0] * at.CONTRACTS, contract.kind == "OPTION"
        base = contract.underlying_price if option else abs(contract.price)
        row[at.OF] = self.commodities[owner.name]
        row[at.AT] = self._periods[owner.name, contract.expiry]
        row[at.LOT_DELTA] = round(delta * contract.delta_scale * at.MICRO)
        if option and contract.style == "premium":
            row[at.VALUE] = contract.minor(contract.price, self.decimals)
        row[at.EXPOSURE] = contract.minor(base * owner.exposure_percent / 100.0, self.decimals)
        if option:
            row[at.MINIMUM] = _minor(owner.short_option_minimum, self.decimals)
            row[at.OPTION] = 1 if contract.right == "call" else 2
        return row

    def _commodity_rows(self) -> Whole:
        rows, period = [], 0
        for commodity in self.parameters.commodities:
            row = [0] * at.COMMODITIES
            last = period + len(self._days.get(commodity.name, ()))
            row[at.FIRST_PERIOD], row[at.LAST_PERIOD] = period, last
            row[at.FIRST_SPREAD] = len(self._charges)
            for spread in commodity.calendar_spreads:
                self._charges.append(self._spread(spread, commodity))
            row[at.LAST_SPREAD] = len(self._charges)
            row[at.LARGER_SIDE] = int(commodity.short_option_method == "larger")
            row[at.SHARE] = round(commodity.calendar_exposure_percent * 100)
            row[at.CAPPED] = int(commodity.option_value == "commodity")
            row[at.UPFRONT] = int(self.parameters.premium_upfront)
            rows.append(row)
            period = last
        return _table(rows, at.COMMODITIES)

    def _period_rows(self) -> Whole:
        rows = [[0] * at.PERIODS for _ in self._periods]
        for commodity in self.parameters.commodities:
            for charge in commodity.delivery:
                row = self._periods.get((commodity.name, charge.expiry))
                if row is not None:
                    rows[row][at.WITHIN] = _minor(charge.spread, self.decimals)
                    rows[row][at.OUTRIGHT] = _minor(charge.outright, self.decimals)
        return _table(rows, at.PERIODS)

    # ------------------------------------------------------------------ spreads

    def _tier(self, commodity: Commodity, name: str) -> Tier:
        for tier in commodity.tiers:
            if tier.name == name:
                return tier
        known = ", ".join(tier.name for tier in commodity.tiers) or "no tier"
        raise InvalidField(f"commodities[{commodity.name}]: tier of a leg", name, known)

    def _leg(self, leg: Leg, commodity: Commodity) -> list[int]:
        """Rows of the periods of a leg; they are next to each other, as they are sorted."""
        first, last = "", "9999-12-31"
        if leg.tier:
            tier = self._tier(commodity, leg.tier)
            first, last = tier.first, tier.last or last
        elif leg.expiry:
            first = last = leg.expiry
        rows = [row for day, row in self._days.get(commodity.name, ()) if first <= day <= last]
        begin, end = (rows[0], rows[-1] + 1) if rows else (0, 0)
        side, ratio = int(leg.side == "B"), round(leg.ratio * at.MICRO)
        return [self.commodities[commodity.name], begin, end, side, ratio]

    def _spread(self, spread: Spread, commodity: Commodity) -> list[int]:
        legs = [self._leg(leg, commodity) for leg in spread.legs]
        _refuse_overlap(f"commodities[{commodity.name}].calendar_spreads", legs)
        return [*self._enter(legs), _minor(spread.rate, self.decimals)]

    def _credit(self, spread: Spread) -> list[int]:
        legs = []
        for leg in spread.legs:
            row = self.commodities.get(leg.commodity)
            if row is None:
                raise InvalidField("credits: commodity of a leg", leg.commodity,
                                   ", ".join(self.commodities))  # fmt: skip
            legs.append(self._leg(leg, self.parameters.commodities[row]))
            if leg.tier or leg.expiry:
                self._tiered.append(row)
        _refuse_overlap("credits", legs)
        return [*self._enter(legs), round(spread.rate * 100)]

    def _enter(self, legs: list[list[int]]) -> list[int]:
        first = len(self._legs)
        self._legs += legs
        return [first, len(self._legs)]

    # ------------------------------------------------------------------ accounts

    def room(self) -> Room:
        """Cleared tables for the sums of one account."""
        return Room(self)


class Room:
    """The tables behind one address: parameters, shared, and the sums of one account.

    `s` is what kernels take. It is good as long as the room lives.
    """

    def __init__(self, tables: Tables) -> None:
        commodities, periods = len(tables.commodities), len(tables.rows[store.PERIOD])
        counts = (commodities, periods, commodities, commodities, commodities + 1,
                  len(tables.place), 1, 1)  # fmt: skip
        own = [np.zeros((count, width), np.int64)
               for count, width in zip(counts, store.WIDTHS[store.LOSS:], strict=True)]  # fmt: skip
        self.tables = (*tables.rows, *own)
        self._places = addresses(self.tables)
        self.s = int(self._places.ctypes.data)


def _refuse_overlap(where: str, legs: list[list[int]]) -> None:
    """Two legs of one side would take the same deltas twice."""
    for at_leg, one in enumerate(legs):
        for other in legs[:at_leg]:
            same = one[at.LEG_SIDE] == other[at.LEG_SIDE]
            begin = max(one[at.LEG_FIRST], other[at.LEG_FIRST])
            if same and begin < min(one[at.LEG_LAST], other[at.LEG_LAST]):
                raise InvalidField(where, "two legs of one side", "legs that do not overlap")
