"""The kernels that count for the sequencer, against the obvious way of counting."""

from collections import Counter

import numpy as np
import pytest

from domain.codes import Command, ExecType, ReportType
from domain.layout import COMMAND, MARKET, REPORT
from server.sequencer.numbering import tally
from server.sequencer.numbering.numbers import Numbers
from server.sequencer.numbering.places import Place

pytestmark = pytest.mark.nojit
PARENTS = np.array([0, 0, 1, 1, 2, 3, 4, 4, 5, 0], np.int32)


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


def shown(rows, reports, market, sessions: int = 5, owners=None, kinds=None) -> tuple:
    """(numbers, what it counts in) of a batch that is yet to be followed."""
    counted = {
        Place.OWNERS: np.zeros(64, np.int32) if owners is None else owners,
        Place.PARENTS: PARENTS,
        Place.NODES: np.zeros(len(PARENTS), np.int64),
        Place.COMMANDS: np.zeros(sessions, np.int64),
        Place.NUMBERED: np.zeros(sessions, np.int64),
        Place.CHANNELS: np.zeros(24, np.int64),
    }
    numbers = Numbers(np.zeros(256, np.int64) if kinds is None else kinds)
    numbers.show(rows, reports, market)
    for place, array in counted.items():
        numbers.places.put(place, array)
    return numbers, counted


@pytest.mark.parametrize("seed", range(3))
def test_reports_go_to_who_entered_and_who_asked(seed):
    rows, reports = random_batch(seed)
    owners = np.zeros(64, np.int32)
    owners[7] = 3
    numbers, counted = shown(rows, reports, np.zeros(0, MARKET), owners=owners)
    assert numbers.follow(0) == len(rows)
    found = numbers.owned(len(reports), 0)
    wanted = obvious(rows, reports, {7: 3}, PARENTS, 5)
    assert found.entered.tolist() == wanted[0]
    assert found.asked.tolist() == wanted[1]
    assert counted[Place.NUMBERED].tolist() == [wanted[2][n] for n in range(5)]
    assert counted[Place.NODES].tolist() == [wanted[3][n] for n in range(len(PARENTS))]
    known = Counter(int(r["session"]) for r in rows if r["command"] <= 5 and 0 < r["session"] < 5)
    assert counted[Place.COMMANDS].tolist() == [known[n] for n in range(5)]
    assert not found.tokens


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_the_reports_of_each_session(seed):
    rng = np.random.default_rng(seed)
    entered = rng.integers(0, 9, 300).astype(np.int32)
    asked = np.where(rng.random(300) < 0.3, (entered + 1) % 9, 0).astype(np.int32)
    starts, names, picks = np.zeros(9, np.int64), np.zeros(18, np.int64), np.zeros(600, np.int64)
    count = tally.group(entered, asked, starts, names, picks)
    begin, found = 0, {}
    for number, end in names[: 2 * count].reshape(-1, 2).tolist():
        found[number] = picks[begin:end].tolist()
        begin = end
    every = range(1, 9)
    assert found == {
        number: [n for n in range(300) if number in (entered[n], asked[n])] for number in every
    }
    assert not starts.any()  # ready for the next batch


def test_a_connect_is_looked_at_before_what_follows_is_counted():
    rows = np.zeros(6, COMMAND)
    rows["seq"] = range(6)
    rows["command"] = [1, 2, int(Command.CONNECT), 5, int(Command.TICK), 3]
    rows["session"] = [1, 2, 1, 1, 1, 99]
    none = np.zeros(0, REPORT), np.zeros(0, MARKET)
    numbers, counted = shown(rows, *none)
    assert numbers.follow(0) == 2
    assert counted[Place.COMMANDS].tolist() == [0, 1, 1, 0, 0]
    assert numbers.follow(3) == 6
    assert counted[Place.COMMANDS].tolist() == [0, 2, 1, 0, 0]  # TICK has no number, 99 is unknown
    rows["command"][1] = int(Command.DISCONNECT)
    assert shown(rows, *none)[0].follow(0) == 1


def test_more_room_for_orders_is_asked_for_before_anything_is_counted():
    rows, reports = random_batch(1)
    reports["order_id"][7] = 5000
    numbers, counted = shown(rows, reports, np.zeros(0, MARKET))
    assert numbers.follow(0) == -5001
    assert not counted[Place.NUMBERED].any()
    numbers.places.put(Place.OWNERS, np.zeros(5001, np.int32))
    before = counted[Place.COMMANDS].tolist()
    assert numbers.follow(len(rows)) == len(rows)
    assert counted[Place.COMMANDS].tolist() == before
    assert counted[Place.NUMBERED].any()


def test_tokens_are_seen():
    rows = np.zeros(3, COMMAND)
    rows.view(np.int64).reshape(3, -1)[2, -1] = -5
    numbers, _ = shown(rows, np.zeros(0, REPORT), np.zeros(0, MARKET))
    numbers.follow(0)
    assert numbers.owned(0, 0).tokens
    assert not numbers.owned(0, 0).others
    rows["command"][0] = 200
    numbers.follow(0)
    assert numbers.owned(0, 0).others


def test_updates_are_numbered_by_channel():
    market = np.zeros(5, MARKET)
    market["instrument"], market["market"] = [1, 1, 2, 1, 2], [0, 3, 3, 0, 3]
    rows, kinds = np.zeros(1, COMMAND), np.array([2, 0, 0, 5])
    numbers, counted = shown(rows, np.zeros(0, REPORT), market, kinds=kinds)
    numbers.follow(0)
    assert numbers.owned(0, 5).channels.tolist() == [10, 13, 21, 10, 21]
    assert {n: int(c) for n, c in enumerate(counted[Place.CHANNELS]) if c} == {10: 2, 13: 1, 21: 2}
