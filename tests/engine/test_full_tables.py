"""A table at its bound refuses what needs a row of it; what is cut short stays cut short."""

import sqlite3
from contextlib import closing

import numpy as np
import pytest

import gridworks as gw
from domain import layout
from domain.attributes import PositionAttr
from domain.codes import Command, OrdType, Phase, Reason, Scope, Side
from domain.errors import Unavailable
from domain.tables import Table
from engine import store
from engine.exchange import Exchange

pytestmark = pytest.mark.nojit
MOST = {
    Table.ORDER: 8, Table.DETAIL: 8, Table.OWNER: 8, Table.EXTRA: 5,
    Table.NODE: 6, Table.NODE_LIMIT: 6, Table.BOUND: 6, Table.GROUP: 5,
    Table.INSTRUMENT: 5, Table.BOOK: 5, Table.TREE: 20,
}  # fmt: skip


@pytest.fixture
def bounded(monkeypatch):
    """Exchanges whose tables cannot grow far."""
    shapes = dict(store._SHAPES)
    for table, most in MOST.items():
        dtype, columns, _, _ = shapes[table]
        least = 16 if table == Table.TREE else 4  # four trees a book
        shapes[table] = (dtype, columns, least, most)
    monkeypatch.setattr(store, "_SHAPES", shapes)


def row(command, **fields):
    one = np.zeros(1, layout.COMMAND)
    one["command"] = command
    for name, value in fields.items():
        one[name] = value
    return one


def limit(number, price=100, side=Side.BUY, **fields):
    order = {"account": 1, "instrument": 1, "side": side, "price": price, "order_qty": 1}
    order |= {"cl_ord_id": number, "ord_type": OrdType.LIMIT, **fields}
    return row(Command.NEW_ORDER, **order)


PROLOGUE = np.concatenate(
    [
        row(Command.INSTRUMENT_ADD, entity=1, index=1),
        row(Command.NODE_ADD, entity=1, index=1),
        row(Command.NODE_ADD, entity=2, index=1),
        row(Command.DEPOSIT, account=1, value=10**9),
        row(Command.DEPOSIT, account=2, value=10**9),
        row(Command.PHASE, scope=Scope.MARKET, value=Phase.CONTINUOUS),
    ]
)


def ready():
    exchange = Exchange()
    exchange.apply(PROLOGUE)
    return exchange


def reasons(reports):
    return [Reason(int(r)).name for r in reports["reason"]]


def test_orders_beyond_the_bound_are_refused_and_cancels_make_room(bounded):
    exchange = ready()
    found = exchange.apply(np.concatenate([limit(n) for n in range(1, 9)]))
    assert reasons(found) == ["NONE"] * 5 + ["CAPACITY"] * 3
    refused = [limit(20), row(Command.REPLACE_ORDER, account=1, orig_cl_ord_id=1, price=99)]
    refused.append(row(Command.QUOTE, account=1, instrument=1, price=90, order_qty=1, cl_ord_id=9))
    assert reasons(exchange.apply(np.concatenate(refused))) == ["CAPACITY"] * 3
    passed = [
        row(Command.SET, scope=Scope.NODE, entity=1, attribute=11, value=50),
        row(Command.TICK),
        row(Command.CANCEL_ORDER, account=1, orig_cl_ord_id=3),
        limit(30, price=98),
    ]
    done = exchange.apply(np.concatenate(passed))
    assert reasons(done) == ["NONE", "NONE", "CANCELED_BY_USER", "NONE"]
    sold = exchange.apply(row(Command.MASS_CANCEL, account=1))
    assert sold[-1]["order_qty"] == 5


def test_a_replay_in_any_batches_refuses_the_same(bounded):
    commands = [limit(n, price=100 + n % 3, side=1 + n % 2) for n in range(1, 40)]
    commands += [row(Command.CANCEL_ORDER, account=1, orig_cl_ord_id=n) for n in (2, 3, 5)]
    commands += [limit(50 + n, display_qty=0) for n in range(6)]
    whole, single = ready(), ready()
    one = whole.apply(np.concatenate(commands))
    other = np.concatenate([single.apply(command) for command in commands])
    assert one.tobytes() == other.tobytes()
    assert "CAPACITY" in reasons(one)
    assert whole.state_hash() == single.state_hash()
    restored = Exchange()
    restored.restore(whole.snapshot())
    again = np.concatenate([limit(70 + n) for n in range(4)])
    assert restored.apply(again).tobytes() == whole.apply(again).tobytes()


def test_instruments_beyond_the_bound_are_refused_and_nothing_else(bounded):
    exchange = ready()
    adds = [row(Command.INSTRUMENT_ADD, entity=n, index=1) for n in (2, 3, 4, 5, 5)]
    found = exchange.apply(np.concatenate(adds))
    assert reasons(found) == ["NONE"] * 3 + ["CAPACITY"] * 2
    rest = [row(Command.TICK)]
    rest += [row(Command.NODE_ADD, entity=n, index=1) for n in (3, 4, 5, 6, 6)]
    rest += [row(Command.INSTRUMENT_ADD, entity=5, index=1)]
    found = reasons(exchange.apply(np.concatenate(rest)))
    assert found == ["NONE"] * 4 + ["CAPACITY"] * 3
    assert len(exchange.table(Table.INSTRUMENT)) == 5
    assert len(exchange.table(Table.NODE)) == 6


def test_exposure_groups_beyond_the_bound_are_refused(bounded):
    group = {"scope": Scope.GROUP, "entity": 1, "index": 1, "value": 9}
    sets = [
        row(Command.SET, attribute=PositionAttr.MAX_GROUP_GROSS, instrument=n, **group)
        for n in range(1, 7)
    ]
    found = reasons(ready().apply(np.concatenate(sets)))
    assert found.count("CAPACITY") >= 2
    assert found == sorted(found, reverse=True)


def test_rows_of_rarer_fields_have_a_bound_too(bounded):
    found = ready().apply(np.concatenate([limit(n, min_qty=1) for n in range(1, 6)]))
    assert reasons(found) == ["NONE"] * 3 + ["CAPACITY"] * 2


def test_a_log_at_the_bound_opens_again(bounded, tmp_path):
    path = tmp_path / "log.db"
    commands = np.concatenate([PROLOGUE, *(limit(n) for n in range(1, 12))])
    with gw.Exchange(path) as exchange:
        assert reasons(exchange.apply(commands))[-1] == "CAPACITY"
        exchange.cancel(1, 2)
        last = exchange.state_hash()
    with closing(sqlite3.connect(path)) as log, log:
        log.execute("DELETE FROM snapshots")
    with gw.Exchange(path) as again:
        assert again.recovery.replayed == len(commands) + 1
        assert again.state_hash() == last
        assert reasons(again.apply(limit(40))) == ["NONE"]


def test_a_call_that_runs_out_of_memory_stops_the_exchange(monkeypatch):
    exchange = ready()
    before = exchange.snapshot()

    def no_memory(*_):
        raise MemoryError

    many = np.concatenate([limit(n) for n in range(1, 1_200)])
    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "grow", no_memory)
        with pytest.raises(MemoryError):
            exchange.apply(many)
    with pytest.raises(Unavailable, match="restore a snapshot"):
        exchange.apply(limit(5_000))
    exchange.restore(before)
    assert len(exchange.apply(many)) == len(many)
