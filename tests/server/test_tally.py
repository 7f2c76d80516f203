"""The kernels that count for the sequencer, against the obvious way of counting."""

from collections import Counter

import numpy as np
import pytest

from domain.codes import Command, ExecType, ReportType
from domain.layout import COMMAND, MARKET, REPORT
from server.sequencer.numbering import tally

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


@pytest.mark.parametrize("seed", range(3))
def test_reports_go_to_who_entered_and_who_asked(seed):
    rows, reports = random_batch(seed)
    owners, sessions = np.zeros(64, np.int32), np.zeros(5, np.int64)
    owners[7] = 3
    nodes = np.zeros(len(PARENTS), np.int64)
    entered, asked = np.zeros(len(reports), np.int32), np.zeros(len(reports), np.int32)
    tally.own_reports(rows, reports, owners, PARENTS, sessions, nodes, entered, asked)
    wanted = obvious(rows, reports, {7: 3}, PARENTS, len(sessions))
    assert entered.tolist() == wanted[0]
    assert asked.tolist() == wanted[1]
    assert sessions.tolist() == [wanted[2][n] for n in range(5)]
    assert nodes.tolist() == [wanted[3][n] for n in range(len(PARENTS))]


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


def test_commands_are_counted_up_to_the_next_connect():
    rows = np.zeros(6, COMMAND)
    rows["command"] = [1, 2, int(Command.CONNECT), 5, int(Command.TICK), 3]
    rows["session"] = [1, 2, 1, 1, 1, 99]
    counts = np.zeros(4, np.int64)
    assert tally.count_commands(rows, 0, counts) == 2
    assert counts.tolist() == [0, 1, 1, 0]
    assert tally.count_commands(rows, 3, counts) == 6
    assert counts.tolist() == [0, 2, 1, 0]  # a TICK has no number, session 99 is not known
    rows["command"][1] = int(Command.DISCONNECT)
    assert tally.count_commands(rows, 0, counts) == 1


def test_updates_are_numbered_by_channel():
    rows = np.zeros(5, MARKET)
    rows["instrument"], rows["market"] = [1, 1, 2, 1, 2], [0, 3, 3, 0, 3]
    slots, counts = np.array([2, 0, 0, 5]), np.zeros(24, np.int64)
    channels = np.zeros(5, np.int64)
    tally.number_updates(rows, slots, counts, channels)
    assert channels.tolist() == [10, 13, 21, 10, 21]
    assert {n: int(c) for n, c in enumerate(counts) if c} == {10: 2, 13: 1, 21: 2}
