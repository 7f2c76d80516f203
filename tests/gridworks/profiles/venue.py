"""An exchange under a profile, and what it says to an order."""

from __future__ import annotations

from typing import Any

import gridworks as gw

CASH = 10**13


class Venue:
    """Two traders and a maker; instruments of each kind with a price of 10,000 ticks."""

    def __init__(self, profile: str, *, keep: tuple[str, ...] = (), **accounts: int) -> None:
        """Only the controls in `keep` are applied, so that a refusal has one possible cause."""
        self.exchange = gw.Exchange()
        self.ids = self.seen = 0
        for symbol, kind in (("ACME", "EQUITY"), ("NIFTY-FUT", "FUTURE"), ("BETA-FUT", "FUTURE")):
            self.exchange.add_instrument(symbol, kind, reference_price=10_000)
        self.exchange.add_account("pan", level="client")
        for name in ("alice", "alice-2"):
            self.exchange.add_account(name, parent="pan", cash=accounts.get("cash", CASH))
        self.exchange.add_account("maker", cash=CASH)
        self.exchange.set_phase("CONTINUOUS")
        self.exchange.send(gw.messages.Algo(entity=1))
        every = gw.profiles.load(profile).controls
        dropped = {name: None for name in every if keep and name not in keep}
        self.profile = self.exchange.apply_profile(profile, only=None, **dropped)
        self.exchange.deposit("maker", 10_000_000, instrument="ACME", price=10_000)

    def order(
        self, side: str, qty: int, price: int = 10_000, *, who: str = "alice",
        symbol: str = "ACME", **more: Any,
    ) -> list[gw.Report]:  # fmt: skip
        self.ids += 1
        return self.exchange.submit(who, symbol, side, qty, price, cl_ord_id=self.ids, **more)

    def reason(self, *words: Any, **more: Any) -> str:
        """The reason by which the order is refused, or NONE."""
        report = self.order(*words, **more)[0]
        return report.reason.name if report.refused else "NONE"

    def trade(self, qty: int, price: int = 10_000, *, symbol: str = "ACME", buyer: str = "alice",
              seller: str = "maker") -> None:  # fmt: skip
        """A fill between two accounts."""
        assert self.reason("SELL", qty, price, who=seller, symbol=symbol) == "NONE"
        assert self.order("BUY", qty, price, who=buyer, symbol=symbol)[-1].last_qty == qty

    def new_rows(self) -> Any:
        """The report rows since the last call."""
        rows = self.exchange._newest.rows()
        new, self.seen = rows[self.seen :], len(rows)
        return new
