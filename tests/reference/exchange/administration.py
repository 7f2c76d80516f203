"""Commands of the operator: instruments, nodes, algos, settings, cash, positions."""

from __future__ import annotations

from domain.attributes import (
    INSTRUMENT_ATTRIBUTES,
    NODE_ATTRIBUTES,
    POSITION_ATTRIBUTES,
    Attribute,
    InstrumentAttr,
    NodeAttr,
    PositionAttr,
)
from domain.codes import Command as Code
from domain.codes import Level, Reason, Scope
from domain.limits import (
    MAX_ALGOS,
    MAX_CASH,
    MAX_INSTRUMENTS,
    MAX_NODES,
    MAX_PRICE,
    MAX_QTY,
    NO_LIMIT,
)
from tests.reference.exchange import accounts, money, rows
from tests.reference.exchange.model import BUY, SELL, Group, Instrument, Node, Refusal, Setting
from tests.reference.exchange.world import Command, World

_FIXED = (
    InstrumentAttr.TYPE,
    InstrumentAttr.CURRENCY,
    InstrumentAttr.PRODUCT,
    InstrumentAttr.MULTIPLIER,
    InstrumentAttr.MARGIN_MODEL,
)
_GROUP = (PositionAttr.MAX_GROUP_GROSS, PositionAttr.MAX_GROUP_NET)


def add_instrument(w: World, cmd: Command) -> Refusal | None:
    if cmd.entity != len(w.instruments) + 1:
        return Refusal(Reason.ID_NOT_NEXT)
    if cmd.entity > MAX_INSTRUMENTS:
        return Refusal(Reason.CAPACITY)
    w.instruments[cmd.entity] = Instrument(cmd.entity)
    return None


def add_node(w: World, cmd: Command) -> Refusal | None:
    if cmd.entity != len(w.nodes) + 1:
        return Refusal(Reason.ID_NOT_NEXT)
    if cmd.entity > MAX_NODES:
        return Refusal(Reason.CAPACITY)
    if not Level.ACCOUNT <= cmd.index <= Level.FIRM:
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    parent = w.nodes.get(cmd.parent)
    if cmd.parent and (parent is None or parent.level <= cmd.index):
        return Refusal(Reason.PARENT_INVALID)
    node = Node(cmd.entity, cmd.index, cmd.parent)
    if parent:
        node.attributes[NodeAttr.CURRENCY] = parent[NodeAttr.CURRENCY]
    w.nodes[cmd.entity] = node
    w.below[cmd.entity] = []
    if cmd.index == Level.ACCOUNT:
        for above in w.chain(cmd.entity):
            w.below[above.number].append(cmd.entity)
    return None


def add_algo(w: World, cmd: Command) -> Refusal | None:
    if not 1 <= cmd.entity < MAX_ALGOS:
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    w.algos.setdefault(cmd.entity, False)
    return None


def rearm(w: World, cmd: Command) -> Refusal | None:
    if cmd.entity not in w.nodes:
        return Refusal(Reason.UNKNOWN_ENTITY)
    node = w.nodes[cmd.entity]
    node.throttled = False
    node.execution_tat = 0
    return None


# ------------------------------------------------------------------- settings


def set_attribute(w: World, cmd: Command) -> Refusal | None:
    targets = {
        Scope.INSTRUMENT: (w.instruments, INSTRUMENT_ATTRIBUTES),
        Scope.NODE: (w.nodes, NODE_ATTRIBUTES),
        Scope.POSITION: (w.nodes, POSITION_ATTRIBUTES),
        Scope.GROUP: (w.nodes, POSITION_ATTRIBUTES),
    }
    if cmd.scope not in targets:
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    entities, attributes = targets[Scope(cmd.scope)]
    if cmd.entity not in entities:
        return Refusal(Reason.UNKNOWN_ENTITY)
    if cmd.scope == Scope.POSITION and cmd.instrument not in w.instruments:
        return Refusal(Reason.UNKNOWN_SYMBOL)
    if cmd.scope == Scope.GROUP and (cmd.index not in (1, 2) or cmd.instrument < 0):
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    of_scope = cmd.scope < Scope.POSITION or (cmd.attribute in _GROUP) == (cmd.scope == Scope.GROUP)
    if cmd.attribute not in attributes or not of_scope:
        return Refusal(Reason.UNKNOWN_ATTRIBUTE)
    attribute: Attribute = attributes[cmd.attribute]  # type: ignore[index]
    bound = max(attribute.minimum, min(cmd.value, attribute.maximum))
    if cmd.value != bound:
        return Refusal(Reason.VALUE_NOT_ALLOWED, 0, bound, cmd.value)
    stored = NO_LIMIT if attribute.none and cmd.value == 0 else cmd.value
    return _store(w, cmd, stored)


