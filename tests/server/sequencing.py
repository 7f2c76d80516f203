"""A sequencer on a log in a temporary folder, with a clock that tests set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from domain.codes import Feed, Phase, Side
from domain.messages import Account, Deposit, Firm, Instrument, NewOrder, SetPhase
from engine.exchange import Exchange
from server.sequencer.clock import HeldClock
from server.sequencer.logbook import Logbook, Policy
from server.sequencer.rows import joined
from server.sequencer.state import Bounds, open_log, recover
from server.sequencer.writer import Sequencer

SMALL = Bounds(reports=1000, market=1000)
START = 1_700_000_000_000_000_000
SETUP = b"".join(
    message.pack()
    for message in (
        Instrument(label="ACME", entity=1),
        Firm(label="north", entity=1),
        Account(label="alice", entity=2, parent=1),
        Account(label="bob", entity=3, parent=1),
        Deposit(account=2, value=10**9),
        Deposit(account=3, value=10**9),
        SetPhase(phase=Phase.CONTINUOUS),
    )
)


def compile_engine() -> None:
    """Have everything compiled before a clock runs."""
    Exchange(feed=Feed.ALL).apply(joined((SETUP, order(2, 1), order(3, 1, Side.SELL))))


class SetClock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> int:
        return self.now


@asynccontextmanager
async def sequencer(
    folder: Path, clock: SetClock, *, policy: Policy = "disk", bounds: Bounds = SMALL,
    publish=lambda applied: None, **more,
) -> AsyncIterator[Sequencer]:  # fmt: skip
    """A running sequencer, stopped in good order at the end."""
    import asyncio

    log = open_log(folder / "commands.db")
    state, _ = recover(log, bounds)
    made = Sequencer(
        state, Logbook(log, policy), HeldClock(clock, state.time), publish, **more
    )
    task = asyncio.create_task(made.run())
    try:
        yield made
    finally:
        await made.stop()
        await task


def order(account: int, cl_ord_id: int, side: Side = Side.BUY, qty: int = 5, price: int = 100,
          **more) -> bytes:  # fmt: skip
    """A limit order of the first instrument."""
    return NewOrder(
        account=account, instrument=1, cl_ord_id=cl_ord_id, side=side, order_qty=qty,
        price=price, **more,
    ).pack()  # fmt: skip
