"""Usage: what was answered is what is counted, once, whatever dies in between."""

import logging
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import LogFailed, LogLocked, LogMismatch, StorageFull, Unavailable
from server.auth.store import ControlStore
from server.metering import fold, journal
from server.metering.fold import Stretch, Sums
from server.metering.journal import Served, UsageJournal
from server.metering.meter import Meter

SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def keys(control):
    """The numbers of two keys of two partners."""
    from portal.acts import keys as acts
    from portal.acts import partners
    from portal.acts.audit import By

    made = []
    for code in ("acme", "zeta"):
        partners.create_partner(By("ann"), code, "", "growth")
        made.append(
            acts.create_key(By("ann"), code, "test", "bot", acts.Rights(("trading:write",))).key.pk
        )
    return made


@pytest.fixture
def store(control):
    opened = ControlStore(control)
    yield opened
    opened.close()


def table(store) -> dict:
    rows = store.rows("SELECT key_id, method, status, calls, messages FROM control_usage")
    found: Counter = Counter()
    for key, method, status, calls, messages in rows:
        found[key, method, status, "calls"] += calls
        found[key, method, status, "messages"] += messages
    return dict(found)


def counted(key, calls, messages, status="OK"):
    return {(key, SUBMIT, status, "calls"): calls, (key, SUBMIT, status, "messages"): messages}


# ------------------------------------------------------------------------------ the file

WORD = st.text("abcXYZ./_019", min_size=1, max_size=20)
COUNT = st.integers(0, 2**63 - 1)
LINES = st.lists(
    st.tuples(
        COUNT, st.lists(st.builds(Served, COUNT, WORD, WORD, COUNT, COUNT), min_size=1, max_size=4)
    ),
    max_size=8,
)


