"""A log that is not what was written: changed, cut, torn, or no log at all."""

import os
import random
import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path

import pytest

from domain.errors import GridWorksError, LogCorrupt, LogLocked, LogMismatch, LogUnavailable
from journal import Head, verify
from journal.chain import genesis, link
from tests.journal.rows import LAYOUT, ROW, blob_of, content, copy_of, fill, open_log, tamper

COUNTS = [1, 2, 3, 4, 5]  # first sequences 1, 2, 4, 7, 11; the last is 15


@pytest.fixture
def path(tmp_path):
    return tmp_path / "commands.db"


@pytest.fixture
def written(path):
    with open_log(path) as log:
        fill(log, COUNTS)
    return path


SWAP = """UPDATE batches SET (count, digest, blob) =
    (SELECT count, digest, blob FROM batches b WHERE b.first_seq = 11 - batches.first_seq)
    WHERE first_seq IN (4, 7)"""
CHANGE = """UPDATE batches SET blob = CAST(x'ff' || substr(blob, 2) AS BLOB)
    WHERE first_seq = 4"""
BROKEN_TEXT = "UPDATE batches SET blob = x'ff' || substr(blob, 2) WHERE first_seq = 4"
TAMPERING = {
    "one changed byte": (CHANGE, 4),
    "blob of broken text": (BROKEN_TEXT, 4),
    "changed count": ("UPDATE batches SET count = 4 WHERE first_seq = 4", 4),
    "count of another type": ("UPDATE batches SET count = 'many' WHERE first_seq = 4", 4),
    "blob of another type": ("UPDATE batches SET blob = 'text' WHERE first_seq = 4", 4),
    "changed digest": ("UPDATE batches SET digest = zeroblob(32) WHERE first_seq = 4", 4),
    "renumbered": ("UPDATE batches SET first_seq = 5 WHERE first_seq = 4", 4),
    "removed in the middle": ("DELETE FROM batches WHERE first_seq = 4", 4),
    "removed at the start": ("DELETE FROM batches WHERE first_seq = 1", 1),
    "added before": ("INSERT INTO batches VALUES (-5, 1, x'', x'')", 1),
    "added after": ("INSERT INTO batches VALUES (16, 1, zeroblob(32), zeroblob(32))", 16),
    "added far after": ("INSERT INTO batches VALUES (9223372036854775807, 9, x'', x'')", 16),
    "two rows swapped": (SWAP, 4),
    "another layout": ("UPDATE meta SET value = 'forged' WHERE name = 'layout'", 1),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "bad"), TAMPERING.values(), ids=TAMPERING)
def test_tampering_is_found_where_it_begins(written, statement, bad):
    assert verify(written).ok
    tamper(written, statement)
    report = verify(written)
    assert (report.ok, report.first_bad_seq, report.commands) == (False, bad, bad - 1)
    assert report.reason
    with pytest.raises((LogCorrupt, LogMismatch)), open_log(written) as log:
        content(log)


def test_replay_gives_what_is_sound_before_it_raises(written):
    tamper(written, *TAMPERING["changed digest"][:1])
    with open_log(written) as log:
        replay = log.replay()
        assert [next(replay)[0], next(replay)[0]] == [1, 2]
        with pytest.raises(LogCorrupt, match="damaged at sequence 4"):
            next(replay)


def test_a_rehashed_row_breaks_the_next_one(written):
    with open_log(written) as log:
        digest = genesis(ROW, LAYOUT).digest
        for first_seq, count, blob in list(log.replay())[:2]:
            digest = link(digest, first_seq, count, blob)
    forged = bytes(3 * ROW)
    tamper(written, "UPDATE batches SET blob = ?, digest = ? WHERE first_seq = 4",
           forged, link(digest, 4, 3, forged))  # fmt: skip
    assert verify(written).first_bad_seq == 7


def test_a_gap_is_found_even_when_it_is_hashed_as_if_it_were_none(written):
    with open_log(written) as log:
        digest = link(log.head_digest, 20, 1, blob_of(20, 1))
    tamper(written, "INSERT INTO batches VALUES (20, 1, ?, ?)", digest, blob_of(20, 1))
    assert verify(written).first_bad_seq == 16


def test_a_cut_tail_needs_a_head_kept_elsewhere(written):
    with open_log(written) as log:
        anchor = log.head
    tamper(written, "DELETE FROM batches WHERE first_seq = 11")
    assert verify(written).ok  # a shorter chain is a sound chain
    report = verify(written, expected_head=anchor)
    assert (report.ok, report.first_bad_seq) == (False, 11)
    assert report.reason == "the log was cut: it ends at 10, the expected head is 15"


