"""The load: arrivals, what is counted from when, and checks that find what was planted."""

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from benches.load import report, schedule, traffic
from benches.load.checker import Evidence, check
from benches.load.encoding import messages
from benches.load.recorder import Recorder
from benches.load.run import Outcome, Wish
from benches.load.session import Heard
from benches.load.standing import Standing
from benches.load.traffic import Line, Place
from benches.load.workers import Way
from benches.workloads import MIXES, Flow, set_up
from domain.codes import Command
from domain.errors import InvalidField
from domain.layout import COMMAND
from gridworks.api.trading.v1.order_entry_pb2 import (
    DropCopyResponse,
    OrderEntryRequest,
    OrderEntryResponse,
)
from gridworks.cli import main
from server.codec.decoder import Decoder

SECOND = 10**9


# ------------------------------------------------------------------ when


@pytest.mark.parametrize("name", schedule.ARRIVALS)
def test_arrivals_have_their_rate_and_rise(name):
    times = schedule.arrivals(name, 5000.0, 10.0, np.random.default_rng(1))
    assert abs(len(times) - 50_000) < 5_000
    assert (np.diff(times) >= 0).all()
    assert times[0] >= 0
    assert times[-1] < 10 * SECOND


def test_poisson_gaps_are_exponential():
    gaps = np.diff(schedule.poisson(1000.0, 50.0, np.random.default_rng(2))) / 1e6
    assert abs(gaps.mean() - 1) < 0.05
    assert abs((gaps > 1).mean() - np.exp(-1)) < 0.02
    assert abs((gaps > 3).mean() - np.exp(-3)) < 0.01


def test_a_burst_is_due_at_once():
    times = schedule.bursts(1000.0, 5.0, np.random.default_rng(3), size=50)
    assert set(np.unique(times, return_counts=True)[1].tolist()) == {50}


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (lambda: schedule.arrivals("often", 1.0, 1.0, np.random.default_rng(1)), "poisson"),
        (lambda: schedule.arrivals("even", 1e6, 1e6, np.random.default_rng(1)), "rate x seconds"),
        (lambda: schedule.arrivals("even", np.inf, 1, np.random.default_rng(1)), "is 'inf'"),
        (lambda: traffic.mix_of("W5", 4), "W5 opens markets"),
    ],
)
def test_what_cannot_be_is_named(wrong, named):
    with pytest.raises(InvalidField, match=named):
        wrong()


def test_times_out_of_a_file(tmp_path):
    path = tmp_path / "times.txt"
    path.write_text("# seconds\n10.5\n10.5\n\n12\n")
    assert schedule.from_file(path, 2.0).tolist() == [0, 0, 750_000_000]
    path.write_text("1\n0.5\n")
    with pytest.raises(InvalidField, match="line 2"):
        schedule.from_file(path)
    for never in ("inf", "nan", "-inf"):
        path.write_text(f"1\n{never}\n")
        with pytest.raises(InvalidField, match="line 2"):
            schedule.from_file(path)
    path.write_text("1\n100000\n")
    assert schedule.from_file(path, 2.0)[1] == 49_999.5 * SECOND
    with pytest.raises(InvalidField, match="99999 s'; allowed: at most 86,400 s"):
        schedule.from_file(path)
    path.write_text("1\nsoon\n")
    with pytest.raises(InvalidField, match="soon"):
        schedule.from_file(path)
    with pytest.raises(InvalidField, match="nowhere"):
        schedule.from_file(tmp_path / "nowhere")


def test_commands_and_times_out_of_a_log(tmp_path):
    from benches.load.local import LOG_FILE, seed

    mix = MIXES["W1"]
    flow = Flow(mix)
    rows = [next(flow.fill())[:300].copy() for _ in range(2)]
    rows[1]["transact_time"] = rows[0]["transact_time"] + 10 * SECOND
    seed(tmp_path, [set_up(mix), *rows])
    found, due = traffic.from_log(tmp_path / LOG_FILE, 4.0)
    assert len(found) == 600  # what set the market up is no client's
    assert found["cl_ord_id"].tolist() == [*rows[0]["cl_ord_id"], *rows[1]["cl_ord_id"]]
    assert due[0] == 0
    assert due[300] == 2.5 * SECOND


# ------------------------------------------------------------------ what