def _store(w: World, cmd: Command, value: int) -> Refusal | None:
    if cmd.scope == Scope.INSTRUMENT:
        inst = w.instruments[cmd.entity]
        old = inst.attributes[cmd.attribute]
        if cmd.attribute in _FIXED and value != old and _in_use(w, inst):
            return Refusal(Reason.VALUE_NOT_ALLOWED, 0, old, value)
        inst.attributes[cmd.attribute] = value
    elif cmd.scope == Scope.NODE:
        node = w.nodes[cmd.entity]
        old = node.attributes[cmd.attribute]
        fixed = cmd.attribute == NodeAttr.CURRENCY and _settled_in(w, node)
        fixed = fixed or (cmd.attribute == NodeAttr.COST_METHOD and _holds(w, node))
        if value != old and fixed:
            return Refusal(Reason.VALUE_NOT_ALLOWED, 0, old, value)
        node.attributes[cmd.attribute] = value
    elif cmd.scope == Scope.POSITION:
        setting = w.settings.setdefault((cmd.entity, cmd.instrument), Setting())
        names = ("max_position", "max_exposure", "restricted")
        setattr(setting, names[cmd.attribute], value)
    else:
        group = w.nodes[cmd.entity].groups.setdefault((cmd.index, cmd.instrument), Group())
        name = "max_gross" if cmd.attribute == PositionAttr.MAX_GROUP_GROSS else "max_net"
        setattr(group, name, value)
    return None


def _in_use(w: World, inst: Instrument) -> bool:
    """Has an instrument orders or positions?"""
    traded = any(row.qty for (_, i), row in w.positions.items() if i == inst.number)
    return traded or any(order.instrument == inst.number for order in w.table())


def _settled_in(w: World, node: Node) -> bool:
    """Is a node's currency fixed: by its parent, its children, or what it holds?"""
    children = any(other.parent == node.number for other in w.nodes.values())
    return bool(node.parent) or children or _holds(w, node)


def _holds(w: World, node: Node) -> bool:
    return any(row.qty or row.open_buy or row.open_sell for _, row in w.rows_of(node.number))


# ------------------------------------------------------------------- cash and positions


def transfer(w: World, cmd: Command) -> Refusal | None:
    """DEPOSIT and WITHDRAW, of cash or of a position."""
    if not w.is_account(cmd.account):
        return Refusal(Reason.UNKNOWN_ACCOUNT)
    node = w.nodes[cmd.account]
    sign = BUY if cmd.command == Code.DEPOSIT else SELL
    if cmd.scope == Scope.POSITION:
        return _transfer_position(w, cmd, sign)
    if cmd.scope != Scope.MARKET:
        return Refusal(Reason.FIELD_OUT_OF_RANGE)
    if not 1 <= cmd.value <= MAX_CASH or abs(node.cash + sign * cmd.value) > MAX_CASH:
        return Refusal(Reason.VALUE_OUT_OF_RANGE)
    power = min(node.cash, accounts.buying_power(w, node))
    if sign == SELL and cmd.value > power:
        return Refusal(Reason.INSUFFICIENT_CASH, node.level, power, cmd.value, power)
    w.cash_in += sign * cmd.value
    for above in w.chain(cmd.account):
        above.cash += sign * cmd.value
        accounts.after_change(w, above)
    return None


def _transfer_position(w: World, cmd: Command, sign: int) -> Refusal | None:
    inst = w.instruments.get(cmd.instrument)
    if inst is None:
        return Refusal(Reason.UNKNOWN_SYMBOL)
    if not 1 <= cmd.value <= MAX_QTY:
        return Refusal(Reason.QTY_OUT_OF_RANGE)
    if not 1 <= cmd.price <= MAX_PRICE:
        return Refusal(Reason.PRICE_OUT_OF_RANGE)
    row = w.position(cmd.account, cmd.instrument)
    free = row.qty - row.open_sell
    if sign == SELL and cmd.value > free:
        return Refusal(Reason.INSUFFICIENT_CASH, Level.ACCOUNT, free, cmd.value, free)
    accounts.move(w, w.nodes[cmd.account], inst, sign, cmd.value, cmd.price)
    lots, value = sign * cmd.value, sign * money.value_of(inst, cmd.value, cmd.price)
    w.deposited[inst.number] = w.deposited.get(inst.number, 0) + lots
    w.deposited_value[inst.number] = w.deposited_value.get(inst.number, 0) + value
    accounts.mark(w, cmd.account, cmd.instrument)
    return None


COMMANDS = {
    Code.INSTRUMENT_ADD: add_instrument,
    Code.NODE_ADD: add_node,
    Code.ALGO_ADD: add_algo,
    Code.SET: set_attribute,
    Code.DEPOSIT: transfer,
    Code.WITHDRAW: transfer,
    Code.REARM: rearm,
}


def administer(w: World, cmd: Command) -> None:
    rows.admin_row(w, cmd, COMMANDS[Code(cmd.command)](w, cmd))
