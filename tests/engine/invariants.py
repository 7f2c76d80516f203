"""Everything that must hold of an exchange's state after any command, read from its tables.

Slow and obvious on purpose: it walks every order, level, tree and position row.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import ExecInst, OrdType, Phase, TimeInForce
from domain.limits import MAX_CASH, MAX_POSITION, NO_LIMIT
from domain.state import POSITION, open_lots
from domain.tables import Table
from engine import states
from engine.exchange import Exchange
from risk.admission.bounds import ROW_MOST


def check(exchange: Exchange) -> None:
    """Raise AssertionError at the first law that does not hold."""
    tables = {table: exchange.table(table) for table in Table if table in WANTED}
    live = [slot for slot, order in enumerate(tables[Table.ORDER]) if order["state"]]
    assert len(live) == tables[Table.CORE][0]["live_orders"]
    _check_orders(tables, live)
    _check_levels(tables, live)
    _check_trees(tables)
    _check_books(tables)
    _check_reservations(tables, live)
    _check_positions(tables)
    _check_marks(tables)
    _check_limits(tables)
    _check_profits(tables)
    _check_expiries(tables, live)


WANTED = (
    Table.CORE,
    Table.ORDER,
    Table.DETAIL,
    Table.LEVEL,
    Table.TREE,
    Table.BRANCH,
    Table.BOOK,
    Table.INSTRUMENT,
    Table.NODE,
    Table.NODE_LIMIT,
    Table.BOUND,
    Table.POSITION,
    Table.OWNER,
    Table.EXTRA,
    Table.EXPIRY,
)
Tables = dict[Table, Any]


def _check_orders(tables: Tables, live: list[int]) -> None:
    core = tables[Table.CORE][0]
    assert core["working"] == 0
    assert core["ready_head"] == 0
    assert core["stage"] == 0
    seen = set()
    for slot in live:
        order, detail = tables[Table.ORDER][slot], tables[Table.DETAIL][slot]
        assert order["leaves_qty"] > 0
        assert 0 <= order["shown_qty"] <= order["leaves_qty"]
        assert detail["cum_qty"] + order["leaves_qty"] <= detail["order_qty"]
        assert tables[Table.OWNER][slot] == order["account"]
        assert order["order_id"] & ((1 << 26) - 1) == slot
        key = (int(order["account"]), int(detail["cl_ord_id"]))
        assert key not in seen
        seen.add(key)
    for slot, owner in enumerate(tables[Table.OWNER]):
        assert (owner != 0) == (tables[Table.ORDER][slot]["state"] != 0)


def _queue(tables: Tables, head: int, tail: int) -> list[int]:
    found, before = [], 0
    at = head
    while at:
        assert tables[Table.ORDER][at]["prev"] == before
        found.append(at)
        before, at = at, int(tables[Table.ORDER][at]["next"])
        assert len(found) <= len(tables[Table.ORDER])
    assert tail == before
    return found


def _check_levels(tables: Tables, live: list[int]) -> None:
    queued = defaultdict(list)
    for slot in live:
        if tables[Table.ORDER][slot]["level"]:
            queued[int(tables[Table.ORDER][slot]["level"])].append(slot)
    for row, slots in queued.items():
        level = tables[Table.LEVEL][row]
        shown = _queue(tables, int(level["head"]), int(level["tail"]))
        hidden = _queue(tables, int(level["hidden_head"]), int(level["hidden_tail"]))
        assert sorted(shown + hidden) == sorted(slots)
        assert (len(shown), len(hidden)) == (level["count"], level["hidden_count"])
        if level["price"] >= 0 and level["tree"] % 4 < states.FALL:
            _check_quantities(tables, level, shown, hidden)


def _check_quantities(tables: Tables, level: Any, shown: list[int], hidden: list[int]) -> None:
    orders = tables[Table.ORDER]
    assert level["shown_qty"] == sum(int(orders[s]["shown_qty"]) for s in shown)
    reserve = sum(int(orders[s]["leaves_qty"] - orders[s]["shown_qty"]) for s in shown + hidden)
    assert level["hidden_qty"] == reserve
    assert level["anchors"] == sum(orders[s]["ord_type"] != OrdType.PEGGED for s in shown)
    for slot in shown + hidden:
        assert orders[slot]["price"] == level["price"]
        assert bool(orders[slot]["exec_inst"] & ExecInst.HIDDEN) == (slot in hidden)


def _prices(tables: Tables, node: int, height: int, prefix: int) -> list[tuple[int, int]]:
    """(price, level) of a ladder's leaves in ascending order."""
    branch = tables[Table.BRANCH][node]
    found = []
    for place in range(64):
        child = int(branch["child"][place])
        assert bool(int(branch["bits"]) >> place & 1) == (child != 0)
        if child:
            key = prefix << 6 | place
            found += [(key, child)] if height == 1 else _prices(tables, child, height - 1, key)
    assert found
    return found


def _check_trees(tables: Tables) -> None:
    for number, tree in enumerate(tables[Table.TREE]):
        if not tree["root"]:
            assert tree["best"] == 0
            assert tree["levels"] == 0
            continue
        found = _prices(tables, int(tree["root"]), int(tree["height"]), int(tree["prefix"]))
        assert len(found) == tree["levels"]
        assert tree["best"] == found[0 if number % 2 else -1][1]
        for price, row in found:
            level = tables[Table.LEVEL][row]
            assert level["price"] == price
            assert level["tree"] == number
            assert level["count"] + level["hidden_count"] > 0