def test_messages_are_the_rows_and_may_be_joined():
    flow = Flow(MIXES["W3"])
    list(flow.fill())
    rows = flow.commands(200)
    texts = [message for _, message in messages(rows, 1)]
    decoder = Decoder()
    got = decoder.one(b"".join(texts)).copy()
    for name in ("command", "cl_ord_id", "orig_cl_ord_id", "account", "instrument", "side",
                 "price", "order_qty", "time_in_force"):  # fmt: skip
        assert got[name].tolist() == rows[name].tolist(), name
    whole = b"".join(message for _, message in messages(rows, 64))
    assert OrderEntryRequest.FromString(whole) == OrderEntryRequest.FromString(b"".join(texts))


def test_an_account_keeps_to_one_session_and_its_order():
    place = Place(tuple((f"accounts/{n}", 100 + n) for n in range(10)), (("instruments/A", 3),))
    flow = Flow(MIXES["W1"])
    list(flow.fill())
    rows = traffic.placed(flow.commands(500), MIXES["W1"], place, 10**18)
    due = np.arange(500) * 1000
    lines = traffic.spare(traffic.lines(rows, due, place, 4, "x"), 6, "x")
    assert [line.session for line in lines] == [f"x-{n}" for n in range(6)]
    assert sum(len(line.due) for line in lines) == 500
    owners = [set(line.rows["account"].tolist()) for line in lines]
    assert sum(map(len, owners)) == len(set.union(*owners)) == 10
    assert all((np.diff(line.due) > 0).all() for line in lines)
    assert set(rows["instrument"].tolist()) == {3}
    assert rows["cl_ord_id"].min() > 10**18


def test_a_server_with_too_few_instruments_is_named():
    place = Place((("accounts/a", 1),), (("instruments/A", 1),))
    with pytest.raises(InvalidField, match="10,000 instruments"):
        traffic.placed(np.zeros(1, COMMAND), MIXES["W4"], place, 0)


# ------------------------------------------------------------------ how long


def heard_of(rows, due, sent, answers, name="s"):
    """A session whose answers are (ns, commands processed, reports)."""
    line = Line(name, "accounts/a", rows, np.asarray(due), [b""] * len(rows))
    heard = Heard(line, np.asarray(sent))
    number = 1
    for at, upto, reports in answers:
        message = OrderEntryResponse(msg_seq_num=number, last_msg_seq_num_processed=upto)
        for cells in reports:
            message.reports.add(**cells)
        number += len(reports)
        heard.messages.append((at, message.SerializeToString()))
    return heard


