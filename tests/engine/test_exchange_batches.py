"""Live equals replay equals any split into batches, with restores in between; hash and growth."""

import numpy as np
import pytest

from benches.flows.scene import FIRST_ACCOUNT
from benches.workloads import Flow, Mix, set_up
from domain import layout
from domain.attributes import NodeAttr
from domain.codes import Command, Feed, Level, Phase, Scope, Side
from domain.errors import CapacityError, InvalidField
from domain.limits import STEP_REPORTS
from domain.tables import Table
from engine import store
from engine.exchange import Exchange
from tests.properties.streams import seeded_stream


def in_pieces(commands, seed, restore_share=0.1):
    """Reports and exchange after random splits, random `out` sizes and restores in between."""
    dice, exchange, rows, at = np.random.default_rng(seed), Exchange(), [], 0
    while at < len(commands):
        count = int(dice.integers(1, 90))
        out = None
        if dice.random() < 0.3:
            out = np.zeros(int(dice.integers(STEP_REPORTS, 200)), layout.REPORT)
        rows.append(exchange.apply(commands[at : at + count], out).tobytes())
        at += count
        if dice.random() < restore_share:
            exchange = restored(exchange)
    return b"".join(rows), exchange


def restored(exchange):
    """Another exchange from its snapshot; the hash must not move."""
    other = Exchange()
    other.restore(exchange.snapshot())
    assert other.state_hash() == exchange.state_hash()
    assert other.seq == exchange.seq
    return other


@pytest.mark.parametrize("seed", range(40))
def test_any_split_gives_the_same_reports_and_state(seed):
    commands = seeded_stream(seed, 400)
    whole = Exchange()
    reports = whole.apply(commands)
    pieces, exchange = in_pieces(commands, seed)
    assert pieces == reports.tobytes()
    assert exchange.state_hash() == whole.state_hash()


@pytest.mark.parametrize("seed", range(5))
def test_replay_of_single_rows_is_the_same(seed):
    commands = seeded_stream(100 + seed, 300)
    whole, single = Exchange(), Exchange()
    whole.apply(commands)
    single.replay(commands[at : at + 1] for at in range(len(commands)))
    assert single.state_hash() == whole.state_hash()


@pytest.mark.nojit
def test_rows_that_are_fetched_ahead_change_nothing():
    """With a thousand nodes a state is wide: commands to come are looked at from any place."""
    mix = Mix("wide", 40, 10, instruments=3, accounts=8)
    nodes = np.zeros(1_100, layout.COMMAND)
    nodes["command"], nodes["index"] = Command.NODE_ADD, Level.ACCOUNT
    nodes["entity"] = np.arange(FIRST_ACCOUNT + mix.accounts, FIRST_ACCOUNT + mix.accounts + 1_100)
    flow = Flow(mix)
    commands = np.concatenate([set_up(mix), nodes, *flow.fill(), flow.commands(100)])
    whole, single = Exchange(), Exchange()
    whole.apply(commands)
    assert whole.table(Table.NODE).nbytes > 2**18
    single.replay(commands[at : at + 1] for at in range(len(commands)))
    assert single.state_hash() == whole.state_hash()


def test_the_feed_is_no_part_of_the_state():
    commands = seeded_stream(7, 400)
    plain, loud = Exchange(), Exchange(feed=Feed.TRADES | Feed.L2 | Feed.L3 | Feed.STATUS)
    assert plain.apply(commands).tobytes() == loud.apply(commands).tobytes()
    assert plain.state_hash() == loud.state_hash()
    assert len(loud.market()) > 0
    assert len(plain.market()) == 0


def test_a_refused_command_is_part_of_the_state():
    exchange = Exchange()
    before = exchange.state_hash()
    exchange.apply(np.zeros(1, layout.COMMAND))
    assert exchange.state_hash() != before


