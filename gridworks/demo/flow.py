"""Traders who trade through order-entry sessions, and write down everything that they hear."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from gridworks.client import Client, Scale, codes
from gridworks.demo.market import OPENING, OWNERS, SYMBOLS, lots

PATIENCE = 60.0  # seconds
_IN_FLIGHT = 400  # commands that may wait for the server


@dataclass
class Trader:
    """One account, its session, and its record: number of the report -> report."""

    owner: str
    session: Any
    held: dict[str, int]
    record: dict[int, Any] = field(default_factory=dict)
    resting: list[tuple[int, int]] = field(default_factory=list)  # cl_ord_id, instrument
    repeated: int = 0

    def listen(self, timeout: float = 0.0) -> bool:
        """Write down the next report; False: none came in time."""
        found = self.session.receive(timeout)
        if found is None:
            return False
        self.repeated += found.number in self.record
        self.record[found.number] = found.report
        return True


class Flow:
    """A seeded flow of orders from all traders."""

    def __init__(self, broker: Client, orders: int, seed: int = 7) -> None:
        self._random = random.Random(seed)
        self._broker, self.orders = broker, orders
        self.scales: dict[str, Scale] = {s: broker.market_data.scale(s) for s in SYMBOLS}
        self.first_exec_id = max(
            (each.exec_id for each in broker.trading.list_executions(page_size=1000)), default=0
        )
        self.traders: list[Trader] = []
        self.seconds = 0.0
        self.in_flight = self.while_down = 0

    def __enter__(self) -> Flow:
        for owner in OWNERS:
            session = self._broker.trading.order_entry(f"demo-{owner}", owner)
            session.open()
            self.traders.append(Trader(owner, session, lots(self._broker, owner)))
        return self

    def __exit__(self, *error: object) -> None:
        for trader in self.traders:
            trader.session.close()

    def trade(self, count: int, told: Callable[[int], None]) -> None:
        """Send so many commands, and hear what comes."""
        begun = time.perf_counter()
        for n in range(count):
            self._act(self._random.choice(self.traders))
            if n % 20 == 0:
                told(20)
                self._hear()
        self.seconds += time.perf_counter() - begun

    def crash(self, kill: Callable[[], None], restart: Callable[[], None]) -> float:
        """kill -9 with commands on their way, more commands, and a restart: seconds it was away."""
        for _ in range(_IN_FLIGHT):
            self._act(self._random.choice(self.traders))
        kill()
        begun = time.perf_counter()
        self.in_flight = sum(t.session.sent - t.session.applied for t in self.traders)
        for _ in range(100):
            self._act(self._random.choice(self.traders))
            self.while_down += 1
        restart()
        self._until(lambda: all(trader.session.connected for trader in self.traders))
        return time.perf_counter() - begun

    def settle(self) -> None:
        """Hear until every command is answered and nothing more comes."""
        self._until(lambda: all(t.session.applied == t.session.sent for t in self.traders))
        while any(trader.listen(0.3) for trader in self.traders):
            self._hear()

    def _until(self, condition: Callable[[], bool]) -> None:
        ends = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > ends:
                raise TimeoutError("the server did not answer in time")
            self._hear()
            time.sleep(0.001)

    def _hear(self) -> None:
        """Everything that has come; more while too much is on its way."""
        while True:
            for trader in self.traders:
                while trader.listen():
                    pass
            waiting = sum(t.session.sent - t.session.applied for t in self.traders)
            if waiting < _IN_FLIGHT or not any(t.session.connected for t in self.traders):
                return
            time.sleep(0.001)

    def _act(self, trader: Trader) -> None:
        """A resting order (55 %), a cancel (30 %), or an order that takes."""
        draw, at = self._random.random(), self._random.choice(SYMBOLS)
        scale, side = self.scales[at], self._random.choice((codes.SIDE_BUY, codes.SIDE_SELL))
        sign = 1 if side == codes.SIDE_BUY else -1
        qty = self._random.randrange(1, 20)
        middle = scale.ticks(OPENING)
        if draw < 0.55 or not trader.resting:
            price = middle - sign * self._random.randrange(1, 40)
            made = trader.session.new_order(scale, side, qty, price)
            trader.resting.append((made, scale.number))
        elif draw < 0.85:
            place = self._random.randrange(len(trader.resting))
            trader.session.cancel_order(trader.resting.pop(place)[0])
        else:
            price = middle + sign * self._random.randrange(1, 12)
            trader.session.new_order(scale, side, qty, price, time_in_force="IOC")