def test_a_stall_counts_for_all_that_were_due_meanwhile():
    """A server stands still for a second; who waits for answers would have seen that once."""
    rows = np.zeros(1000, COMMAND)
    rows["command"] = Command.NEW_ORDER
    due = np.arange(1000) * 1_000_000
    start = 5 * SECOND
    sent = start + np.where(due < SECOND // 2, due, SECOND)  # the client was held up too
    heard = heard_of(rows, due, sent, [(start + SECOND + 1000, 1000, ())])
    recorder = Recorder(start)
    recorder.add(heard)
    line = recorder.lines(recorder.from_due)["NEW_ORDER"]
    assert line["count"] == 1000
    assert line["p50"] == pytest.approx(SECOND / 2, rel=0.01)
    assert line["max"] == pytest.approx(SECOND, rel=0.01)
    quick = recorder.lines(recorder.from_sent)["NEW_ORDER"]
    assert quick["p50"] < line["p50"]  # what a closed loop would have told
    assert recorder.unanswered == 0


# ------------------------------------------------------------------ is it true


TRADE = {"report": 1, "command": 1, "exec_type": 70, "instrument": 3, "last_px": 50, "last_qty": 7}


def evidence_of(change=lambda reports, after: None):
    """A buyer and a seller who trade seven lots; `change` spoils something."""
    reports = [
        {"exec_id": 1, "seq": 1, "report": 1, "command": 1, "exec_type": 48, "cl_ord_id": 11,
         "order_id": 64, "account": 1, "side": 1, "leaves_qty": 10, "instrument": 3},
        {"exec_id": 2, "seq": 2, "report": 1, "command": 1, "exec_type": 48, "cl_ord_id": 12,
         "order_id": 65, "account": 2, "side": 2, "leaves_qty": 7, "instrument": 3},
        {**TRADE, "exec_id": 3, "seq": 2, "trade_id": 9, "cl_ord_id": 11, "order_id": 64,
         "account": 1, "side": 1, "leaves_qty": 3},
        {**TRADE, "exec_id": 4, "seq": 2, "trade_id": 9, "cl_ord_id": 12, "order_id": 65,
         "account": 2, "side": 2, "leaves_qty": 0},
    ]  # fmt: skip
    after = Standing({(1, 3): 7, (2, 3): -7}, {64: (1, 3)})
    drop = DropCopyResponse(msg_seq_num=1)
    for cells in reports:
        drop.reports.add(**cells)
    change(reports, after)
    sessions = []
    for account, at in ((1, (0, 2)), (2, (1, 3))):
        rows = np.zeros(1, COMMAND)
        rows["command"], rows["cl_ord_id"] = 1, 10 + account
        own = [reports[n] for n in at if n < len(reports)]
        sessions.append(heard_of(rows, [0], [1], [(5, 1, own)], f"s{account}"))

    class Drop:
        messages, problem = [drop.SerializeToString()], ""

    return Evidence(sessions, [Drop()], Standing({}, {}), after, frozenset({1, 2}))


def failed(evidence):
    return [each.name for each in check(evidence) if each.ok is False]


def test_what_is_true_passes_every_check():
    results = check(evidence_of())
    assert [each.ok for each in results] == [True] * 8, results


AGREE = "sessions and drop copy agree"


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda reports, after: reports.pop(), [AGREE]),  # a fill that nobody was told
        (lambda reports, after: reports[2].update(last_px=51), [AGREE]),
        (lambda reports, after: reports[0].update(cl_ord_id=99), ["one answer a command", AGREE]),
        (lambda reports, after: after.positions.update({(1, 3): 6}),
         ["positions = fills", "positions sum to what they were"]),
        (lambda reports, after: after.positions.update({(1, 3): 8, (2, 3): -8}),
         ["positions = fills"]),
        (lambda reports, after: after.open_orders.update({64: (1, 4)}), ["open orders = reports"]),
        (lambda reports, after: after.open_orders.clear(), ["open orders = reports"]),
    ],
)  # fmt: skip
def test_what_is_planted_is_found(spoil, found):
    assert failed(evidence_of(spoil)) == found


def test_a_gap_in_a_numbering_is_found():
    evidence = evidence_of()
    evidence.numbers[0] = np.array([[1, 2], [4, 1]])
    assert failed(evidence) == ["no gap in any numbering"]


def test_a_trade_with_unequal_sides_is_found():
    evidence = evidence_of()
    evidence.every["last_qty"][3] = 6
    assert {"two equal sides a trade", "positions = fills"} <= set(failed(evidence))


# ------------------------------------------------------------------ all of it


def test_the_outcome_is_drawn(tmp_path):
    rows = np.zeros(50, COMMAND)
    rows["command"] = Command.NEW_ORDER
    due = np.arange(50) * SECOND // 10
    heard = heard_of(rows, due, due + 10, [(int(at) + 2_000_000, n + 1, ())
                                           for n, at in enumerate(due)])  # fmt: skip
    recorder = Recorder(0)
    recorder.add(heard)
    outcome = Outcome(recorder, check(evidence_of()), 50, 1, 5.0, [(0.0, 10**8)] * 6, 1.0)
    report.draw(outcome, tmp_path / "out.png")
    assert (tmp_path / "out.png").stat().st_size > 10_000
    made = report.document(outcome, Wish(), Way(), {})
    assert made["ok"]
    assert made["from_due_ns"]["NEW_ORDER"]["count"] == 50
    assert sum(made["answered"].values()) == 50


def test_a_server_that_is_not_there_is_an_error_in_one_line():
    run = CliRunner().invoke(
        main.build(), ["load", "--target", "127.0.0.1:1", "--key", "gw_test_x", "--seconds", "1"]
    )
    assert run.exit_code == 2
    assert run.output.startswith("gridworks: UNAVAILABLE")
    assert Path("load.json").exists() is False


def test_a_report_that_cannot_be_written_is_known_before_the_load(tmp_path):
    done = CliRunner().invoke(main.build(), ["load", "--json", str(tmp_path / "none" / "out")])
    assert done.exit_code == 2
    assert "no folder" in " ".join(done.output.split())
