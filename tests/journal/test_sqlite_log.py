"""What a log promises while nothing goes wrong, and what it refuses."""

import pickle
import subprocess
import sys
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain import errors
from domain.errors import InvalidField, LogLocked, LogMismatch, LogUnavailable
from journal import CommandLog, SqliteLog, verify
from journal.chain import genesis, link
from tests.journal.rows import LAYOUT, ROW, blob_of, content, fill, open_log


@pytest.fixture
def path(tmp_path):
    return tmp_path / "commands.db"


def test_what_is_appended_comes_back(path):
    with open_log(path) as log:
        assert (log.last_seq, log.head) == (0, genesis(ROW, LAYOUT))
        fill(log, [1, 3, 64])
        assert list(log.replay()) == [
            (1, 1, blob_of(1, 1)), (2, 3, blob_of(2, 3)), (5, 64, blob_of(5, 64)),
        ]  # fmt: skip
        head = log.head
    with open_log(path) as log:
        assert log.head == head
        assert log.durable_seq == 68
        assert content(log) == blob_of(1, 68)


def test_the_interface_is_what_the_class_has():
    log: type[CommandLog] = SqliteLog
    names = {name for name in vars(CommandLog) if not name.startswith("_")}
    assert names <= set(dir(log))


def test_the_digest_is_what_the_documentation_says(path):
    with open_log(path) as log:
        fill(log, [2])
        assert log.head_digest == link(genesis(ROW, LAYOUT).digest, 1, 2, blob_of(1, 2))


@given(counts=st.lists(st.integers(1, 9), max_size=12), data=st.data())
def test_replay_starts_after_any_command(tmp_path_factory, counts, data):
    with open_log(tmp_path_factory.mktemp("log") / "c.db", policy="memory") as log:
        fill(log, counts)
        after = data.draw(st.integers(0, log.last_seq))
        assert content(log, after) == blob_of(after + 1, log.last_seq - after)


def test_replay_of_more_rows_than_one_read_transaction_lasts(path):
    with open_log(path, policy="memory", commit_every=2000) as log:
        fill(log, [1] * 1500)
        assert content(log) == blob_of(1, 1500)
        assert content(log, 1024) == blob_of(1025, 476)


def test_several_batches_are_one_commit_or_none(path):
    with open_log(path) as log:
        log.append_many([(1, 2, blob_of(1, 2)), (3, 1, blob_of(3, 1))])
        log.append_many([])
        with pytest.raises(InvalidField, match=r"first_seq is 9; allowed: 5, the next one"):
            log.append_many([(4, 1, blob_of(4, 1)), (9, 1, blob_of(9, 1))])
        assert log.last_seq == 3
        assert content(log) == blob_of(1, 3)


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        ((3, 1, blob_of(3, 1)), "first_seq is 3; allowed: 2, the next one"),
        ((1, 1, blob_of(1, 1)), "first_seq is 1; allowed: 2, the next one"),
        ((2, 0, b""), "count is 0; allowed: 1 to"),
        ((2, -1, b""), "count is -1; allowed: 1 to"),
        ((2, 2**40, b""), "count is 1099511627776; allowed: 1 to 16777216 commands"),
        ((2, 2, blob_of(2, 1)), "blob size is 32; allowed: 2 rows of 32 = 64"),
    ],
)
@pytest.mark.parametrize("policy", ["memory", "disk"])
def test_a_batch_that_does_not_fit_is_refused_and_nothing_changes(path, batch, says, policy):
    with open_log(path, policy=policy) as log:
        fill(log, [1])
        with pytest.raises(InvalidField, match=says):
            log.append(*batch)
        fill(log, [1])
        assert content(log) == blob_of(1, 2)


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"row_size": 0}, "row_size is 0; allowed: 1 or more bytes"),
        ({"policy": "quorum"}, "policy is 'quorum'; allowed: 'memory' or 'disk'"),
        ({"commit_every": 0}, "commit_every is 0"),
        ({"keep_snapshots": 0}, "keep_snapshots is 0"),
    ],
)
def test_an_option_that_is_not_understood_is_refused(path, option, says):
    with pytest.raises(InvalidField, match=says):
        open_log(path, **option)
    assert not path.exists()


