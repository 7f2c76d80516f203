"""Commands of the operator: instruments, nodes, algos, settings, cash, positions."""

from __future__ import annotations

from copy import copy

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
from domain.codes import InstrumentType, Level, MarginModel, Reason, Scope
from domain.limits import (
    MAX_ALGOS,
    MAX_CASH,
    MAX_INSTRUMENTS,
    MAX_NODES,
    MAX_POSITION,
    MAX_PRICE,
    MAX_QTY,
    MAX_VALUE,
    NO_LIMIT,
)
from tests.reference.exchange import accounts, money, rows, scenarios
from tests.reference.exchange.model import BUY, SELL, Group, Instrument, Node, Refusal, Setting
from tests.reference.exchange.world import Command, World

_FIXED = (
    InstrumentAttr.TYPE,
    InstrumentAttr.CURRENCY,
    InstrumentAttr.PRODUCT,
    InstrumentAttr.MULTIPLIER,
    InstrumentAttr.MARGIN_MODEL,
)
MAX_GROUP = 10**6  # the highest product or currency
_GROUP = (PositionAttr.MAX_GROUP_GROSS, PositionAttr.MAX_GROUP_NET)


def not_allowed(bound: int, value: int) -> Refusal:
    return Refusal(Reason.VALUE_NOT_ALLOWED, 0, bound, value)


def add_instrument(w: World, cmd: Command) -> Refusal | None:
    following = len(w.instruments) + 1
    if cmd.entity != following:
        return Refusal(Reason.ID_NOT_NEXT, 0, following, cmd.entity)
    if not 1 <= cmd.index <= len(InstrumentType):
        return not_allowed(len(InstrumentType), cmd.index)
    if cmd.entity > MAX_INSTRUMENTS:
        return Refusal(Reason.CAPACITY)
    inst = Instrument(cmd.entity)
    inst.attributes[InstrumentAttr.TYPE] = cmd.index
    w.instruments[cmd.entity] = inst
    return None


def add_node(w: World, cmd: Command) -> Refusal | None:
    following = len(w.nodes) + 1
    if cmd.entity != following:
        return Refusal(Reason.ID_NOT_NEXT, 0, following, cmd.entity)
    if not Level.ACCOUNT <= cmd.index <= Level.FIRM:
        return not_allowed(Level.FIRM, cmd.index)
    parent = w.nodes.get(cmd.parent)
    if cmd.parent and parent is None:
        return Refusal(Reason.PARENT_INVALID)
    if parent and parent.level <= cmd.index:
        return Refusal(Reason.PARENT_INVALID, 0, cmd.index + 1, parent.level)
    if cmd.entity > MAX_NODES:
        return Refusal(Reason.CAPACITY)
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
        return not_allowed(MAX_ALGOS - 1, cmd.entity)
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
    if cmd.scope == Scope.MARGIN:
        refusal = scenarios.set_parameter(w, cmd)
        if refusal is None and cmd.entity == 0:
            accounts.mark_all(w)
        return refusal
    entities, attributes = targets.get(Scope(cmd.scope) if cmd.scope <= 7 else None, ({}, {}))
    if cmd.entity not in entities:
        return Refusal(Reason.UNKNOWN_ENTITY)
    if cmd.scope == Scope.POSITION and cmd.instrument not in w.instruments:
        return Refusal(Reason.UNKNOWN_SYMBOL)
    if cmd.scope == Scope.GROUP and cmd.index not in (1, 2):
        return Refusal(Reason.UNKNOWN_ENTITY)
    of_scope = cmd.scope < Scope.POSITION or (cmd.attribute in _GROUP) == (cmd.scope == Scope.GROUP)
    if cmd.attribute not in attributes or not of_scope:
        return Refusal(Reason.UNKNOWN_ATTRIBUTE)
    attribute: Attribute = attributes[cmd.attribute]  # type: ignore[index]
    bound = max(attribute.minimum, min(cmd.value, attribute.maximum))
    if cmd.value != bound:
        return not_allowed(bound, cmd.value)
    if cmd.scope == Scope.GROUP and not 0 <= cmd.instrument <= MAX_GROUP:
        return not_allowed(MAX_GROUP, cmd.instrument)
    stored = NO_LIMIT if attribute.none and cmd.value == 0 else cmd.value
    return _store(w, cmd, stored)


def _store(w: World, cmd: Command, value: int) -> Refusal | None:
    if cmd.scope == Scope.INSTRUMENT:
        inst = w.instruments[cmd.entity]
        old = inst.attributes[cmd.attribute]
        if cmd.attribute in _FIXED and value != old and _in_use(w, inst):
            return not_allowed(old, value)
        if cmd.attribute >= InstrumentAttr.TICK_FROM_1:
            refusal = tick_table_refusal(inst, cmd.attribute, value)
            if refusal:
                return refusal
        if cmd.attribute == InstrumentAttr.MARGIN_MODEL and value != old:
            return _store_model(w, inst, value, old)
        inst.attributes[cmd.attribute] = value
    elif cmd.scope == Scope.NODE:
        node = w.nodes[cmd.entity]
        old = node.attributes[cmd.attribute]
        fixed = cmd.attribute == NodeAttr.CURRENCY and _settled_in(w, node)
        fixed = fixed or (cmd.attribute == NodeAttr.COST_METHOD and _holds(w, node))
        if value != old and fixed:
            return not_allowed(old, value)
        node.attributes[cmd.attribute] = value
        accounts.review_reduction(w, node)
    elif cmd.scope == Scope.POSITION:
        setting = w.settings.setdefault((cmd.entity, cmd.instrument), Setting())
        names = ("max_position", "max_exposure", "restricted")
        setattr(setting, names[cmd.attribute], value)
    else:
        group = w.nodes[cmd.entity].groups.setdefault((cmd.index, cmd.instrument), Group())
        name = "max_gross" if cmd.attribute == PositionAttr.MAX_GROUP_GROSS else "max_net"
        setattr(group, name, value)
    return None