TINY = {
    Table.INSTRUMENT: 3, Table.BOOK: 3, Table.TREE: 12, Table.BRANCH: 2, Table.LEVEL: 2,
    Table.ORDER: 4, Table.DETAIL: 4, Table.EXTRA: 2, Table.OWNER: 4, Table.DIRECTORY: 16,
    Table.NODE: 3, Table.NODE_LIMIT: 3, Table.BOUND: 3, Table.POSITION: 4, Table.POSITION_INDEX: 16,
    Table.GROUP: 2, Table.LOT: 2,
}  # fmt: skip


@pytest.fixture
def tiny(monkeypatch):
    """Exchanges whose tables start with next to no rows."""
    shapes = dict(store._SHAPES)
    for table, rows in TINY.items():
        dtype, columns, _, most = shapes[table]
        shapes[table] = (dtype, columns, rows, most)
    monkeypatch.setattr(store, "_SHAPES", shapes)


def grown_tables(exchange):
    return {table for table in TINY if len(exchange._store[table]) > TINY[table]}


def test_tables_grow_without_loss(tiny):
    mix = Mix("growth", 3_000, 400, instruments=30, accounts=40)
    flow = Flow(mix)
    commands = np.concatenate([set_up(mix), *flow.fill(), flow.commands(4_000)])
    small = Exchange()
    reports = small.apply(commands)
    streams = [seeded_stream(seed, 400) for seed in range(6)]
    grown = grown_tables(small)
    for stream in streams:
        other = Exchange()
        other.apply(stream)
        assert restored(other).state_hash() == other.state_hash()
        grown |= grown_tables(other)
    assert grown >= set(TINY) - {Table.GROUP, Table.LOT, Table.EXTRA}
    large_reports, hashes = roomy(commands, streams)
    assert reports.tobytes() == large_reports
    assert [state_after(stream) for stream in [commands, *streams]] == hashes


@pytest.mark.nojit
@pytest.mark.parametrize("seed", [2, 7, 10])
def test_a_command_goes_on_where_its_room_ran_out(tiny, seed):
    """Tables of next to no rows, the smallest buffers, all market data: nothing is different."""
    commands, smallest = seeded_stream(seed, 200), np.zeros(STEP_REPORTS, layout.REPORT)
    small, found = Exchange(feed=Feed.ALL), []
    for at in range(0, len(commands), 50):
        found.append(small.apply(commands[at : at + 50], smallest.copy()).tobytes())
        small.market()
    assert grown_tables(small) >= {Table.ORDER, Table.LEVEL, Table.BRANCH, Table.POSITION}
    reports, (expected,) = roomy(commands, [])
    assert (b"".join(found), small.state_hash()) == (reports, expected)


def state_after(commands):
    exchange = Exchange()
    exchange.apply(commands)
    return exchange.state_hash()


_ROOMY = dict(store._SHAPES)


def roomy(commands, streams):
    """Reports and state hashes with the usual table sizes."""
    small, store._SHAPES = store._SHAPES, _ROOMY
    try:
        reports = Exchange().apply(commands).tobytes()
        return reports, [state_after(stream) for stream in [commands, *streams]]
    finally:
        store._SHAPES = small


@pytest.mark.nojit
def test_the_duplicate_window_grows_and_comes_back():
    rows = np.zeros(700, layout.COMMAND)
    rows["command"][:6] = [
        Command.INSTRUMENT_ADD, Command.NODE_ADD, Command.DEPOSIT, Command.SET, Command.SET,
        Command.PHASE,
    ]  # fmt: skip
    rows["entity"][[0, 1, 3, 4]] = 1
    rows["index"][:2] = 1
    rows["account"], rows["instrument"][6:] = 1, 1
    rows["value"][2], rows["value"][3], rows["value"][5] = 10**15, 10**9, Phase.CONTINUOUS
    rows["scope"][3:5] = Scope.NODE
    rows["attribute"][3], rows["attribute"][4] = NodeAttr.DUPLICATE_WINDOW_NS, NodeAttr.STATUS
    orders = rows[6:]
    orders["command"], orders["side"], orders["ord_type"] = Command.NEW_ORDER, Side.BUY, 2
    orders["cl_ord_id"] = orders["price"] = np.arange(1, len(orders) + 1)
    orders["order_qty"] = 1
    exchange = Exchange()
    exchange.apply(rows)
    assert len(exchange._store[Table.RECENT]) > 64
    other = restored(exchange)
    again = orders[:50].copy()
    again["cl_ord_id"] += 10**6
    assert other.apply(again).tobytes() == exchange.apply(again).tobytes()
    assert other.state_hash() == exchange.state_hash()