def test_any_buffer_is_a_blob_and_memory_keeps_its_own_copy(path):
    rows = array("q", range(8))
    with open_log(path, policy="memory") as log:
        before = rows.tobytes()
        log.append(1, 2, memoryview(rows))
        rows[0] = -1
        log.append(3, 2, bytearray(rows.tobytes()))
        log.flush()
        assert [blob for _, _, blob in log.replay()] == [before, rows.tobytes()]
    with open_log(path) as log:
        log.append(5, 2, memoryview(rows))
        assert list(log.replay(4)) == [(5, 2, rows.tobytes())]


def test_memory_acknowledges_first_and_writes_at_flush_every_n_and_close(path):
    with open_log(path, policy="memory", commit_every=4) as log:
        fill(log, [1] * 4)
        assert (log.last_seq, log.durable_seq) == (4, 0)
        fill(log, [1])
        assert (log.last_seq, log.durable_seq) == (5, 4)
        log.flush()
        assert log.durable_seq == 5
        fill(log, [1])
    assert verify(path).commands == 6


def test_a_batch_of_64_mebibytes(path):
    blob = bytes(64 * 2**20)
    with open_log(path) as log:
        log.append(1, len(blob) // ROW, blob)
        fill(log, [1])
    with open_log(path) as log:
        assert [len(piece) for _, _, piece in log.replay()] == [len(blob), ROW]
    assert verify(path).ok


def test_a_second_writer_is_told_at_once_and_a_reader_is_not(path):
    with open_log(path) as log:
        fill(log, [2])
        with pytest.raises(LogLocked, match="another writer has it open"):
            open_log(path)
        code = (
            "import sys; from tests.journal.rows import open_log\n"
            "try: open_log(sys.argv[1])\n"
            "except Exception as e: print(type(e).__name__)"
        )
        other = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True
        )
        assert other.stdout == "LogLocked\n"
        assert verify(path).commands == 2
        fill(log, [3])
        assert verify(path).commands == 5
    open_log(path).close()


@pytest.mark.parametrize(
    ("option", "says"),
    [
        ({"row_size": 64}, "row_size of the log is 32; this program needs 64"),
        ({"layout": "other"}, "layout of the log is 'test rows'; this program needs 'other'"),
    ],
)
def test_a_log_of_other_rows_is_refused_and_let_go(path, option, says):
    open_log(path).close()
    with pytest.raises(LogMismatch, match=says):
        open_log(path, **option)
    open_log(path).close()


def test_a_closed_log_says_so(path):
    log = open_log(path)
    log.close()
    log.close()
    for use in (
        lambda: log.append(1, 1, blob_of(1, 1)),
        lambda: list(log.replay()),
        lambda: log.write_snapshot(1, {}),
        log.latest_snapshot,
        log.flush,
    ):
        with pytest.raises(LogUnavailable, match="it was closed; open it again"):
            use()


def test_replay_after_the_end_is_refused(path):
    with open_log(path) as log:
        fill(log, [2])
        assert list(log.replay(2)) == []
        with pytest.raises(InvalidField, match="after_seq is 3; allowed: 0 to 2, the last one"):
            next(log.replay(3))


def test_an_interrupted_append_stops_the_log_until_it_is_opened_again(path):
    class Interrupted:
        def __getattr__(self, name):
            raise KeyboardInterrupt

    with open_log(path) as log:
        fill(log, [1])
        log._db, kept = Interrupted(), log._db
        with pytest.raises(KeyboardInterrupt):
            fill(log, [1])
        log._db = kept
        with pytest.raises(errors.LogFailed, match="an append was interrupted"):
            fill(log, [1])
    with open_log(path) as log:
        fill(log, [1])
        assert content(log) == blob_of(1, 2)


def test_every_error_says_its_facts_and_survives_pickling():
    samples = [
        errors.InvalidField("price", "abc", "a number"),
        errors.CapacityError("inbox", 4),
        errors.Unavailable("starting up"),
        errors.Unauthenticated("no key"),
        errors.PermissionDenied("orders.write"),
        errors.LogUnavailable("p", "no folder"),
        errors.LogLocked("p"),
        errors.LogMismatch("layout", "a", "b"),
        errors.LogCorrupt(7, "digest"),
        errors.LogFailed("p", "fsync"),
        errors.StorageFull("p"),
        errors.SnapshotMismatch(7, "digest"),
    ]
    for error in samples:
        again = pickle.loads(pickle.dumps(error))
        assert isinstance(error, errors.GridWorksError)
        assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
        assert type(error).__name__ in errors.__doc__
