"""`gw.Exchange` for people: names, reports, tables, errors."""

from decimal import Decimal

import numpy as np
import pytest

import gridworks as gw
from domain.codes import Feed, Level, Reason
from domain.errors import InvalidField, Unavailable


@pytest.fixture
def exchange():
    """ACME is trading; alice and bob have cash, bob has 50 lots; both stand below a firm."""
    made = gw.Exchange(feed=Feed.TRADES)
    made.add_instrument("ACME", "EQUITY", multiplier=2)
    made.add_account("house", level="firm")
    made.add_account("alice", cash=1_000_000, parent="house")
    made.add_account("bob", cash=1_000_000, parent="house")
    made.deposit("bob", 50, instrument="ACME", price=100)
    made.set_phase("CONTINUOUS")
    return made


def test_a_trade_in_words(exchange):
    exchange.submit("bob", "ACME", "SELL", 10, 101, cl_ord_id=1)
    reports = exchange.submit("alice", "ACME", "buy", 4, 101, cl_ord_id=1)
    assert [r.exec_type.name for r in reports] == ["NEW", "TRADE", "TRADE"]
    taker = reports[-1]
    assert (taker.avg_px, taker.cum_qty, taker.ord_status.name) == (Decimal(101), 4, "FILLED")
    assert not taker.refused
    assert taker.explain() == "accepted"
    assert "TRADE" in repr(taker)
    assert exchange.depth("ACME") == ([], [(101, 6, 1)]) == exchange.depth(1)
    assert len(exchange.market()) == 1


def test_messages_and_batches(exchange):
    order = gw.NewOrder(
        account="alice", instrument="ACME", cl_ord_id=5, side=gw.Side.BUY, order_qty=3, price=90
    )
    assert exchange.submit(order)[0].exec_type == gw.ExecType.NEW
    [report] = exchange.replace("alice", 5, price=91)
    assert (report.exec_type.name, report.price) == ("REPLACED", 91)
    [report] = exchange.cancel("alice", 5)
    assert report.ord_status.name == "CANCELED"
    assert report.explain() == f"order {report.order_id} ended: CANCELED_BY_USER"
    [refused] = exchange.cancel("alice", 5)
    assert refused.refused
    assert refused.explain().startswith("refused by UNKNOWN_ORDER")
    quote = gw.Quote(account="bob", instrument="ACME", cl_ord_id=9, bid_px=95, bid_size=1)
    assert len(exchange.send(quote, gw.MassCancel(account="bob"))) >= 2


def test_a_refusal_names_check_level_and_numbers(exchange):
    exchange.set_limit("house", max_order_qty=5)
    [report] = exchange.submit("alice", "ACME", "BUY", 6, 100, cl_ord_id=1)
    assert (report.reason, report.level) == (Reason.ORDER_QTY_LIMIT, Level.FIRM)
    wanted = "refused by ORDER_QTY_LIMIT at firm level: limit 5, observed 6, headroom 5"
    assert report.explain() == wanted
    exchange.set_limit("house", max_order_qty=0)
    assert not exchange.submit("alice", "ACME", "BUY", 6, 100, cl_ord_id=1)[0].refused


def test_a_report_has_the_fields_of_the_layout_and_no_others(exchange):
    [report, *_] = exchange.submit("alice", "ACME", "BUY", 6, 100, cl_ord_id=1)
    for name in gw.REPORT.names:
        if not name.startswith("_"):
            assert getattr(report, name) is not None
    with pytest.raises(AttributeError, match="no field 'prize'"):
        report.prize  # noqa: B018


def test_tables(exchange):
    exchange.submit("bob", "ACME", "SELL", 10, 101, cl_ord_id=1)
    exchange.submit("alice", "ACME", "BUY", 4, 101, cl_ord_id=2)
    exchange.submit("alice", "ACME", "BUY", 2, 99, cl_ord_id=3)
    positions = exchange.positions().set_index(["node", "instrument"])
    assert positions.loc[("alice", "ACME"), "qty"] == 4
    assert positions.loc[("bob", "ACME"), "qty"] == 46
    assert positions.loc[("house", "ACME"), "qty"] == 50
    orders = exchange.orders()
    assert sorted(orders["price"]) == [99, 101]
    assert exchange.orders(account="bob")["side"].tolist() == ["SELL"]
    assert exchange.orders(instrument="ACME", account=2)["leaves_qty"].tolist() == [2]
    accounts = exchange.accounts().set_index("node")
    assert accounts.loc["alice", "cash"] == 1_000_000 - 4 * 101 * 2
    assert accounts.loc["alice", "parent"] == "house"
    instruments = exchange.instruments().set_index("instrument")
    assert instruments.loc["ACME", ["phase", "last_px"]].tolist() == ["CONTINUOUS", 101]
    assert exchange.trades()["last_qty"].tolist() == [4, 4]
    assert exchange.trades()["account"].tolist() == ["bob", "alice"]
    assert len(exchange.reports()) >= 5


