"""Quote both sides around the middle of the book, leaning against what was bought or sold.

One session carries the quotes. If this program dies, or its line, the server cancels them: at once
(cancel on disconnect), or when it has heard nothing for five seconds (dead man).

    python examples/market_maker.py maker ACME --half-spread 0.05 --size 10 --seconds 60
"""

import argparse
import asyncio
import time
from decimal import Decimal

import gridworks as gw
from gridworks.client import codes, word


class Maker:
    """The quote of one instrument: where it should be, and where it is."""

    def __init__(self, session, scale, half_spread, size):
        self.session, self.scale = session, scale
        self.half, self.size = scale.ticks(half_spread), scale.lots(size)
        self.position = self.fills = 0
        self.quoted = self.middle = None

    def see(self, book):
        """A new state of the book, our own quote included."""
        bid, ask = book.best_bid, book.best_ask
        if bid and ask:
            self.middle = (bid.price + ask.price) // 2
        elif self.middle is None and (bid or ask):
            self.middle = (bid or ask).price
        self.quote()

    def quote(self):
        """Move the quote if it should be elsewhere."""
        if self.middle is None:
            return
        lean = self.half * self.position // (5 * self.size)  # five quotes move it by half a spread
        wanted = self.middle - self.half - lean, self.middle + self.half - lean
        if wanted != self.quoted and wanted[0] > 0:
            self.session.quote(self.scale, (wanted[0], self.size), (wanted[1], self.size))
            self.quoted = wanted

    def hear(self, report):
        """A report about our quote."""
        if word(report, "exec_type") == "TRADE":
            self.fills += 1
            self.position += report.last_qty if report.side == codes.SIDE_BUY else -report.last_qty
            price, lots = self.scale.price(report.last_px), report.last_qty
            print(f"{word(report, 'side')} {lots} at {price}, position {self.position:+}")
            self.quoted = None  # a side that was filled is entered again
            self.quote()
        elif word(report, "exec_type") == "REJECTED":
            print(f"refused: {word(report, 'reason')}")


async def watch(books, maker):
    async for book in books:
        maker.see(book)


async def make(client, args):
    """Quote until time or fills are over."""
    scale = await client.market_data.scale(args.symbol)
    ends = time.monotonic() + args.seconds
    async with client.trading.order_entry(
        "maker", args.account, cancel_on_disconnect=True, dead_man=5.0
    ) as session:
        maker = Maker(session, scale, args.half_spread, args.size)
        if args.reference is not None:
            maker.middle = scale.ticks(args.reference)
            maker.quote()
        async with client.market_data.books(args.symbol) as books:
            watching = asyncio.create_task(watch(books, maker))
            while time.monotonic() < ends and not 0 < args.fills <= maker.fills:
                if found := await session.receive(timeout=0.2):
                    maker.hear(found.report)
                if watching.done():
                    watching.result()  # raises what ended it
            watching.cancel()
            await asyncio.wait([watching])
        session.mass_cancel(scale)
    print(f"{maker.fills} fills, position {maker.position:+}")


async def run(args):
    async with gw.AsyncClient(insecure=args.insecure) as client:
        await make(client, args)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("account")
    parser.add_argument("symbol")
    parser.add_argument("--half-spread", type=Decimal, default=Decimal("0.05"))
    parser.add_argument("--size", type=Decimal, default=Decimal(10))
    parser.add_argument("--reference", type=Decimal, help="middle while the book is empty")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fills", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--insecure", action="store_true")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
