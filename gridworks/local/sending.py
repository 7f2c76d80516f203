"""From messages to rows, and the errors of what cannot be sent or was not taken."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum, IntFlag

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Contingency, ExecInst, OrdType, Scope, SelfTrade, TimeInForce
from domain.errors import InvalidField
from domain.fields import FIELDS, Names
from domain.messages import Message, Setting
from gridworks.local.report import Report

# Fields of a new order whose codes may be given by name.
ORDER_CODES: dict[str, type[IntEnum] | type[IntFlag]] = {
    "ord_type": OrdType, "time_in_force": TimeInForce, "exec_inst": ExecInst,
    "stp_mode": SelfTrade, "contingency": Contingency,
}  # fmt: skip


def packed(
    messages: tuple[Message, ...], names: Names, clock: Callable[[], int] | None
) -> bytearray:
    """The bytes of the messages' rows, with the clock's time where a message has none.

    Raises InvalidField for what is no message, a name that is not known, a time that is none.
    """
    now = clock() if clock is not None else 0
    if now.__class__ is not int:
        now = FIELDS["transact_time"].named("time of the clock").check(now)
    try:
        return bytearray().join([message.pack(names, now) for message in messages])
    except AttributeError:
        for message in messages:
            if not isinstance(message, Message):
                raise InvalidField("message", message, "one of gridworks.messages") from None
        raise


def not_taken(message: Message, report: Report) -> InvalidField:
    """The error for a command that sets something up and was refused: its field and why."""
    value: object
    if isinstance(message, Setting):
        kind = InstrumentAttr if message.scope == Scope.INSTRUMENT else NodeAttr
        field, value = kind(message.attribute).name.lower(), message.value
    else:
        field = type(message).__name__.lower()
        value = getattr(message, "label", None) or getattr(message, "value", None)
    return InvalidField(field, value, f"what is not {report.explain()}")