def test_a_rewritten_log_needs_a_head_kept_elsewhere(written):
    with open_log(written) as log:
        anchor = log.head
    written.unlink()
    with open_log(written) as log:
        log.append(1, 20, bytes(20 * ROW))
    assert verify(written).ok
    report = verify(written, expected_head=anchor)
    assert (report.ok, report.first_bad_seq) == (False, 15)
    assert "rewritten" in report.reason


def test_an_older_head_still_holds_as_the_log_grows(written):
    with open_log(written) as log:
        anchor = log.head
        fill(log, [1])
    assert verify(written, expected_head=anchor).ok
    assert verify(written, expected_head=genesis(ROW, LAYOUT)).ok
    assert not verify(written, expected_head=Head(15, bytes(32))).ok


def test_a_snapshot_after_the_end_shows_a_cut_by_accident(written):
    with open_log(written) as log:
        log.write_snapshot(15, {"a": b"1"})
    tamper(written, "DELETE FROM batches WHERE first_seq = 11")
    assert verify(written).damaged_snapshots == (15,)


def test_progress_is_told(written):
    seen = []
    verify(written, progress=lambda batches, commands: seen.append((batches, commands)))
    assert seen == [(5, 15)]


def test_any_flipped_bit_is_found_or_harmless(written, tmp_path):
    """Every page of the file is hit; either the log is refused or its rows are the same."""
    dice = random.Random(1)
    with open_log(written) as log:
        fill(log, [1200] * 10)
        log.write_snapshot(log.last_seq, {"state": blob_of(1, 500)})
    sound, whole = written.read_bytes(), blob_of(1, 12_015)
    found = 0
    for round_ in range(300):
        at = dice.randrange(100) if round_ < 60 else dice.randrange(len(sound))
        broken = bytearray(sound)
        broken[at] ^= 1 << dice.randrange(8)
        target = tmp_path / "broken.db"
        target.write_bytes(broken)
        try:
            if verify(target).ok:
                with open_log(target) as log:
                    assert content(log) == whole
            else:
                found += 1
        except GridWorksError:
            found += 1
        for end in ("", "-wal", "-shm"):
            Path(f"{target}{end}").unlink(missing_ok=True)
    assert found > 150


def torn_copies(tmp_path, dice, rounds, counts):
    """Copies of a log that is being written, each with its WAL cut at a random length."""
    with open_log(tmp_path / "commands.db") as log:
        fill(log, counts)
        size = Path(f"{log.path}-wal").stat().st_size
        for number in range(rounds):
            target = copy_of(log.path, tmp_path / f"torn{number}.db")
            os.truncate(f"{target}-wal", dice.randrange(size + 1))
            yield target


def prefix_length(target, whole):
    """Open a torn log, check that it is a sound prefix that can go on, return its length."""
    with open_log(target) as log:
        kept = content(log)
        assert whole.startswith(kept)
        length = log.last_seq
        fill(log, [2])
        assert content(log) == blob_of(1, length + 2)
    assert verify(target).ok
    return length


def test_a_torn_wal_leaves_a_prefix(tmp_path):
    counts = [1, 300, 7, 1000, 64] * 4
    whole = blob_of(1, sum(counts))
    torn = torn_copies(tmp_path, random.Random(2), 40, counts)
    lengths = {prefix_length(target, whole) for target in torn}
    assert len(lengths) > 8


def test_garbage_at_the_end_is_not_read(written):
    with open_log(written) as log:
        fill(log, [6])
        copy = copy_of(written, written.with_name("copy.db"))
    for end in ("", "-wal"):
        with Path(f"{copy}{end}").open("ab") as file:
            file.write(random.Random(3).randbytes(20_000))
    assert verify(copy).commands == 21
    assert prefix_length(copy, blob_of(1, 21)) == 21