def test_an_empty_exchange_has_empty_tables():
    exchange = gw.Exchange()
    views = (exchange.positions, exchange.orders, exchange.accounts, exchange.instruments)
    for view in (*views, exchange.reports, exchange.trades):
        assert len(view()) == 0


def test_only_the_newest_reports_are_kept():
    exchange = gw.Exchange(keep_reports=10)
    for _ in range(40):
        exchange.apply(np.zeros(3, gw.COMMAND))
    assert 10 <= len(exchange.reports()) <= 13
    assert exchange.reports()["seq"].max() == 120
    silent = gw.Exchange(keep_reports=0)
    silent.apply(np.zeros(3, gw.COMMAND))
    assert len(silent.reports()) <= 3


@pytest.mark.parametrize(
    ("call", "field"),
    [
        (lambda x: x.submit("carol", "ACME", "BUY", 1, 1, cl_ord_id=1), "account"),
        (lambda x: x.submit("alice", "NONE", "BUY", 1, 1, cl_ord_id=1), "instrument"),
        (lambda x: x.submit("alice", "ACME", "HOLD", 1, 1, cl_ord_id=1), "side"),
        (lambda x: x.submit("alice", "ACME", "BUY", 1.5, 1, cl_ord_id=1), "order_qty"),
        (lambda x: x.submit("alice", "ACME", "BUY", 1, float("nan"), cl_ord_id=1), "price"),
        (lambda x: x.submit("alice", "ACME", "BUY", 1, 1, time_in_force="NOW"), "time_in_force"),
        (lambda x: x.add_instrument("ACME"), "name of the instrument"),
        (lambda x: x.add_instrument("B", "BOND"), "type"),
        (lambda x: x.add_instrument("B", lot_sise=5), "attribute"),
        (lambda x: x.add_instrument("B", tick=0.5), "tick_1"),
        (lambda x: x.add_account("alice"), "name of the node"),
        (lambda x: x.add_account("x", level="boss"), "level"),
        (lambda x: x.add_account("x", parent="alice"), "account"),
        (lambda x: x.add_account("x", cash=-1), "cash"),
        (lambda x: x.add_account("x", cash=1.5), "cash"),
        (lambda x: x.add_account(5), "name of the node"),
        (lambda x: x.add_instrument(None), "name of the instrument"),
        (lambda x: x.set_limit("alice", max_order_qty=-1), "max_order_qty"),
        (lambda x: x.set_instrument("ACME", multiplier=5), "multiplier"),
        (lambda x: x.deposit("alice", -1), "deposit"),
        (lambda x: x.set_phase("NIGHT"), "phase"),
        (lambda x: x.set_phase(None), "phase"),
        (lambda x: x.depth("NONE"), "instrument"),
        (lambda x: x.depth(7), "instrument"),
        (lambda x: x.depth(1.0), "instrument"),
        (lambda x: x.depth(None), "instrument"),
        (lambda x: x.depth(True), "instrument"),
        (lambda x: x.depth(1, -1), "levels"),
        (lambda x: x.depth(1, 1.5), "levels"),
        (lambda x: x.orders(account="carol"), "node"),
        (lambda x: x.number("colour", "red"), "kind"),
        (lambda x: x.table("colours"), "table"),
        (lambda x: x.send(5), "message"),
        (lambda x: x.send([x]), "message"),
        (lambda x: x.send(gw.messages.Account(label=5, entity=9)), "label"),
        (lambda x: x.apply(None), "commands"),
        (lambda x: x.apply([1, 2]), "commands"),
        (lambda x: x.apply(b"rows"), "commands"),
        (lambda x: gw.Exchange(policy="safe"), "policy"),
        (lambda x: gw.Exchange(feed="EVERYTHING"), "feed"),
        (lambda x: gw.Exchange(feed=64), "feed"),
        (lambda x: gw.Exchange(keep_reports=-1), "keep_reports"),
        (lambda x: gw.Exchange(clock=lambda: 1.5).set_phase("HALT"), "time of the clock"),
    ],
)
def test_what_is_not_understood_is_named(exchange, call, field):
    with pytest.raises(InvalidField) as refused:
        call(exchange)
    assert refused.value.field == field
    assert refused.value.allowed