def test_a_full_table_is_named():
    with pytest.raises(CapacityError, match="core is full: its limit is 1"):
        Exchange()._store.grow(Table.CORE, 2)


@pytest.mark.parametrize(
    "commands",
    [
        np.zeros(3, layout.REPORT),
        np.zeros(4, layout.COMMAND)[::2],
        np.zeros((2, 2), layout.COMMAND),
        np.zeros((), layout.COMMAND),
        np.zeros(2, layout.COMMAND).astype(layout.COMMAND.newbyteorder(">")),
        np.zeros(3, "i8"),
        None,
        [1, 2],
        memoryview(bytes(192)),
    ],
)
def test_other_rows_are_refused(commands):
    exchange = Exchange()
    with pytest.raises(InvalidField, match="commands is"):
        exchange.apply(commands)
    assert exchange.seq == 0


@pytest.mark.parametrize(
    "out",
    [
        np.zeros(3, layout.REPORT),  # too short
        np.zeros((100, 100), layout.REPORT),
        np.frombuffer(bytes(100 * layout.REPORT.itemsize), layout.REPORT),  # may not be written
        np.zeros(100, layout.COMMAND),
        [],
    ],
)
def test_an_out_that_cannot_be_written_is_refused(out):
    exchange = Exchange()
    with pytest.raises(InvalidField, match="out is"):
        exchange.apply(np.zeros(1, layout.COMMAND), out)
    assert exchange.seq == 0


def test_rows_at_any_address_are_read():
    commands = seeded_stream(3, 200)
    bytes_of_them = b"x" + commands.tobytes()
    rows = np.frombuffer(bytes_of_them, np.uint8)[1:].view(layout.COMMAND)
    moved, plain = Exchange(), Exchange()
    assert moved.apply(rows).tobytes() == plain.apply(commands).tobytes()
    assert moved.state_hash() == plain.state_hash()


def test_no_commands_no_reports():
    assert len(Exchange().apply(np.zeros(0, layout.COMMAND))) == 0


def test_reports_of_a_call_are_the_callers_own():
    exchange = Exchange()
    first = exchange.apply(np.zeros(1, layout.COMMAND))
    kept = first.tobytes()
    exchange.apply(np.zeros(5, layout.COMMAND))
    assert first.tobytes() == kept
    first["seq"] = 9  # and they may write to it


@pytest.mark.parametrize("spoil", ["drop", "cut", "empty"])
def test_a_damaged_snapshot_is_refused_and_changes_nothing(spoil):
    exchange = Exchange()
    exchange.apply(seeded_stream(3, 50))
    before = exchange.state_hash()
    parts = exchange.snapshot()
    if spoil == "drop":
        del parts["order"]
    else:
        parts["order"] = parts["order"][:-1] if spoil == "cut" else b""
    with pytest.raises(InvalidField, match="snapshot part order"):
        exchange.restore(parts)
    assert exchange.state_hash() == before


@pytest.mark.parametrize("rows", [1, 63, 64, 65, 5000])
def test_small_and_large_batches_take_the_same_way(rows):
    exchange, commands = Exchange(), np.zeros(rows, layout.COMMAND)
    assert exchange.apply(commands)["seq"].tolist() == list(range(1, rows + 1))