def _store_model(w: World, inst: Instrument, value: int, old: int) -> Refusal | None:
    scenario = MarginModel.SCENARIO
    if value == scenario and not scenarios.has_contract(w.parameters, inst.number):
        return not_allowed(scenario - 1, scenario)
    inst.attributes[InstrumentAttr.MARGIN_MODEL] = value
    if scenario in (value, old):
        accounts.mark_all(w)
    return None


def tick_table_refusal(inst: Instrument, attribute: int, value: int) -> Refusal | None:
    """Bands stay in ascending order of price without a gap; the first keeps a tick."""
    first = InstrumentAttr.TICK_FROM_1
    band, is_tick = divmod(attribute - first, 2)
    starts = [inst.attributes[c] for c in range(first, InstrumentAttr.TICK_8 + 1, 2)]
    ticks = [inst.attributes[c] for c in range(first + 1, InstrumentAttr.TICK_8 + 1, 2)]
    used = [tick != 0 for tick in ticks] + [False]
    if is_tick and band == 0:
        return None if value else not_allowed(1, value)
    if is_tick and value == 0:
        return not_allowed(1, value) if used[band + 1] else None
    if is_tick:
        if not used[band - 1]:
            return not_allowed(0, value)
        low = starts[band - 1] + 1
        return not_allowed(low, starts[band]) if starts[band] < low else None
    if band and used[band] and value <= starts[band - 1]:
        return not_allowed(starts[band - 1] + 1, value)
    if used[band + 1] and value >= starts[band + 1]:
        return not_allowed(starts[band + 1] - 1, value)
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
    lots = cmd.scope == Scope.POSITION
    most = MAX_QTY if lots else MAX_CASH
    if not w.is_account(cmd.account):
        return Refusal(Reason.UNKNOWN_ACCOUNT)
    if not 1 <= cmd.value <= most:
        return not_allowed(1 if cmd.value < 1 else most, cmd.value)
    sign = BUY if cmd.command == Code.DEPOSIT else SELL
    return _transfer_lots(w, cmd, sign) if lots else _transfer_cash(w, cmd, sign)


def _transfer_cash(w: World, cmd: Command, sign: int) -> Refusal | None:
    node = w.nodes[cmd.account]
    if sign == SELL:
        free = min(node.cash, accounts.buying_power(w, node))
        if cmd.value > free:
            return Refusal(Reason.INSUFFICIENT_CASH, node.level, free, cmd.value, free)
    for above in w.chain(cmd.account):
        after = above.cash + sign * cmd.value
        if after > MAX_CASH:
            reason = Reason.VALUE_OUT_OF_RANGE
            return Refusal(reason, above.level, MAX_CASH, after, MAX_CASH - above.cash)
    w.cash_in += sign * cmd.value
    for above in w.chain(cmd.account):
        above.cash += sign * cmd.value
        accounts.after_change(w, above)
    return None


def _transfer_lots(w: World, cmd: Command, sign: int) -> Refusal | None:
    inst = w.instruments.get(cmd.instrument)
    if inst is None:
        return Refusal(Reason.UNKNOWN_SYMBOL)
    if not 1 <= cmd.price <= MAX_PRICE:
        return not_allowed(max(1, min(cmd.price, MAX_PRICE)), cmd.price)
    value = money.value_of(inst, cmd.value, cmd.price)
    if value > MAX_VALUE:
        return Refusal(Reason.VALUE_OUT_OF_RANGE, 0, MAX_VALUE, min(value, MAX_CASH), MAX_VALUE)
    row = w.position(cmd.account, cmd.instrument)
    margined = inst[InstrumentAttr.MARGIN_MODEL] != MarginModel.CASH
    free = max(0, row.qty - row.open_sell)
    if sign == SELL and not margined and cmd.value > free:
        return Refusal(Reason.INSUFFICIENT_CASH, Level.ACCOUNT, free, cmd.value, free)
    for node in w.chain(cmd.account) if sign == BUY or margined else ():
        rows_below = w.rows_in(node.number, cmd.instrument)
        pending = sum(r.open_buy if sign == BUY else r.open_sell for r in rows_below)
        after = sign * sum(r.qty for r in rows_below) + pending + cmd.value
        if after > MAX_POSITION:
            return not_allowed(MAX_POSITION, after)
    after = copy(row)
    after.qty += sign * cmd.value
    excess = scenarios.excess(w, cmd.account, cmd.instrument, after)
    if excess:
        return excess
    profit = accounts.move(w, w.nodes[cmd.account], inst, sign, cmd.value, cmd.price)
    if margined:
        accounts.pay_profit(w, cmd.account, row, profit)
    w.deposited[inst.number] = w.deposited.get(inst.number, 0) + sign * cmd.value
    w.deposited_value[inst.number] = w.deposited_value.get(inst.number, 0) + sign * value
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