@settings(max_examples=max(settings().max_examples // 4, 1))  # each syncs two files
@given(lines=LINES, data=st.data())
def test_a_journal_reads_back_and_a_torn_tail_is_left_out(tmp_path_factory, lines, data):
    folder = tmp_path_factory.mktemp("j")
    written = UsageJournal(folder)
    ends = [written.append(hour, served) for hour, served in lines]
    written.close()
    found = list(journal.read(written.path))
    assert [(c.hour, list(c.served), c.end) for c in found] == [
        (hour, served, end) for (hour, served), end in zip(lines, ends, strict=True)
    ]
    assert journal.read_id(written.path) == written.journal_id
    for after, end in enumerate(ends, 1):
        assert [c.end for c in journal.read(written.path, end)] == ends[after:]
    size = data.draw(st.integers(0, written.size), label="cut to")
    os.truncate(written.path, size)
    if size < written.first:
        assert journal.read_id(written.path) is None
    assert [c.end for c in journal.read(written.path)] == [end for end in ends if end <= size]


@settings(max_examples=max(settings().max_examples // 4, 1))
@given(lines=LINES.filter(lambda lines: len(lines) > 1), data=st.data())
def test_a_changed_byte_costs_one_line_and_is_told(tmp_path_factory, lines, data):
    written = UsageJournal(tmp_path_factory.mktemp("j"))
    ends = [written.append(hour, served) for hour, served in lines]
    written.close()
    place = data.draw(st.integers(written.first, ends[-1] - 2), label="place")
    content = bytearray(written.path.read_bytes())
    was = content[place]
    content[place] ^= data.draw(st.integers(1, 255), label="bits")
    written.path.write_bytes(content)
    found = list(journal.read(written.path))
    good = {c.end for c in found if not isinstance(c, int)}
    if chr(was) != "\n" and chr(content[place]) != "\n":
        hit = next(end for end in ends if end > place)
        assert [c for c in found if isinstance(c, int)] == [hit]
        assert good == set(ends) - {hit}
    else:
        assert good <= set(ends)
        assert len(good) >= len(ends) - 2


@pytest.mark.parametrize("bad", ["two words", "line\nbreak", "a,b", "a;b", "é"])
def test_a_name_that_would_break_the_line_is_refused(bad, tmp_path):
    written = UsageJournal(tmp_path)
    with pytest.raises(ValueError, match=r"."):
        written.append(1, [Served(1, bad, "OK")])
    assert written.size == written.first == written.path.stat().st_size
    written.close()


def test_a_full_disk_keeps_nothing_of_the_line(tmp_path, monkeypatch):
    written = UsageJournal(tmp_path)
    end = written.append(1, [Served(1, SUBMIT, "OK")])
    real, room = os.write, [25]

    def write(file, data):
        if not room[0]:
            raise OSError(28, "No space left on device")
        part, room[0] = data[: room[0]], 0
        return real(file, part)

    with monkeypatch.context() as full:
        full.setattr(os, "write", write)
        with pytest.raises(StorageFull):
            written.append(1, [Served(2, SUBMIT, "OK")])
    assert written.path.stat().st_size == written.size == end
    written.append(1, [Served(3, SUBMIT, "OK")])
    assert [c.served[0].key_id for c in journal.read(written.path)] == [1, 3]
    written.close()


@pytest.mark.parametrize("sync", journal.SYNC)
def test_a_failing_device_stops_the_journal(tmp_path, monkeypatch, sync):
    written = UsageJournal(tmp_path, sync)

    def fail(*_):
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as broken:
        broken.setattr(os, "fdatasync" if sync == "always" else "write", fail)
        with pytest.raises(LogFailed):
            written.append(1, [Served(1, SUBMIT, "OK")])
    with pytest.raises(LogFailed):  # also when the device seems well again
        written.append(1, [Served(1, SUBMIT, "OK")])
    with pytest.raises(LogFailed):
        written.sync()
    written.close()


# ------------------------------------------------------------------------------ the tables


def stretch(key, start=0, end=10, calls=1) -> Stretch:
    sums = Sums()
    sums.add(497_616, [Served(key, SUBMIT, "OK", calls, 10 * calls)])
    return Stretch("j1", start, end, sums)


def test_a_stretch_counts_once(store, keys):
    key = keys[0]
    for _ in range(3):
        assert fold.fold(store, stretch(key)) == 0
    assert table(store) == counted(key, 1, 10)
    fold.fold(store, stretch(key, 10, 20, calls=5))
    assert table(store) == counted(key, 6, 60)
    assert fold.reached(store, "j1") == 20
    for wrong in (stretch(key, 10, 30), stretch(key, 30, 40)):
        with pytest.raises(LogMismatch):
            fold.fold(store, wrong)
    assert table(store) == counted(key, 6, 60)
    assert list(fold.month_use(store, "2026-10").values()) == [60]
    assert fold.month_use(store, "2026-11") == {}


def test_a_key_that_the_store_does_not_have_is_left_out_and_told(store, keys):
    mixed = stretch(keys[0])
    mixed.sums.add(1, [Served(999, SUBMIT, "OK", 7, 7)])
    assert fold.fold(store, mixed) == 7
    assert table(store) == counted(keys[0], 1, 10)


def test_two_servers_add_up(control, keys):
    """Two journals folded at the same time into the same rows, many times."""
    failures = []

    def run(name):
        own = ControlStore(control)
        try:
            for at in range(30):
                sums = Sums()
                for key in keys if name == "a" else keys[::-1]:
                    sums.add(1, [Served(key, SUBMIT, "OK", 1, 2)])
                fold.fold(own, Stretch(name, at, at + 1, sums))
        except Exception as problem:  # told by the test, not by a thread's traceback
            failures.append(problem)
        finally:
            own.close()

    threads = [threading.Thread(target=run, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    store = ControlStore(control)
    assert table(store) == counted(keys[0], 60, 120) | counted(keys[1], 60, 120)
    store.close()


class LostAnswer(ControlStore):
    """Commits, and then the connection breaks before the answer arrives."""

    lose = 0

    @contextmanager
    def transaction(self, *, snapshot=False):
        with super().transaction(snapshot=snapshot):
            yield self
        if self.lose:
            self.lose -= 1
            raise Unavailable("the answer to COMMIT was lost")


def test_a_commit_whose_answer_was_lost_counts_once(control, keys, store, tmp_path):
    meter = Meter(control, tmp_path)
    meter._store.close()
    meter._store = lossy = LostAnswer(control)
    meter.served([Served(keys[0], SUBMIT, "OK")])
    lossy.lose = 1
    with pytest.raises(Unavailable):
        meter.flush()
    meter.served([Served(keys[0], SUBMIT, "OK", 1, 5)])
    meter.flush()  # tries the first again: it is there already
    assert table(store) == counted(keys[0], 1, 1)
    meter.flush()
    assert table(store) == counted(keys[0], 2, 6)
    meter.close()
    assert table(store) == counted(keys[0], 2, 6)


# ------------------------------------------------------------------------------ the meter


def test_served_is_metered(control, keys, store, tmp_path):
    told = []
    with Meter(control, tmp_path, on_month=lambda *a: told.append(a)) as meter:
        meter.served([Served(keys[0], SUBMIT, "OK", 3, 300), Served(keys[1], SUBMIT, "ABORTED")])
        meter.served([])
        meter.served([Served(keys[0], SUBMIT, "OK")])
    wanted = counted(keys[0], 4, 301) | counted(keys[1], 1, 1, "ABORTED")
    assert table(store) == wanted
    assert sorted(told[-1][1].values()) == [1, 301]
    assert list(tmp_path.glob("*.usage")) == []


def test_a_full_file_gives_way_to_a_new_one(control, keys, store, tmp_path):
    meter = Meter(control, tmp_path, max_bytes=400)
    for count in range(1, 31):
        meter.served([Served(keys[0], SUBMIT, "OK")])
        if count % 4 == 0:
            meter.flush()
    assert len(list(tmp_path.glob("*.usage"))) <= 2
    meter.close()
    assert table(store) == counted(keys[0], 30, 30)
    assert len(store.rows("SELECT journal FROM control_usage_journal")) > 3
    assert list(tmp_path.glob("*.usage")) == []


def test_usage_waits_for_a_store_that_is_away(sqlite_url, tmp_path, caplog):
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    away = path.rename(path.with_suffix(".away"))
    meter = Meter(sqlite_url, tmp_path)
    meter.served([Served(1, SUBMIT, "OK")])
    with pytest.raises(Unavailable):
        meter.flush()
    caplog.set_level(logging.ERROR)
    meter.close()
    assert "usage waits in" in caplog.text
    assert len(list(tmp_path.glob("*.usage"))) == 1
    away.rename(path)
    again = Meter(sqlite_url, tmp_path)
    again.flush()
    again.close()
    assert list(tmp_path.glob("*.usage")) == []
    store = ControlStore(sqlite_url)
    assert len(store.rows("SELECT journal FROM control_usage_journal")) == 1
    store.close()


def test_a_folder_has_one_meter(sqlite_url, tmp_path):
    first = Meter(sqlite_url, tmp_path)
    with pytest.raises(LogLocked):
        Meter(sqlite_url, tmp_path)
    first.close()
    Meter(sqlite_url, tmp_path).close()


def test_a_damaged_journal_is_counted_as_far_as_possible_and_kept(
    control, keys, store, tmp_path, caplog
):
    written = UsageJournal(tmp_path)
    ends = [written.append(1, [Served(keys[0], SUBMIT, "OK", 1, 2**n)]) for n in range(3)]
    written.close()
    content = bytearray(written.path.read_bytes())
    content[ends[0] + 12] ^= 1
    written.path.write_bytes(content)
    (tmp_path / "stranger.usage").write_text("something else\n")
    (tmp_path / "stillborn.usage").write_text("gridworks-us")
    caplog.set_level(logging.ERROR)
    meter = Meter(control, tmp_path)
    meter.flush()
    meter.close()
    assert table(store) == counted(keys[0], 2, 5)
    assert sorted(p.suffix for p in tmp_path.iterdir()) == ["", ".damaged", ".damaged"]
    assert "1 damaged lines" in caplog.text
    assert "no usage journal" in caplog.text


def test_threads_lose_nothing(control, keys, store, tmp_path):
    with Meter(control, tmp_path, flush_seconds=0.01, max_bytes=2_000) as meter:

        def run(key):
            for _ in range(200):
                meter.served([Served(key, SUBMIT, "OK")])

        threads = [threading.Thread(target=run, args=(key,)) for key in keys * 2]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert table(store) == counted(keys[0], 400, 400) | counted(keys[1], 400, 400)


def test_a_role_with_the_rights_of_the_guide_is_enough(postgresql, tmp_path):
    """docs/control-plane.md says what a server's role needs in PostgreSQL, and no more."""
    import psycopg

    from server.auth.keyring import load

    guide = (ROOT / "docs" / "control-plane.md").read_text(encoding="utf-8")
    paragraph = guide.partition("A server needs to read ")[2].partition("\n\n")[0]
    reads, _, writes = paragraph.partition("and to read\nand write")
    tables = [[w.strip("`, ") for w in t.split() if w.startswith("`")] for t in (reads, writes)]
    assert [len(t) for t in tables] == [4, 3]
    url, role = postgresql(), f"gw_role_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as admin:
        admin.execute(f"CREATE ROLE {role} LOGIN")
        admin.execute(f"GRANT SELECT ON {', '.join(tables[0])} TO {role}")
        admin.execute(f"GRANT SELECT, INSERT, UPDATE ON {', '.join(tables[1])} TO {role}")
    own = url.replace("gw@", f"{role}@")
    store = ControlStore(own)
    try:
        assert len(load(store)) == 0
        with Meter(own, tmp_path, on_month=lambda *_: None) as meter:
            meter.served([Served(1, SUBMIT, "OK")])
        assert list(tmp_path.glob("*.usage")) == []  # it was folded
        for forbidden in ("UPDATE control_key SET scopes = ''", "DELETE FROM control_usage"):
            with pytest.raises(Unavailable, match="permission denied"):
                store.rows(forbidden)
        with pytest.raises(Unavailable, match="permission denied"):
            store.rows("SELECT * FROM control_act")
    finally:
        store.close()
        with psycopg.connect(url, autocommit=True) as admin:
            admin.execute(f"DROP OWNED BY {role}")
            admin.execute(f"DROP ROLE {role}")


# ------------------------------------------------------------------------------ kill -9

SERVER = textwrap.dedent("""
    import sys
    from pathlib import Path
    from server.metering.journal import Served
    from server.metering.meter import Meter
    url, folder, key = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    meter = Meter(url, folder, flush_seconds=0.005, max_bytes=3_000).start()
    out = sys.stdout.buffer
    for number, line in enumerate(sys.stdin.buffer):
        meter.served([Served(key, "/s/m", "OK", 1, int(line))])
        out.write(b"%d\\n" % number)  # the answer leaves after the record
        out.flush()
""")


def serve_and_kill(url, folder, key, ask_for):
    """One life of a server: a client asks one at a time and it is killed in between.

    Returns how many requests went out and how many answers came back.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    server = subprocess.Popen(
        [sys.executable, "-c", SERVER, url, str(folder), str(key)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, cwd=ROOT,
    )  # fmt: skip
    sent = answered = 0
    with server:
        assert server.stdin is not None
        assert server.stdout is not None
        for number in range(ask_for):
            server.stdin.write(b"2\n")
            server.stdin.flush()
            sent += 1
            if number < ask_for - 1:
                assert server.stdout.readline() == b"%d\n" % number
                answered += 1
        server.send_signal(signal.SIGKILL)
        answered += bool(server.stdout.readline())
        with suppress(BrokenPipeError):
            server.stdin.close()
    assert server.returncode == -signal.SIGKILL
    return sent, answered


def served_equals_metered(control, key, tmp_path, lives):
    sent = answered = 0
    for ask_for in lives:
        out, back = serve_and_kill(control, tmp_path, key, ask_for)
        sent, answered = sent + out, answered + back
    Meter(control, tmp_path).close()
    store = ControlStore(control)
    metered = table(store)[key, "/s/m", "OK", "calls"]
    messages = table(store)[key, "/s/m", "OK", "messages"]
    store.close()
    assert answered <= metered <= sent  # sent - answered: at most the one in flight in each life
    assert sent - answered <= len(lives)
    assert messages == 2 * metered
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]  # none left, none damaged


def test_killed_servers_forget_nothing(control, keys, tmp_path):
    served_equals_metered(control, keys[0], tmp_path, [1, 150, 60])


@pytest.mark.soak
def test_keys_and_usage_outlive_a_restart_of_the_database(
    postgresql_server, postgresql, tmp_path
):
    import time

    from server.auth.watch import Watch

    if os.environ.get("GRIDWORKS_TEST_POSTGRESQL"):
        pytest.skip("that server is not ours to stop")
    url = postgresql()
    store = ControlStore(url)
    plan = store.rows("SELECT id FROM control_plan WHERE code = 'growth'")[0][0]
    with store.transaction():
        store.rows(
            "INSERT INTO control_partner (id, code, name, accounts, live, suspended, created_at,"
            " plan_id) VALUES (1, 'acme', 'Acme', 'acme-*', false, false, now(), ?)",
            [plan],
        )
        store.rows(
            "INSERT INTO control_key (id, partner_id, name, environment, digest, prefix, last_four,"
            " scopes, accounts, networks, created_at) VALUES"
            " (1, 1, 'bot', 'test', ?, 'gw_test_aaaa', 'zzzz', 'trading:write', '', '', now())",
            ["0" * 64],
        )
    with Watch(url, poll_seconds=0.05) as watch, Meter(url, tmp_path, flush_seconds=0.05) as meter:
        for round_ in range(3):
            postgresql_server.stop()
            for _ in range(20):
                meter.served([Served(1, SUBMIT, "OK")])
                assert len(watch.keyring) == 1
                time.sleep(0.01)
            postgresql_server.start()
            store.close()
            store.rows("UPDATE control_key SET name = ?", [f"bot {round_}"])
            [(epoch,)] = store.rows("SELECT value FROM control_epoch")
            ends = time.monotonic() + 5
            while watch.keyring.epoch != epoch:
                assert time.monotonic() < ends
                time.sleep(0.02)
    assert table(store) == counted(1, 60, 60)
    store.close()


@pytest.mark.soak
def test_many_killed_servers_forget_nothing(control, keys, tmp_path):
    import random

    lives = [random.randint(1, 2_000) for _ in range(60)]
    served_equals_metered(control, keys[0], tmp_path, lives)
