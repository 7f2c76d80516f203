"""The scene and the tables of the mixed flow: eight kinds of instruments, some tight accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from benches.flows import calendar, mixed
from benches.flows.scene import (
    FIRST_ACCOUNT,
    GAP_NS,
    LIMITS,
    START_NS,
    array_of,
    hierarchy,
    row,
    settings,
)
from domain.attributes import InstrumentAttr as I
from domain.attributes import NodeAttr as N
from domain.codes import Command, InstrumentType, MarginModel, Scope
from domain.layout import COMMAND

Rows = np.ndarray[Any, Any]
MIDDLE = 10_000  # ticks: one is a basis point
WAVE = 24  # ticks that the middle of an instrument moves up and down in a day
DAY = 32_768  # rows
CALENDAR = 65_536  # rows that a fate may lie ahead, twice
MAKERS = 8  # the first accounts quote
ALGOS = SESSIONS = 2

# share of each kind among the rows that neither the clock nor the calendar writes
SHARES: dict[int, float] = {
    mixed.DEEP: 0.38,
    mixed.NEAR: 0.23,
    mixed.TAKE: 0.15,
    mixed.MARKET: 0.05,
    mixed.QUOTE: 0.09,
    mixed.STOP: 0.03,
    mixed.PEG: 0.01,
    mixed.LINK: 0.02,
    mixed.AUCTION: 0.01,
    mixed.SLIP: 0.02,
    mixed.ADMIN: 0.01,
}

# what all instruments have, and what each of the eight has besides
ALL: dict[I, int] = {
    I.REFERENCE_PRICE: MIDDLE,
    I.STATIC_LOW: MIDDLE // 2,
    I.STATIC_HIGH: 2 * MIDDLE,
    I.DYNAMIC_BPS: 500,
    I.ADV: 10**9,
    I.MAKER_PPB: -20_000,
    I.TAKER_PPB: 30_000,
    I.VOLATILITY_NS: 300 * GAP_NS,
    I.EXTENSION_NS: 100 * GAP_NS,
}
EACH: tuple[tuple[InstrumentType, dict[I, int]], ...] = (
    (InstrumentType.EQUITY, {I.CHARGE_SELL_PPB_1: 1_000_000, I.FEE_MIN: 1}),
    (InstrumentType.EQUITY, {I.ALLOCATION: 1, I.PRO_RATA_MIN: 2}),
    (InstrumentType.FUTURE, {I.ALLOCATION: 2, I.MARGIN_MODEL: MarginModel.PERCENT,
                             I.MARGIN_BPS: 1_000, I.MULTIPLIER: 50, I.PRODUCT: 1}),
    (InstrumentType.OPTION, {I.MARGIN_MODEL: MarginModel.PER_LOT, I.MARGIN_PER_LOT: 5_000,
                             I.MULTIPLIER: 100, I.TAKER_PER_LOT: 3, I.PRODUCT: 1}),
    (InstrumentType.FUTURE, {I.MARGIN_MODEL: MarginModel.VAR_ELM, I.MARGIN_BPS: 800,
                             I.ELM_BPS: 350, I.VOLATILITY_AUCTION: 1, I.DYNAMIC_BPS: 12,
                             I.EXTENSION_BPS: 20}),
    (InstrumentType.FX, {I.TICK_FROM_2: MIDDLE + 40, I.TICK_2: 2,
                         I.MARGIN_MODEL: MarginModel.PERCENT, I.MARGIN_BPS: 300}),
    (InstrumentType.EQUITY, {I.REPLACE_LOSES_PRIORITY: 1, I.SHORT_MARGIN_BPS: 13_000}),
    (InstrumentType.CRYPTO, {I.MARKET_PROTECTION_BPS: 20, I.FEE_CAP: 500, I.DYNAMIC_REFERENCE: 1,
                             I.FLEX_BPS: 20, I.FLEX_TRADES: 50, I.MAX_FLEX: 3,
                             I.DYNAMIC_BPS: 150}),
)  # fmt: skip

# every sixteenth account, counted from the given one, has a limit that refuses now and then
TIGHT: tuple[tuple[int, dict[N, int]], ...] = (
    (9, {N.MAX_POSITION: 1_500}),
    (10, {N.ORDER_RATE: 800, N.ORDER_BURST: 20}),
    (11, {N.MAX_OPEN_ORDERS: 100}),
    (12, {N.DUPLICATE_WINDOW_NS: 10_000 * GAP_NS, N.FAT_FINGER_TICKS: 40}),
    (13, {N.SHORT_SALE: 2}),
    (14, {N.MAX_ORDER_QTY: 40, N.MAX_BOOK_BPS: 20_000}),
    (15, {N.ORDER_TO_TRADE: 4, N.ORDER_TO_TRADE_FLOOR: 2_000}),
)


def kinds() -> Rows:
    """Upper ends of the kinds' shares on 0..1, in the order of their numbers."""
    assert abs(sum(SHARES.values()) - 1) < 1e-9, sum(SHARES.values())
    return np.cumsum([SHARES[kind] for kind in range(mixed.KINDS)])


