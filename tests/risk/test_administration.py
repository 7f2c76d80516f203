"""Setting up: numbering, ranges, what cannot change, money in and out, FIFO, room."""

import pytest

from domain.attributes import INSTRUMENT_ATTRIBUTES, NODE_ATTRIBUTES, InstrumentAttr, NodeAttr
from domain.codes import Reason, Scope
from domain.limits import MAX_CASH, NO_LIMIT
from domain.tables import Table
from tests.risk import kernels
from tests.risk.desk import BUY, SELL, Desk

pytestmark = pytest.mark.nojit

R = Reason
ACCOUNT, FIRM = Desk.ACCOUNT, Desk.FIRM


def put(desk, scope, entity, attribute, value, **fields):
    return desk.send(
        kernels.set_attribute,
        scope=scope,
        entity=entity,
        attribute=attribute,
        value=value,
        **fields,
    )


def test_nodes_are_numbered_and_parents_are_higher():
    desk = Desk()
    assert desk.send(kernels.node_add, entity=9, index=1) == R.ID_NOT_NEXT
    assert desk.refusal()[1:3] == (7, 9)
    assert desk.send(kernels.node_add, entity=7, index=1, parent=4) == R.PARENT_INVALID
    assert desk.send(kernels.node_add, entity=7, index=1, parent=8) == R.PARENT_INVALID
    assert desk.send(kernels.node_add, entity=7, index=5) == R.VALUE_NOT_ALLOWED
    desk.limit(FIRM, STATUS=0)
    assert desk.send(kernels.node_add, entity=7, index=4) == R.NONE
    desk.limit(7, CURRENCY=840)
    assert desk.send(kernels.node_add, entity=8, index=1, parent=7) == R.NONE
    assert desk.store[Table.NODE_LIMIT][8, NodeAttr.CURRENCY] == 840
    assert put(desk, Scope.NODE, 7, NodeAttr.CURRENCY, 978) == R.VALUE_NOT_ALLOWED
    assert desk.send(kernels.instrument_add, entity=3, index=1) == R.ID_NOT_NEXT
    assert desk.send(kernels.instrument_add, entity=2, index=6) == R.VALUE_NOT_ALLOWED


def test_every_attribute_has_its_range_and_default():
    desk = Desk()
    desk.add_instrument(2)
    table = ((Scope.INSTRUMENT, 2, INSTRUMENT_ATTRIBUTES, Table.INSTRUMENT),)
    table += ((Scope.NODE, Desk.LONE, NODE_ATTRIBUTES, Table.NODE_LIMIT),)
    for scope, entity, attributes, where in table:
        for number, a in attributes.items():
            cell = desk.store[where][entity, int(number)]
            if number != InstrumentAttr.TYPE:
                assert cell == a.stored_default, number
            assert put(desk, scope, entity, number, a.minimum - 1) == R.VALUE_NOT_ALLOWED
            assert desk.refusal()[1:3] == (a.minimum, a.minimum - 1)
            if a.maximum < 2**63 - 1:
                assert put(desk, scope, entity, number, a.maximum + 1) == R.VALUE_NOT_ALLOWED
                assert desk.refusal()[1:3] == (a.maximum, a.maximum + 1)
            assert desk.store[where][entity, int(number)] == cell
            if a.none:
                assert put(desk, scope, entity, number, 0) == R.NONE
                assert desk.store[where][entity, int(number)] == NO_LIMIT
    assert put(desk, Scope.INSTRUMENT, 2, 69, 1) == R.UNKNOWN_ATTRIBUTE
    assert put(desk, Scope.NODE, 1, 43, 1) == R.UNKNOWN_ATTRIBUTE
    assert put(desk, Scope.NODE, 1, 999, 1) == R.UNKNOWN_ATTRIBUTE
    assert put(desk, Scope.NODE, 7, 0, 1) == R.UNKNOWN_ENTITY
    assert put(desk, Scope.POSITION, 1, 4, 1, instrument=1) == R.UNKNOWN_ATTRIBUTE
    assert put(desk, Scope.POSITION, 1, 0, 1, instrument=3) == R.UNKNOWN_SYMBOL
    assert put(desk, Scope.GROUP, 1, 3, 1, index=3) == R.UNKNOWN_ENTITY
    assert put(desk, Scope.GROUP, 1, 0, 1, index=1) == R.UNKNOWN_ATTRIBUTE


def test_what_is_in_use_cannot_change():
    desk = Desk()
    desk.instrument(1, MULTIPLIER=3)
    slot = desk.enter(BUY, 1)
    assert put(desk, Scope.INSTRUMENT, 1, InstrumentAttr.MULTIPLIER, 2) == R.VALUE_NOT_ALLOWED
    assert put(desk, Scope.INSTRUMENT, 1, InstrumentAttr.MULTIPLIER, 3) == R.NONE
    assert put(desk, Scope.NODE, ACCOUNT, NodeAttr.COST_METHOD, 1) == R.VALUE_NOT_ALLOWED
    desk.cancel(slot)
    desk.instrument(1, MULTIPLIER=2)
    desk.limit(ACCOUNT, COST_METHOD=1)