def test_a_cut_database_file_is_found(written):
    with open_log(written) as log:
        fill(log, [2000])
    os.truncate(written, written.stat().st_size // 2)
    assert not verify(written).ok
    with pytest.raises(LogCorrupt), open_log(written) as log:
        content(log)


NO_LOG = {
    "empty": (b"", "is empty, which a log never is"),
    "text": (b"hello " * 1000, "is not a SQLite database"),
    "short": (b"SQLite", "is not a SQLite database"),
}


@pytest.mark.parametrize(("data", "says"), NO_LOG.values(), ids=NO_LOG)
def test_a_file_that_is_no_log_is_refused_and_left_alone(path, data, says):
    path.write_bytes(data)
    with pytest.raises(LogCorrupt, match=says):
        open_log(path)
    assert path.read_bytes() == data
    report = verify(path)
    assert report.first_bad_seq == 0
    assert says in report.reason


def test_a_database_of_somebody_else_is_refused_and_left_alone(path):
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE batches (first_seq)")
    before = path.read_bytes()
    with pytest.raises(LogCorrupt, match="a SQLite database but not a command log"):
        open_log(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize(("name", "value"), [("format", 3), ("row_size", "x"), ("layout", 5)])
def test_a_description_that_is_not_understood(written, name, value):
    tamper(written, "UPDATE meta SET value = ? WHERE name = ?", value, name)
    with pytest.raises((LogMismatch, LogCorrupt)):
        open_log(written)
    assert verify(written).first_bad_seq == 0


def test_a_creation_that_was_interrupted_starts_again(path):
    path.with_name("commands.db.new").write_bytes(b"half of a")
    with open_log(path) as log:
        fill(log, [1])
    assert verify(path).ok


def test_a_folder_that_is_not_there(tmp_path):
    path = tmp_path / "none" / "commands.db"
    with pytest.raises(LogUnavailable, match=r"there is no folder .*none; make it first"):
        open_log(path)
    with pytest.raises(LogUnavailable, match="there is no such file"):
        verify(path)


def test_a_folder_or_a_pipe_in_place_of_the_file(tmp_path):
    folder, pipe = tmp_path / "folder", tmp_path / "pipe"
    folder.mkdir()
    os.mkfifo(pipe)
    for path in (folder, pipe):
        with pytest.raises(LogUnavailable, match="a folder, a device or a broken link"):
            open_log(path)
        with pytest.raises(LogUnavailable, match="a folder, a device or a broken link"):
            verify(path)
        assert not Path(f"{path}.lock").exists()


def test_a_link_leads_to_the_log_and_its_lock(written, tmp_path):
    link_to_it = tmp_path / "else" / "link.db"
    link_to_it.parent.mkdir()
    link_to_it.symlink_to(written)
    with open_log(written) as log:
        with pytest.raises(LogLocked):
            open_log(link_to_it)
        fill(log, [1])
        assert verify(link_to_it).commands == 16
    with open_log(link_to_it) as log:
        assert log.last_seq == 16
    assert [path.name for path in link_to_it.parent.iterdir()] == ["link.db"]


def test_a_link_to_nothing_makes_the_log_where_it_leads(path, tmp_path):
    link_to_it = tmp_path / "link.db"
    link_to_it.symlink_to(path)
    with open_log(link_to_it) as log:
        fill(log, [1])
    assert link_to_it.is_symlink()
    assert verify(path).ok


def test_links_in_a_circle_are_left_alone(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.symlink_to(other)
    other.symlink_to(one)
    with pytest.raises(LogUnavailable, match="a broken link"):
        open_log(one)
    assert one.is_symlink()


@pytest.fixture
def public():
    """A folder that an ordinary user can reach, and that user's rights on leaving the fixture."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    if os.geteuid() != os.getuid():
        os.seteuid(os.getuid())
    shutil.rmtree(folder)


def become_ordinary():
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_a_read_only_file_cannot_be_written_and_can_be_verified(public):
    path = public / "commands.db"
    with open_log(path) as log:
        fill(log, COUNTS)
    path.chmod(0o444)
    Path(f"{path}.lock").chmod(0o666)
    public.chmod(0o777)
    become_ordinary()
    with pytest.raises(LogUnavailable, match="must be writable"):
        open_log(path)
    assert verify(path).commands == 15


def test_read_only_media_can_be_verified(public):
    path = public / "commands.db"
    with open_log(path) as log:
        fill(log, COUNTS)
    for end in ("-wal", "-shm", ".lock"):
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").unlink()
    path.chmod(0o444)
    public.chmod(0o555)
    try:
        become_ordinary()
        assert verify(path).commands == 15
        with pytest.raises(LogUnavailable, match="must be writable"):
            open_log(path)
    finally:
        if os.geteuid() != os.getuid():
            os.seteuid(os.getuid())
        public.chmod(0o755)


def test_a_row_of_a_second_writer_is_not_overwritten(path):
    with open_log(path) as log:
        fill(log, [1])
        tamper(path, "INSERT INTO batches VALUES (2, 1, zeroblob(32), zeroblob(32))")
        with pytest.raises(LogCorrupt, match="something else wrote to the file"):
            fill(log, [1])
        with pytest.raises(LogCorrupt, match="something else wrote to the file"):
            log.append_many([(2, 1, blob_of(2, 1)), (3, 1, blob_of(3, 1))])
        assert not log._db.in_transaction


def test_rows_that_vanish_under_an_open_log_are_missed(written):
    with open_log(written) as log:
        tamper(written, "DELETE FROM batches WHERE first_seq = 11")
        with pytest.raises(LogCorrupt, match="at sequence 11: the log ends here; 15 was its last"):
            content(log)