def _check_books(tables: Tables) -> None:
    trees, levels = tables[Table.TREE], tables[Table.LEVEL]
    for instrument, book in enumerate(tables[Table.BOOK]):
        bid, ask = trees[4 * instrument]["best"], trees[4 * instrument + 1]["best"]
        if book["phase"] == Phase.CONTINUOUS and bid and ask:
            assert levels[bid]["price"] < levels[ask]["price"], "crossed"
        assert book["uncrossing"] == 0


def _check_reservations(tables: Tables, live: list[int]) -> None:
    """Open quantities, values, fees and counts of every node are the sums over its orders."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for slot in live:
        order, detail = tables[Table.ORDER][slot], tables[Table.DETAIL][slot]
        instrument = tables[Table.INSTRUMENT][order["instrument"]]
        value = int(order["leaves_qty"]) * int(detail["worst_px"])
        value *= int(instrument[InstrumentAttr.MULTIPLIER])
        side = "sell" if order["side"] else "buy"
        row = int(order["position"])
        while row:
            position = tables[Table.POSITION][row]
            sums[row, side] += int(order["leaves_qty"])
            sums[row, f"{side}_value"] += value
            node = -int(position["node"])
            sums[node, "open_orders"] += 1
            sums[node, "open_value"] += value
            sums[node, "hold_fee"] += int(detail["hold_fee"])
            row = int(position["parent"])
    for row, position in enumerate(tables[Table.POSITION]):
        assert open_lots(position) == (sums[row, "buy"], sums[row, "sell"]), row
        for name in ("buy_value", "sell_value"):
            assert position[name] == sums[row, name], (row, name)
    for number, node in enumerate(tables[Table.NODE]):
        for name in ("open_orders", "open_value", "hold_fee"):
            assert node[name] == sums[-number, name], (number, name)


def _check_positions(tables: Tables) -> None:
    """Rows above accounts are sums of the rows below them, and all know their way up."""
    positions = tables[Table.POSITION]
    assert list(positions["second"]) == list(positions["parent"][positions["parent"]])
    assert list(positions["third"]) == list(positions["parent"][positions["second"]])
    sums: dict[tuple[int, str], int] = defaultdict(int)
    names = ("qty", "exposure", "margin", "value")
    for position in positions:
        for name in names:
            sums[int(position["parent"]), name] += int(position[name])
    for row, position in enumerate(positions):
        if row and tables[Table.NODE][position["node"]]["level"] > 1:
            for name in names:
                assert position[name] == sums[row, name], (row, name)


def _check_marks(tables: Tables) -> None:
    """An instrument knows its accounts' rows; they are marked unless its price has moved since."""
    positions, nodes = tables[Table.POSITION], tables[Table.NODE]
    for number, book in enumerate(tables[Table.BOOK]):
        settings = tables[Table.INSTRUMENT][number]
        mark = int(book["last_px"]) or int(settings[InstrumentAttr.REFERENCE_PRICE])
        found, row = [], int(book["first_position"])
        while row:
            found.append(row)
            position = positions[row]
            qty = int(position["qty"])
            value = qty * mark * int(settings[InstrumentAttr.MULTIPLIER])
            value = max(-MAX_CASH, min(MAX_CASH, value))
            if not book["moved"]:
                assert position["value"] == (value if mark else position["cost"]), row
            row = int(position["peer"])
        mine = (positions["instrument"] == number) & (nodes["level"][positions["node"]] == 1)
        assert sorted(found) == [int(row) for row in mine.nonzero()[0]], number


def _check_limits(tables: Tables) -> None:
    """What the checks know of limits of positions is what was set."""
    for row in tables[Table.POSITION][1:]:
        assert row["own"] == (min(row["max_position"], row["max_exposure"]) < NO_LIMIT), row
    open_line = ("long_qty", "short_qty", "exposure", "gross")
    lanes = [ROW_MOST + POSITION.fields[name][1] // 8 for name in open_line]  # type: ignore[index]
    for number, limits in enumerate(tables[Table.NODE_LIMIT]):
        lots = min(int(limits[NodeAttr.MAX_POSITION]), MAX_POSITION)
        most = [lots, lots, limits[NodeAttr.MAX_INSTRUMENT_EXPOSURE]]
        most.append(limits[NodeAttr.MAX_GROSS_POSITION])
        assert number == 0 or [tables[Table.BOUND][number][lane] for lane in lanes] == most, number


def _check_profits(tables: Tables) -> None:
    """What the checks read of a node in one go follows from its other cells."""
    for number, node in enumerate(tables[Table.NODE]):
        profit = node["realised"] + node["unrealised"] - node["base_unrealised"]
        assert node["used"] == node["margin"] + node["hold_fee"], number
        assert node["profit"] == profit, number
        assert node["below_peak"] == profit - node["peak"] <= 0, number


def _check_expiries(tables: Tables, live: list[int]) -> None:
    """The heap holds the good-till-date orders, each at the place it knows, the earliest on top."""
    core, orders, heap = tables[Table.CORE][0], tables[Table.ORDER], tables[Table.EXPIRY]
    known = {}
    for slot in live:
        if orders[slot]["time_in_force"] == TimeInForce.GTD:
            extra = tables[Table.EXTRA][tables[Table.DETAIL][slot]["extra"]]
            known[int(extra["place"])] = (int(extra["expire_time"]), slot)
            assert extra["expire_time"] > core["time"], slot
    assert sorted(known) == list(range(1, len(heap)))
    for place, (time, slot) in known.items():
        assert (heap[place]["time"], heap[place]["order"]) == (time, slot)
        above_time, above = known.get(place // 2, (0, slot))
        assert (above_time, orders[above]["order_id"]) <= (time, orders[slot]["order_id"])
    assert core["next_expiry"] == (known[1][0] if known else 0)