def test_tick_bands_stay_in_order():
    desk = Desk()
    a = InstrumentAttr.TICK_FROM_1
    assert put(desk, Scope.INSTRUMENT, 1, a + 1, 0) == R.VALUE_NOT_ALLOWED
    assert put(desk, Scope.INSTRUMENT, 1, a + 3, 5) == R.VALUE_NOT_ALLOWED
    desk.instrument(1, TICK_FROM_2=100, TICK_2=5, TICK_FROM_3=200, TICK_3=10)
    assert put(desk, Scope.INSTRUMENT, 1, a + 2, 200) == R.VALUE_NOT_ALLOWED
    assert put(desk, Scope.INSTRUMENT, 1, a + 4, 100) == R.VALUE_NOT_ALLOWED
    assert put(desk, Scope.INSTRUMENT, 1, a + 3, 0) == R.VALUE_NOT_ALLOWED
    desk.instrument(1, TICK_3=0, TICK_2=0)


def test_money():
    desk = Desk(cash=1000)
    send = desk.send
    assert send(kernels.deposit, account=FIRM, value=1) == R.UNKNOWN_ACCOUNT
    assert send(kernels.deposit, account=ACCOUNT, value=0) == R.VALUE_NOT_ALLOWED
    assert send(kernels.deposit, account=ACCOUNT, value=MAX_CASH) == R.VALUE_OUT_OF_RANGE
    assert desk.enter(BUY, 4) == 1
    assert send(kernels.withdraw, account=ACCOUNT, value=601) == R.INSUFFICIENT_CASH
    assert desk.refusal()[1:] == (600, 601, 600)
    assert send(kernels.withdraw, account=ACCOUNT, value=600) == R.NONE
    assert [int(desk.node(n)["cash"]) for n in (4, 3, 2, 1)] == [400, 1400, 1400, 1400]


def test_lots_in_and_out():
    desk = Desk(cash=1000)
    lots = {"account": ACCOUNT, "instrument": 1, "scope": Scope.POSITION, "price": 90}
    assert desk.send(kernels.deposit, value=10, **lots) == R.NONE
    r = desk.position(FIRM)
    assert (r["qty"], r["cost"], r["unrealised"]) == (10, 900, 100)
    assert desk.enter(SELL, 4) > 0
    assert desk.send(kernels.withdraw, value=7, **lots) == R.INSUFFICIENT_CASH
    assert desk.send(kernels.withdraw, value=6, **lots) == R.NONE
    assert (r["qty"], r["cost"], r["realised"]) == (4, 360, 0)
    assert desk.node(ACCOUNT)["cash"] == 1000


def test_first_in_first_out_and_average_cost():
    desk = Desk(kind=2, cash=10**6)
    desk.instrument(1, MARGIN_MODEL=2, MARGIN_BPS=1000)
    desk.limit(ACCOUNT, COST_METHOD=1)
    for account in (ACCOUNT, Desk.OTHER):
        desk.trade(BUY, 10, 100, account=account)
        desk.trade(BUY, 10, 200, account=account)
        desk.trade(SELL, 15, 200, account=account)
    fifo, average = desk.position(ACCOUNT), desk.position(Desk.OTHER)
    assert (fifo["realised"], fifo["fifo_realised"], fifo["cost"]) == (750, 1000, 750)
    assert (average["realised"], average["fifo_realised"], average["cost"]) == (750, 750, 750)
    assert desk.node(ACCOUNT)["cash"] == 10**6 + 1000
    assert desk.node(Desk.OTHER)["cash"] == 10**6 + 750
    assert (fifo["unrealised"], average["unrealised"]) == (0, 250)
    desk.trade(SELL, 5, 200)
    assert fifo["fifo_realised"] == fifo["realised"] == 1000
    assert (fifo["fifo_head"], fifo["fifo_tail"]) == (0, 0)
    assert kernels.lots_room(desk.s, 2)


def test_position_rows_survive_a_new_index():
    desk = Desk()
    desk.store.grow(Table.BOOK, 127)
    rows = {i: kernels.position_row(desk.s, ACCOUNT, i) for i in range(1, 127)}
    assert not kernels.positions_room(desk.s)
    desk.store.grow(Table.POSITION_INDEX, 4096)
    desk.store.grow(Table.POSITION, 1024)
    kernels.rebuild_position_index(desk.s)
    assert kernels.positions_room(desk.s)
    assert rows == {i: kernels.position_row(desk.s, ACCOUNT, i) for i in range(1, 127)}
    assert desk.store.core["positions"] == 504