def test_what_is_refused_at_setting_up_says_by_what(exchange):
    with pytest.raises(InvalidField) as refused:
        exchange.add_instrument("B", tick=0)
    wanted = "tick_1 is 0; allowed: what is not refused by VALUE_NOT_ALLOWED: limit 1, observed 0"
    assert str(refused.value).startswith(wanted)
    exchange.set_instrument("B", tick_1=5)  # it is there


def test_a_refused_argument_adds_no_account(exchange):
    with pytest.raises(InvalidField):
        exchange.add_account("carol", cash=-5)
    assert exchange.add_account("carol", cash=5) == 4


def test_codes_of_orders_by_name(exchange):
    order = {"time_in_force": "gtc", "exec_inst": "hidden", "stp_mode": "cancel_both"}
    [report] = exchange.submit("alice", "ACME", "buy", 1, 99, cl_ord_id=1, **order)
    assert (report.exec_type.name, report.time_in_force.name) == ("NEW", "GTC")
    assert exchange.depth("ACME") == ([], [])
    assert exchange.table("order") is not None


def test_reports_as_a_table_name_their_codes(exchange):
    exchange.submit("bob", "ACME", "SELL", 10, 101, cl_ord_id=1)
    exchange.submit("alice", "ACME", "BUY", 4, 101, cl_ord_id=2)
    exchange.cancel("alice", 77)
    shown = exchange.reports()
    assert shown["exec_type"].tolist()[-4:] == ["NEW", "TRADE", "TRADE", ""]
    assert shown["report"].tolist()[-2:] == ["EXECUTION", "CANCEL_REJECT"]
    assert shown["reason"].tolist()[-1] == "UNKNOWN_ORDER"
    assert shown["exec_type"].tolist()[0] == "" == shown["ord_status"].tolist()[0]
    assert shown["command"].tolist()[0] == "INSTRUMENT_ADD"
    fills = exchange.trades()[["side", "liquidity"]]
    assert fills.to_numpy().tolist() == [["SELL", "MAKER"], ["BUY", "TAKER"]]
    rows = np.zeros(1, gw.COMMAND)
    rows["command"] = 200
    exchange.apply(rows)
    assert exchange.reports()["command"].tolist()[-1] == "200"


def test_money_that_is_not_there(exchange):
    assert exchange.withdraw("alice", 10**7).reason == Reason.INSUFFICIENT_CASH
    assert not exchange.withdraw("alice", 10**6).refused


def test_snapshot_and_restore_keep_names_and_state(exchange):
    other = gw.Exchange()
    other.restore(exchange.snapshot())
    assert other.state_hash() == exchange.state_hash()
    assert other.number("node", "bob") == exchange.number("node", "bob")
    assert not other.submit("alice", "ACME", "BUY", 1, 100, cl_ord_id=1)[0].refused
    parts = exchange.snapshot() | {"state_hash": b"0"}
    with pytest.raises(InvalidField, match="the state hash that it names"):
        other.restore(parts)


def test_an_exchange_with_a_log_is_not_restored(tmp_path, exchange):
    with gw.Exchange(tmp_path / "c.db") as logged, pytest.raises(InvalidField, match="with a log"):
        logged.restore(exchange.snapshot())


def test_a_closed_exchange(exchange):
    exchange.close()
    exchange.close()
    with pytest.raises(Unavailable, match="closed"):
        exchange.apply(np.zeros(1, gw.COMMAND))


def test_the_clock_stamps_messages():
    exchange = gw.Exchange(clock=lambda: 77)
    exchange.add_account("alice")
    assert exchange.deposit("alice", 1).transact_time == 77


def test_labels_of_rows_are_learned_and_the_first_stays():
    exchange = gw.Exchange()
    Account = gw.messages.Account
    rows = [Account(label=name, entity=number) for name, number in
            (("a", 9), ("a", 1), ("b", 1), ("a", 2))]  # fmt: skip
    exchange.send(*rows)
    assert exchange.number("node", "a") == 1
    with pytest.raises(InvalidField):
        exchange.number("node", "b")
