"""The kernels that count for the sequencer, against the obvious way of counting."""

from collections import Counter

import numpy as np
import pytest

from domain.codes import Command, ExecType, MarketType, ReportType
from domain.layout import COMMAND, MARKET, REPORT
from server.sequencer.bars import SECOND
from server.sequencer.numbering.places import Note, Place
from server.sequencer.numbering.window import Window
from tests.server.counting import PARENTS, Counting, no_reports

pytestmark = pytest.mark.nojit


def random_batch(seed: int, commands: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Commands of six sessions, and reports as an exchange might write them."""
    rng = np.random.default_rng(seed)
    rows = np.zeros(commands, COMMAND)
    rows["seq"] = np.arange(1000, 1000 + commands)
    rows["command"] = rng.choice([1, 2, 3, 4, 5, int(Command.TICK)], commands)
    rows["session"] = rng.integers(0, 6, commands)
    rows["account"] = rng.integers(0, 10, commands)
    reports = np.zeros(2 * commands, REPORT)
    place = np.sort(rng.integers(0, commands, len(reports)))
    reports["seq"] = rows["seq"][place]
    reports["report"] = rng.choice([int(ReportType.EXECUTION), int(ReportType.ADMIN)], len(place))
    reports["exec_type"] = rng.choice([int(ExecType.NEW), int(ExecType.TRADE)], len(place))
    reports["order_id"] = rng.integers(0, 40, len(place))
    reports["account"] = np.where(
        rng.random(len(place)) < 0.5, rows["account"][place], rng.integers(-1, 12, len(place))
    )
    return rows, reports


def obvious(rows, reports, owners, parents, known: int):
    """(entered, asked, reports by session, reports by node)."""
    entered, asked, sessions, nodes = [], [], Counter(), Counter()
    by_seq = {int(row["seq"]): row for row in rows}
    for report in reports:
        cause, order = by_seq[int(report["seq"])], int(report["order_id"])
        execution = report["report"] == ReportType.EXECUTION
        if execution and report["exec_type"] == ExecType.NEW and order:
            owners[order] = int(cause["session"])
        owner = owners.get(order, 0) if order else 0
        told = not execution or report["account"] == cause["account"]
        asker = int(cause["session"]) if told and cause["session"] != owner else 0
        entered.append(owner)
        asked.append(asker)
        sessions.update(number for number in (owner, asker) if 0 < number < known)
        node = int(report["account"])
        while 0 < node < len(parents):
            nodes[node] += 1
            node = int(parents[node])
    return entered, asked, sessions, nodes


@pytest.mark.parametrize("seed", range(3))
def test_reports_go_to_who_entered_and_who_asked(seed):
    rows, reports = random_batch(seed)
    owners = np.zeros(64, np.int32)
    owners[7] = 3
    batch = Counting(rows, reports, np.zeros(0, MARKET), owners=owners)
    assert batch.follow() == len(rows)
    found, counted = batch.reports, batch.counted
    wanted = obvious(rows, reports, {7: 3}, PARENTS, 5)
    assert found.column("entered").tolist() == wanted[0]
    assert found.column("asked").tolist() == wanted[1]
    assert found.column("account").tolist() == reports["account"].tolist()
    assert found.rows.tobytes() == reports.tobytes()
    assert counted[Place.NUMBERED].tolist() == [wanted[2][n] for n in range(5)]
    assert counted[Place.NODES].tolist() == [wanted[3][n] for n in range(len(PARENTS))]
    known = Counter(int(r["session"]) for r in rows if r["command"] <= 5 and 0 < r["session"] < 5)
    assert counted[Place.COMMANDS].tolist() == [known[n] for n in range(5)]
    assert not batch.numbers.tokens
    assert batch.numbers.only == 0  # reports of more than one


@pytest.mark.parametrize(("sessions", "orders", "only"), [
    ([3, 3], [7, 7], 3), ([3, 3], [7, 8], 0), ([4, 4], [8, 8], 4), ([3, 4], [7, 7], 0), ([], [], 0),
])  # fmt: skip
def test_a_batch_of_one_session_is_said_to_be_one(sessions, orders, only):
    rows, reports = np.zeros(len(sessions) or 1, COMMAND), np.zeros(len(orders), REPORT)
    rows["seq"] = np.arange(len(rows))
    if sessions:
        rows["session"], rows["account"] = sessions, 1
    reports["seq"], reports["order_id"], reports["account"] = np.arange(len(orders)), orders, 1
    reports["report"], reports["exec_type"] = int(ReportType.EXECUTION), int(ExecType.TRADE)
    owners = np.zeros(64, np.int32)
    owners[7], owners[8] = 3, 4
    batch = Counting(rows, reports, np.zeros(0, MARKET), owners=owners)
    batch.follow()
    assert batch.numbers.only == only


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_the_reports_of_each_session(seed):
    rng = np.random.default_rng(seed)
    entered = rng.integers(0, 9, 300).astype(np.int32)
    asked = np.where(rng.random(300) < 0.3, (entered + 1) % 9, 0).astype(np.int32)
    batch = Counting(np.zeros(1, COMMAND), np.zeros(300, REPORT), np.zeros(0, MARKET))
    batch.reports.column("entered")[:], batch.reports.column("asked")[:] = entered, asked
    for begin, end in ((0, 300), (40, 120), (7, 7), (100, 300)):  # one after the other
        groups = batch.numbers.groups(begin, end, 9)
        found = {number: picks.tolist() for number, picks in groups}
        wanted = {number: [] for number in range(1, 9)}
        for n in range(begin, end):
            for number in {int(entered[n]), int(asked[n])} - {0}:
                wanted[number].append(n - begin)
        assert found == {number: picks for number, picks in wanted.items() if picks}


def test_a_connect_is_looked_at_before_what_follows_is_counted():
    rows = np.zeros(6, COMMAND)
    rows["seq"] = range(6)
    rows["command"] = [1, 2, int(Command.CONNECT), 5, int(Command.TICK), 3]
    rows["session"] = [1, 2, 1, 1, 1, 99]
    batch = Counting(rows, *no_reports())
    counted = batch.counted
    assert batch.follow() == 2
    assert counted[Place.COMMANDS].tolist() == [0, 1, 1, 0, 0]
    assert batch.follow(3) == 6
    assert counted[Place.COMMANDS].tolist() == [0, 2, 1, 0, 0]  # TICK has no number, 99 is unknown
    rows["command"][1] = int(Command.DISCONNECT)
    assert Counting(rows, *no_reports()).follow() == 1


def test_more_room_for_orders_is_asked_for_before_anything_is_counted():
    rows, reports = random_batch(1)
    reports["order_id"][7] = 5000
    batch = Counting(rows, reports, np.zeros(0, MARKET))
    counted = batch.counted
    assert batch.follow() == -5001
    assert not counted[Place.NUMBERED].any()
    batch.numbers.places.put(Place.OWNERS, np.zeros(5001, np.int32))
    before = counted[Place.COMMANDS].tolist()
    assert batch.follow(len(rows)) == len(rows)
    assert counted[Place.COMMANDS].tolist() == before
    assert counted[Place.NUMBERED].any()


def test_tokens_are_seen():
    rows = np.zeros(3, COMMAND)
    rows.view(np.int64).reshape(3, -1)[2, -1] = -5
    batch = Counting(rows, *no_reports())
    batch.follow()
    assert batch.numbers.tokens
    assert not batch.numbers.others
    rows["command"][0] = 200
    batch.follow()
    assert batch.numbers.others


def test_updates_are_numbered_by_channel_and_have_the_time_of_their_command():
    rows, market = np.zeros(3, COMMAND), np.zeros(5, MARKET)
    rows["seq"], rows["transact_time"] = [7, 8, 9], [50, 20, 70]
    market["seq"] = [7, 7, 8, 9, 9]
    market["instrument"], market["market"] = [1, 1, 2, 1, 2], [0, 3, 3, 0, 3]
    market["price"] = range(5)
    batch = Counting(rows, np.zeros(0, REPORT), market, kinds=np.array([2, 0, 0, 5]))
    batch.numbers.notes[Note.NOW] = 40
    batch.follow()
    counts = batch.channels.counts
    assert batch.updates.column("channel").tolist() == [10, 13, 21, 10, 21]
    assert {n: int(c) for n, c in enumerate(counts) if c} == {10: 2, 13: 1, 21: 2}
    assert batch.updates.column("time").tolist() == [50, 50, 50, 70, 70]
    assert batch.updates.rows.tobytes() == market.tobytes()
    assert batch.numbers.notes[Note.NOW] == 70


def test_time_goes_on_where_nothing_is_told():
    rows = np.zeros(2, COMMAND)
    rows["transact_time"] = [90, 80]
    batch = Counting(rows, *no_reports())
    batch.follow()
    assert batch.numbers.notes[Note.NOW] == 90


def test_trades_wait_for_their_bars():
    rows, market = np.zeros(1, COMMAND), np.zeros(3, MARKET)
    rows["transact_time"] = 5
    market["market"] = [int(MarketType.TOP), int(MarketType.TRADE), int(MarketType.TRADE)]
    market["instrument"], market["price"], market["qty"] = 1, [1, 2, 3], 4
    batch = Counting(rows, np.zeros(0, REPORT), market)
    batch.follow()
    assert batch.bars.count == 1
    [bar] = batch.bars.of(1, SECOND)[0].tolist()
    assert bar[1:6] == (2, 3, 2, 3, 8)


def test_a_window_keeps_the_newest_rows_and_a_large_batch_whole():
    window = Window(MARKET, 100, {"channel": np.int64})
    for begin in range(0, 600, 60):
        kept = window.reserve(60)
        kept.rows["seq"] = kept.column("channel")[:] = range(begin, begin + 60)
    assert window.last == 600
    assert 100 <= len(window.rows) <= 200
    assert window.rows["seq"].tolist() == list(range(window.first - 1, 600))
    kept = window.reserve(1000)
    kept.rows["seq"] = range(600, 1600)
    assert (window.first, window.last, len(window.rows)) == (601, 1600, 1000)
    assert kept.address == window.rows.ctypes.data
    kept = window.reserve(10)
    kept.rows["seq"] = range(1600, 1610)
    assert window.rows["seq"].tolist() == list(range(1510, 1610))  # and the memory is given back
    assert len(window.columns["channel"]) == 200