def set_up(accounts: int) -> Rows:
    """Instruments, hierarchy, limits, algorithms and sessions; the flow opens the market itself."""
    made = [
        row(Command.INSTRUMENT_ADD, entity=number, index=kind)
        for number, (kind, _) in enumerate(EACH, 1)
    ]
    made += hierarchy(accounts)
    made += [row(Command.ALGO_ADD, entity=number) for number in range(1, ALGOS + 1)]
    parts = [array_of(made)]
    for number, (_, own) in enumerate(EACH, 1):
        parts.append(settings(Scope.INSTRUMENT, range(number, number + 1), ALL | own))
    last = FIRST_ACCOUNT + accounts
    fingers = {N.FAT_FINGER_TICKS: 1_500, N.FAT_FINGER_BPS: 1_500, N.MAX_ORDER_QTY: 10**6}
    parts.append(settings(Scope.NODE, range(1, last), LIMITS | fingers))
    for account in range(FIRST_ACCOUNT, last):
        own_limits = {N.STP_GROUP: account // 4, N.STP_MODE: 1 + account // 4 % 4}
        own_limits |= {N.COST_METHOD: int(account % 4 == 3)}
        parts.append(settings(Scope.NODE, range(account, account + 1), own_limits))
    for first, limits in TIGHT:
        parts.append(settings(Scope.NODE, range(FIRST_ACCOUNT + first, last, 16), limits))
    sessions = [row(Command.CONNECT, entity=number) for number in range(1, SESSIONS + 1)]
    parts.append(array_of(sessions))
    rows = np.concatenate(parts)
    rows["transact_time"] = START_NS
    return rows


class MixedFlow:
    """Makes the commands of the mixed workload; `fill` is its first day and a half."""

    live = None  # only the exchange knows how many orders rest

    def __init__(self, accounts: int, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        head = np.zeros(1, calendar.HEAD)
        # The day begins closed: the first row is the second of a day, which opens it.
        head["next_id"], head["start"], head["gap"] = 1, START_NS, GAP_NS
        head["middle"], head["wave"], head["day"] = MIDDLE, WAVE, DAY
        head["first"], head["accounts"], head["makers"] = FIRST_ACCOUNT, accounts, MAKERS
        head["instruments"], head["algos"], head["sessions"] = len(EACH), ALGOS, SESSIONS
        self._state = (
            head,
            np.zeros(CALENDAR, calendar.FATE),
            np.zeros(accounts, np.int64),
            np.zeros(len(EACH), np.int64),
            np.full(len(EACH), calendar.HALTED),
            kinds(),
        )

    def fill(self) -> Iterator[Rows]:
        """The first day and a half: a stretch of whole days then ends at noon."""
        yield self.commands(DAY + DAY // 2)

    def commands(self, n: int) -> Rows:
        """The next `n` commands."""
        draws = self.random.random((n, calendar.DRAWS))
        for column in (calendar.AWAY, calendar.LIFE):
            draws[:, column] = -np.log1p(-draws[:, column])
        rows = np.zeros(n, COMMAND)
        mixed.write_mixed(rows, draws, self._state)
        return rows
