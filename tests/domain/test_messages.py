"""Messages: every cell lands in its place, and what is not understood is named."""

import math
from decimal import Decimal

import numpy as np
import pytest

from domain import layout, messages
from domain.codes import Command, ExecInst, Level, OrdType, Side, TimeInForce
from domain.errors import InvalidField
from domain.fields import FIELDS, LABEL_AT, LABEL_BYTES, ROW, label_of
from domain.messages import Account, Cancel, Deposit, Firm, Instrument, Message, NewOrder, Quote

GOOD = {"account": 4, "instrument": 1, "cl_ord_id": 7, "side": Side.BUY, "order_qty": 10}
KINDS = [
    kind for name in messages.__all__
    if isinstance(kind := getattr(messages, name), type) and issubclass(kind, Message)
    and hasattr(kind, "COMMAND") and name != "Node"
]  # fmt: skip


def row_of(message, **more):
    return np.frombuffer(message.pack(**more), layout.COMMAND)[0]


def cells_of(message):
    row = row_of(message)
    return {n: int(row[n]) for n in layout.COMMAND.names if not n.startswith("_") and row[n]}


def test_the_table_of_cells_is_the_layout():
    assert ROW.size == layout.COMMAND.itemsize
    assert list(FIELDS) == [n for n in layout.COMMAND.names if not n.startswith("_")]
    for name, field in FIELDS.items():
        cells = [0] * len(FIELDS)
        cells[field.place] = 1
        row = np.frombuffer(ROW.pack(*cells), layout.COMMAND)[0]
        assert [n for n in FIELDS if row[n]] == [name]


def test_the_label_lies_in_cells_that_the_adding_commands_do_not_use():
    first, last = layout.COMMAND.fields["orig_cl_ord_id"], layout.COMMAND.fields["cl_ord_link_id"]
    assert (first[1], last[1] + 8) == (LABEL_AT, LABEL_AT + LABEL_BYTES)


def test_every_command_has_a_message():
    assert {kind.COMMAND for kind in KINDS} == set(Command)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_message_has_words_and_can_be_packed(kind):
    assert kind.__doc__
    fields = {n: f for n, f in kind.__dataclass_fields__.items() if f._field_type.name == "_FIELD"}
    given = {n: 1 for n, f in fields.items() if n in ("account", "entity", "value", "instrument")}
    given |= {n: 1 for n in ("side", "order_qty", "cl_ord_id", "scope", "phase") if n in fields}
    given |= {n: 1 for n in ("attribute",) if n in fields}
    assert cells_of(kind(**given))["command"] == kind.COMMAND


def test_a_new_order():
    order = NewOrder(**GOOD, price=99, time_in_force=TimeInForce.IOC, exec_inst=ExecInst.HIDDEN)
    assert cells_of(order) == {
        "command": 1, "account": 4, "instrument": 1, "cl_ord_id": 7, "side": 1, "order_qty": 10,
        "price": 99, "ord_type": OrdType.LIMIT, "time_in_force": 3, "exec_inst": 4,
    }  # fmt: skip


def test_numbers_of_numpy_are_numbers():
    assert cells_of(NewOrder(**GOOD, price=np.int64(5)))["price"] == 5
    assert cells_of(NewOrder(**GOOD | {"side": 2}))["side"] == 2


def test_names_stand_for_numbers():
    names = {"node": {"alice": 5}, "instrument": {"ACME": 3}}
    row = row_of(NewOrder(**GOOD | {"account": "alice", "instrument": "ACME"}), names=names)
    assert (row["account"], row["instrument"]) == (5, 3)
    with pytest.raises(InvalidField, match="account is 'bob'; allowed: a name that was added"):
        Cancel(account="bob", orig_cl_ord_id=1).pack(names)
    with pytest.raises(InvalidField, match="account is 'bob'"):
        Cancel(account="bob", orig_cl_ord_id=1).pack()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("price", math.nan), ("price", 1.0), ("price", "99"), ("price", True), ("price", -1),
        ("price", 2**40 + 1), ("price", 2**70), ("price", None), ("price", Decimal(5)),
        ("price", math.inf), ("price", b"9"), ("order_qty", -1), ("order_qty", np.float64(3)),
        ("order_qty", np.bool_(True)), ("side", 3), ("side", 9), ("side", "BUY"), ("side", True),
        ("ord_type", 9), ("ord_type", 256), ("time_in_force", 5), ("exec_inst", 1024),
        ("exec_inst", -1), ("cl_ord_id", 2**63), ("cl_ord_id", "7"), ("account", -1),
        ("account", 2**31), ("account", ""), ("instrument", 1.5), ("instrument", None),
        ("stp_mode", 6), ("contingency", 5), ("list_size", 9), ("expire_time", 2**63),
        ("transact_time", -1), ("offset", -(2**41)),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_named(field, value):
    with pytest.raises(InvalidField) as refused:
        NewOrder(**GOOD | {"price": 1} | {field: value})
    assert refused.value.field == field
    assert refused.value.value is value or refused.value.value == value
    assert refused.value.allowed


def test_a_field_is_named_as_the_message_names_it():
    with pytest.raises(InvalidField, match="bid_px is -5"):
        Quote(account=1, instrument=1, cl_ord_id=1, bid_px=-5)


def test_labels():
    row = Instrument(label="Æ-1", entity=1).pack()
    assert label_of(row) == "Æ-1"
    assert label_of(Account(entity=1).pack()) == ""
    assert label_of(b"\xff" * 192) == ""
    for bad in ("x" * 57, "a\0b"):
        with pytest.raises(InvalidField, match="label"):
            Account(label=bad, entity=1).pack()


def test_levels():
    assert row_of(Firm(entity=1))["index"] == Level.FIRM
    assert row_of(Account(entity=2, parent=1))["parent"] == 1


def test_time_is_given_or_stamped():
    assert row_of(Deposit(account=1, value=5), transact_time=9)["transact_time"] == 9
    assert (
        row_of(Deposit(account=1, value=5, transact_time=3), transact_time=9)["transact_time"] == 3
    )


def test_a_message_cannot_be_changed():
    with pytest.raises(AttributeError):
        NewOrder(**GOOD).price = 5
