"""The same class on a live server and on history of the same commands: the same reports."""

import pytest

import gridworks as gw
from backtest.events import EventKind as K
from backtest.simulator import run
from backtest.strategy import Strategy
from domain.codes import Side
from tests.backtest.history import History, rows, single

pytestmark = pytest.mark.compiled


class Improver(Strategy):
    """Bids a tick better than the best bid, takes profit with a bracket, tries what is refused."""

    size = 30

    def on_start(self):
        self.told, self.stage = [], 0

    def on_book(self, book):
        if self.stage == 0 and book.bid and book.ask:
            self.stage = 1
            self.buy(10**6 * self.size, 2_000_000_000)
            self.improved = self.buy(self.size, book.bid + 0.01)

    def on_report(self, report):
        self.told.append(
            (report.exec_type.name, report.reason.name, report.side.name, report.last_qty,
             report.last_px, report.leaves_qty)
        )  # fmt: skip
        if report.exec_type.name == "TRADE" and self.stage == 1:
            self.stage = 2
            self.replace(report.cl_ord_id, self.size + 5)
            self.bracket(Side.SELL, 10, take_profit=0.90, stop_loss=1.20)
            self.cancel(report.cl_ord_id)


def test_live_and_on_history_the_same_commands_lead_to_the_same_reports(server):
    with gw.Client(server.target, server.keys["operator"], insecure=True, timeout=60) as client:
        client.trading.submit_order("bob", "ACME", "BUY", 50, "0.99", cl_ord_id=1)
        client.trading.submit_order("bob", "ACME", "SELL", 50, "1.01", cl_ord_id=2)
        strategy, acted = Improver(), []

        def until(made):
            if made.told and not acted and any(t[0] == "NEW" for t in made.told):
                acted.append(client.trading.submit_order("carol", "ACME", "SELL", 12, "1.00"))
            return any(t[0] == "CANCELED" for t in made.told) and len(made.told) >= 8

        live = gw.trade(strategy, client, "alice", ["ACME"], until=until, seconds=120).told
    history = rows(
        single(K.ADD, 1, 1, 99, 50), single(K.ADD, 2, 2, 101, 50), single(K.ADD, 3, 2, 100, 12),
        single(K.ADD, 4, 1, 1, 1),
    )  # fmt: skip
    strategy = Improver()
    run(strategy, History(history), cash=1_000_000_000, limits={"stp_group": 0})
    assert len(live) >= 8
    assert strategy.told[: len(live)] == live


def test_how_long_must_be_said():
    with pytest.raises(gw.InvalidField, match="seconds is 0"):
        gw.trade(Improver, None, "alice", [])
