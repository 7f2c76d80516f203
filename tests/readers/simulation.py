"""A small made-up market, and writers of it in the file formats that the readers read.

The market knows prices and time priority and nothing of the project: bids and asks are lists of
[ref, qty] a price. What happens is kept as `Happening` rows, from which a LOBSTER pair (only the
best N levels, opening book unnamed) and an ITCH file are written.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

BUY, SELL = 1, 2
DUMMY = 9_999_999_999


@dataclass
class Happening:
    """One thing that happened: kind add, reduce, delete, execute, hidden, cross, halt, resume."""

    time: int  # ns after midnight
    kind: str
    ref: int = 0
    side: int = 0
    price: int = 0
    qty: int = 0
    new_ref: int = 0


@dataclass
class Market:
    """Random order flow around a wandering middle; tick 100 (a cent in units of 0.0001)."""

    seed: int = 1
    middle: int = 500_000
    time: int = 34_200_000_000_000
    next_ref: int = 1000
    levels: dict[tuple[int, int], list[list[int]]] = field(default_factory=dict)
    orders: dict[int, tuple[int, int]] = field(default_factory=dict)
    happened: list[Happening] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)

    def best(self, side: int) -> int:
        prices = [p for s, p in self.levels if s == side]
        if not prices:
            return 0
        return max(prices) if side == BUY else min(prices)

    def depth(self, side: int) -> list[tuple[int, int]]:
        """(price, quantity), best first."""
        found = [(p, sum(q for _, q in o)) for (s, p), o in self.levels.items() if s == side]
        return sorted(found, reverse=side == BUY)

    def tell(self, kind: str, **what: int) -> None:
        self.time += self.random.randint(1, 2_000_000)
        self.happened.append(Happening(self.time, kind, **what))

    def add(self, side: int, price: int, qty: int) -> None:
        self.next_ref += self.random.randint(1, 3)
        self.levels.setdefault((side, price), []).append([self.next_ref, qty])
        self.orders[self.next_ref] = (side, price)
        self.tell("add", ref=self.next_ref, side=side, price=price, qty=qty)

    def take(self, kind: str, ref: int, qty: int) -> None:
        side, price = self.orders[ref]
        queue = self.levels[side, price]
        order = next(o for o in queue if o[0] == ref)
        order[1] -= qty
        if order[1] == 0:
            queue.remove(order)
            del self.orders[ref]
            if not queue:
                del self.levels[side, price]
        self.tell(kind, ref=ref, side=side, price=price, qty=qty)

    def add_somewhere(self) -> None:
        side = self.random.choice((BUY, SELL))
        away = int(self.random.expovariate(0.15)) * 100
        if side == BUY:
            ask = self.best(SELL)
            price = min(self.middle - away, ask - 100 if ask else self.middle)
        else:
            bid = self.best(BUY)
            price = max(self.middle + away, bid + 100 if bid else self.middle)
        self.add(side, price, self.random.randint(1, 9) * 50)

    def cancel_some(self, whole: bool) -> None:
        ref = self.random.choice(list(self.orders))
        side, price = self.orders[ref]
        qty = next(q for r, q in self.levels[side, price] if r == ref)
        if whole or qty < 2:
            self.take("delete", ref, qty)
        else:
            self.take("reduce", ref, self.random.randint(1, qty - 1))

    def trade(self) -> None:
        side = self.random.choice((BUY, SELL))
        left = self.random.randint(1, 800)
        while left and (price := self.best(side)):
            ref, qty = self.levels[side, price][0]
            self.take("execute", ref, min(qty, left))
            left -= min(qty, left)
        self.middle += self.random.choice((-100, 0, 100)) + (500_000 - self.middle) // 2_000 * 100

    def replace(self) -> None:
        """A cancel and a new order in one message (ITCH only)."""
        ref = self.random.choice(list(self.orders))
        side, price = self.orders[ref]
        qty = next(q for r, q in self.levels[side, price] if r == ref)
        self.take("delete", ref, qty)
        self.happened.pop()
        new_qty = self.random.randint(1, 9) * 50
        self.add(side, price, new_qty)
        self.happened[-1] = Happening(
            self.time, "replace", ref, side, price, new_qty, self.next_ref
        )

    def run(self, steps: int, replaces: bool = False) -> "Market":
        for step in range(steps):
            draw = self.random.random()
            if draw < 0.45 or len(self.orders) < 20:
                self.add_somewhere()
            elif draw < 0.55:
                self.cancel_some(whole=False)
            elif draw < 0.80:
                self.cancel_some(whole=True)
            elif draw < 0.95:
                self.trade()
            elif replaces and draw < 0.98:
                self.replace()
            elif draw < 0.99:
                self.tell("hidden", side=BUY, price=self.middle, qty=100)
            else:
                self.tell("cross", side=BUY, price=self.middle, qty=1000)
            if step == steps // 2:
                self.tell("halt")
                self.tell("resume")
        return self


LOBSTER_TYPES = {"add": 1, "reduce": 2, "delete": 3, "execute": 4, "hidden": 5, "cross": 6}


def lobster_view(market: Market, count: int) -> list[int]:
    """A row of the order book file."""
    asks, bids = market.depth(SELL), market.depth(BUY)
    row: list[int] = []
    for k in range(count):
        row += asks[k] if k < len(asks) else (DUMMY, 0)
        row += bids[k] if k < len(bids) else (-DUMMY, 0)
    return row


def write_lobster(folder: Path, market: Market, steps: int, count: int) -> tuple[Path, Path]:
    """Let the market run on and write what a LOBSTER pair of `count` levels shows of it."""
    messages, rows = [], []
    for _ in range(steps):
        before = lobster_view(market, count)
        seen = len(market.happened)
        market_step(market)
        for what in market.happened[seen:]:
            after = lobster_view_after(before, what, market, count)
            if what.kind in ("add", "reduce", "delete", "execute") and after == before:
                continue  # outside of the view
            messages.append(lobster_line(what))
            rows.append(",".join(map(str, after)))
            before = after
    day = "TEST_2012-06-21_34200000_57600000"
    paths = folder / f"{day}_message_{count}.csv", folder / f"{day}_orderbook_{count}.csv"
    paths[0].write_text("".join(f"{m}\n" for m in messages))
    paths[1].write_text("".join(f"{r}\n" for r in rows))
    return paths


def market_step(market: Market) -> None:
    """One step that changes the book at most once (a row of it belongs to each message)."""
    draw = market.random.random()
    if draw < 0.5 or len(market.orders) < 20:
        market.add_somewhere()
    elif draw < 0.6:
        market.cancel_some(whole=False)
    elif draw < 0.83:
        market.cancel_some(whole=True)
    elif draw < 0.97:
        side = market.random.choice((BUY, SELL))
        price = market.best(side)
        ref, qty = market.levels[side, price][0]
        part = market.random.choice((qty, market.random.randint(1, qty)))
        market.take("execute", ref, part)
        market.middle += market.random.choice((-100, 0, 100))
    elif draw < 0.98:
        market.tell("hidden", side=SELL, price=market.middle, qty=7)
    elif draw < 0.99:
        market.tell("cross", side=BUY, price=market.middle, qty=1000)
    else:
        market.tell("halt")
        market.tell("resume")


def lobster_view_after(before: list[int], what: Happening, market: Market, count: int) -> list[int]:
    return (
        before
        if what.kind in ("halt", "resume", "hidden", "cross")
        else lobster_view(market, count)
    )


def lobster_line(what: Happening) -> str:
    seconds = f"{what.time // 10**9}.{what.time % 10**9:09d}"
    if what.kind in ("halt", "resume"):
        return f"{seconds},7,0,0,{-1 if what.kind == 'halt' else 1},-1"
    kind, ref = LOBSTER_TYPES[what.kind], what.ref
    ref = {"hidden": 0, "cross": -1}.get(what.kind, ref)
    return f"{seconds},{kind},{ref},{what.qty},{what.price},{1 if what.side == BUY else -1}"


def itch_message(letter: str, time: int, body: bytes, locate: int = 1) -> bytes:
    """One message with its length in front."""
    head = letter.encode() + locate.to_bytes(2, "big") + b"\0\0" + time.to_bytes(6, "big")
    return (len(head) + len(body)).to_bytes(2, "big") + head + body


def itch_body(what: Happening, symbol: bytes, match: int) -> tuple[str, bytes]:
    """(type, bytes behind the header) of one happening."""
    ref, qty = what.ref.to_bytes(8, "big"), what.qty.to_bytes(4, "big")
    price, number = what.price.to_bytes(4, "big"), match.to_bytes(8, "big")
    side = b"B" if what.side == BUY else b"S"
    stock = symbol.ljust(8)
    if what.kind == "add":
        if what.ref % 5:
            return "A", ref + side + qty + stock + price
        return "F", ref + side + qty + stock + price + b"MPID"
    if what.kind == "execute":
        if match % 7:
            return "E", ref + qty + number
        return "C", ref + qty + number + b"Y" + price
    if what.kind == "hidden":
        return "P", bytes(8) + b"B" + qty + stock + price + number
    if what.kind == "cross":
        return "Q", what.qty.to_bytes(8, "big") + stock + price + number + b"O"
    if what.kind in ("halt", "resume"):
        return "H", stock + (b"H" if what.kind == "halt" else b"T") + b" " + b"    "
    if what.kind == "replace":
        return "U", ref + what.new_ref.to_bytes(8, "big") + qty + price
    return ("X", ref + qty) if what.kind == "reduce" else ("D", ref)


# bodies (zeros but for the type) of the messages that do not concern a book
ITCH_OTHERS = {
    "S": 12, "Y": 20, "L": 26, "V": 35, "W": 12, "K": 28, "J": 35, "h": 21, "B": 19, "I": 50,
    "N": 20, "O": 48,
}  # fmt: skip


def itch_bytes(markets: dict[str, Market]) -> bytes:
    """One file with all message types; markets by symbol, interleaved by time."""
    parts = [itch_message("S", 1, b"O", 0)]
    rows = []
    for locate, (symbol, market) in enumerate(markets.items(), 1):
        parts.append(itch_message("R", 2, symbol.encode().ljust(8).ljust(28), locate * 7))
        rows += [(w.time, locate * 7, symbol.encode(), w) for w in market.happened]
    for match, (time, locate, symbol, what) in enumerate(sorted(rows, key=lambda row: row[0])):
        letter, body = itch_body(what, symbol, match)
        parts.append(itch_message(letter, time, body, locate))
        if match % 50 == 0:
            other = list(ITCH_OTHERS)[match // 50 % len(ITCH_OTHERS)]
            parts.append(itch_message(other, time, bytes(ITCH_OTHERS[other] - 11), locate))
    return b"".join(parts)
