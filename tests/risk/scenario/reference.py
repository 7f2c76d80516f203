"""Scenario margin the obvious way: dictionaries, exact fractions, one portfolio at a time.

It takes the same tables of whole numbers (`risk.scenario.tables`) and shares no code with the
kernels.
"""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import ceil, floor

from risk.scenario import Scenario
from risk.span import columns as at
from risk.span import store

MICRO = 10**6


class Account:
    """One account's positions: contract row -> (held, open_buy, open_sell)."""

    def __init__(self, model: Scenario, positions: dict[int, tuple[int, int, int]]) -> None:
        (self.risk, self.contracts, self.commodities, self.periods, self.spreads, self.legs,
         self.shared) = (rows.tolist() for rows in model.tables.rows)  # fmt: skip
        self.positions = positions
        self.held = sorted({self.contracts[row][at.OF] for row in positions})

    def of(self, commodity: int) -> list[tuple[int, tuple[int, int, int]]]:
        return [(r, p) for r, p in self.positions.items() if self.contracts[r][at.OF] == commodity]

    # ------------------------------------------------------------------ one commodity

    def losses(self, commodity: int, pending: bool) -> list[int]:
        found = []
        for scenario in range(16):
            total = 0
            for row, (held, buys, sells) in self.of(commodity):
                lot = self.risk[row][scenario]
                ways = [held * lot]
                if pending:
                    ways += [(held + b - s) * lot for b in (0, buys) for s in (0, sells)]
                total += max(ways)
            found.append(total)
        return found

    def deltas(self, commodity: int) -> dict[int, list[int]]:
        """period -> [held, most that pending orders add, most that they take]."""
        found: dict[int, list[int]] = defaultdict(lambda: [0, 0, 0])
        for row, (held, buys, sells) in self.of(commodity):
            lot, period = self.contracts[row][at.LOT_DELTA], self.contracts[row][at.AT]
            found[period][0] += held * lot
            found[period][1] += max(buys * lot, 0) + max(-sells * lot, 0)
            found[period][2] += max(-buys * lot, 0) + max(sells * lot, 0)
        return found

    def calendar(self, commodity: int, pending: bool) -> tuple[int, int]:
        sides = {}
        for period, (held, up, down) in self.deltas(commodity).items():
            up, down = (up, down) if pending else (0, 0)
            sides[period] = [max(held + up, 0), max(down - held, 0)]
        before = {period: tuple(pair) for period, pair in sides.items()}
        if pending:  # a period does not hedge itself
            for period, pair in sides.items():
                others = [row for other, row in before.items() if other != period]
                pair[0] *= any(row[1] for row in others)
                pair[1] *= any(row[0] for row in others)
        charge = 0
        row = self.commodities[commodity]
        for first, last, rate in self.spreads[row[at.FIRST_SPREAD]:row[at.LAST_SPREAD]]:
            for flip in (0, 1):
                charge += self._formed(self.legs[first:last], rate, flip, sides)
        delivery = 0
        for period, (long, short) in sides.items():
            within, outright = self.periods[period]
            if pending:
                delivery += ceil(Fraction(max(before[period]) * max(within, outright), MICRO))
                continue
            used = sum(before[period]) - long - short
            delivery += ceil(Fraction(used * within, MICRO))
            delivery += ceil(Fraction((long + short) * outright, MICRO))
        return charge, delivery

    @staticmethod
    def _formed(legs: list[list[int]], rate: int, flip: int, sides: dict[int, list[int]]) -> int:
        def periods(leg: list[int]) -> list[int]:
            return [p for p in sorted(sides) if leg[at.LEG_FIRST] <= p < leg[at.LEG_LAST]]

        def side(leg: list[int]) -> int:
            return 0 if leg[at.LEG_SIDE] == flip else 1

        free = [sum(sides[p][side(leg)] for p in periods(leg)) for leg in legs]
        count = min(f * MICRO // leg[at.RATIO] for f, leg in zip(free, legs, strict=True))
        for leg in legs:
            need = count * leg[at.RATIO] // MICRO
            for period in periods(leg):
                taken = min(need, sides[period][side(leg)])
                sides[period][side(leg)] -= taken
                need -= taken
        return ceil(Fraction(count * rate, MICRO))

    def minimum(self, commodity: int) -> int:
        found = {1: 0, 2: 0}
        for row, (held, _, sells) in self.of(commodity):
            if self.contracts[row][at.OPTION]:
                short = max(sells - held, 0)
                found[self.contracts[row][at.OPTION]] += short * self.contracts[row][at.MINIMUM]
        larger = self.commodities[commodity][at.LARGER_SIDE]
        return max(found.values()) if larger else sum(found.values())

    def exposure(self, commodity: int) -> int:
        most, least, options = [0, 0], [0, 0], 0
        for row, (held, buys, sells) in self.of(commodity):
            rate = self.contracts[row][at.EXPOSURE]
            if self.contracts[row][at.OPTION]:
                options += max(sells - held, 0) * rate
                continue
            sides = (held + buys, held - sells), (sells - held, -held - buys)
            for side, ways in enumerate(sides):
                most[side] += max(ways[0], 0) * rate
                least[side] += max(ways[1], 0) * rate
        share = Fraction(self.commodities[commodity][at.SHARE], 10_000)
        both = [(most[0], least[1]), (most[1], least[0])]
        return options + max(max(p) - min(p) + ceil(share * min(p)) for p in both)

    def price_risk(self, commodity: int) -> int:
        losses = self.losses(commodity, False)
        worst = max(0, *losses)
        if worst == 0:
            return 0
        active = losses.index(worst)
        partner = active if active >= 14 else active + 1 - 2 * (active % 2)
        moved = floor(Fraction(losses[active] + losses[partner] - losses[0] - losses[1], 2))
        return max(0, min(moved, worst))

    # ------------------------------------------------------------------ the account

    def credits(self) -> dict[int, int]:
        found = dict.fromkeys(self.held, 0)
        used: dict[int, int] = defaultdict(int)
        table = {commodity: self.deltas(commodity) for commodity in self.held}

        def certain(commodity: int, leg: list[int], sign: int) -> dict[int, int]:
            chosen = {}
            for period, (held, up, down) in sorted(table[commodity].items()):
                if leg[at.LEG_FIRST] <= period < leg[at.LEG_LAST]:
                    sure = held - down if sign > 0 else -held - up
                    chosen[period] = sure - sign * used[period]
            return chosen

        for first, last, percent in self.shared:
            for flip in (0, 1):
                signs = [1 if leg[at.LEG_SIDE] == flip else -1 for leg in self.legs[first:last]]
                pairs = list(zip(self.legs[first:last], signs, strict=True))
                if any(leg[at.LEG_OF] not in table for leg, _ in pairs):
                    continue
                nets = [sum(d[0] for d in table[leg[at.LEG_OF]].values()) for leg, _ in pairs]
                free = [sum(certain(leg[at.LEG_OF], leg, sign).values()) for leg, sign in pairs]
                if 0 in nets or min(free) <= 0:
                    continue
                count = min(f * MICRO // p[0][at.RATIO] for f, p in zip(free, pairs, strict=True))
                for (leg, sign), net in zip(pairs, nets, strict=True):
                    need = count * leg[at.RATIO] // MICRO
                    risk = self.price_risk(leg[at.LEG_OF])
                    credit = floor(Fraction(risk * need, abs(net))) * percent // 10_000
                    of = leg[at.LEG_OF]
                    found[of] += min(credit, risk - found[of])
                    self._use(used, certain(of, leg, sign), sign, need)
        return found

    @staticmethod
    def _use(used: dict[int, int], sure: dict[int, int], sign: int, need: int) -> None:
        """Nearest first; what other periods are short of is taken from the last."""
        for period, amount in sure.items():
            taken = min(need, max(amount, 0))
            used[period] += sign * taken
            need -= taken

    def parts(self) -> list[int]:
        total, given = [0] * 8, self.credits()
        pool, pooled = 0, 0
        for commodity in self.held:
            scan = max(0, *self.losses(commodity, True))
            charge, delivery = self.calendar(commodity, False)
            if any(buys or sells for _, (_, buys, sells) in self.of(commodity)):
                charge, delivery = max(
                    (charge, delivery), self.calendar(commodity, True), key=lambda pair: sum(pair)
                )
            risk = scan + charge + delivery - given[commodity]
            excess = max(0, self.minimum(commodity) - risk)
            value = sum(self.contracts[row][at.VALUE] * (held - sells)
                        for row, (held, _, sells) in self.of(commodity))  # fmt: skip
            bought = sum(self.contracts[row][at.VALUE] * buys
                         for row, (_, buys, _) in self.of(commodity))  # fmt: skip
            net = 0
            if self.commodities[commodity][at.CAPPED]:
                net = -min(value, risk + excess)
            else:
                pool, pooled = pool + value, pooled + risk + excess
            premium = bought * self.commodities[commodity][at.UPFRONT]
            row = [scan, charge, delivery, -given[commodity], excess, net,
                   self.exposure(commodity), premium]  # fmt: skip
            total = [a + b for a, b in zip(total, row, strict=True)]
        total[5] -= min(pool, pooled)
        return total


def margin_parts(model: Scenario, positions: dict[int, tuple[int, int, int]]) -> list[int]:
    """The parts of one account's margin, worked out from nothing."""
    assert len(model.tables.rows) == store.LOSS
    return Account(model, {row: p for row, p in positions.items() if any(p)}).parts()
