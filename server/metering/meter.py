"""Counts what the server answers: durable before the answer leaves, in the tables soon after."""

from __future__ import annotations

import fcntl
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from domain.errors import GridWorksError, LogCorrupt, LogLocked, LogUnavailable
from server.auth.store import ControlStore
from server.metering import fold, journal
from server.metering.fold import Stretch, Sums
from server.metering.journal import Served, UsageJournal

FLUSH_SECONDS = 2.0
HOUR_NS = 3600 * 10**9

Told = Callable[[str, Mapping[int, int]], None]
_log = logging.getLogger(__name__)


class Meter:
    """The usage of one server: `served` from any thread, the rest happens behind.

    `folder` belongs to this meter alone. What an earlier process left there is added first. The
    store may be away for as long as it likes: records wait in the folder.

    Raises InvalidField, LogUnavailable, LogLocked.
    """

    def __init__(
        self,
        url: str,
        folder: Path,
        *,
        sync: str = "interval",
        flush_seconds: float = FLUSH_SECONDS,
        max_bytes: int = journal.MAX_BYTES,
        on_month: Told | None = None,
    ) -> None:
        self._store, self._folder, self._sync = ControlStore(url), folder, sync
        self._flush_seconds, self._max_bytes, self._on_month = flush_seconds, max_bytes, on_month
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as problem:
            raise LogUnavailable(str(folder), str(problem)) from problem
        self._lock_file = _lock(folder)
        self._old = journal.leftovers(folder)  # and, later, files that are full
        self._lock = threading.Lock()  # around the journal and the sums
        self._flushing = threading.Lock()  # around the store
        self._journal = UsageJournal(folder, sync)
        self._sums, self._folded = Sums(), 0
        self._waiting: Stretch | None = None  # sent to the store, answer not seen
        self.failing = False  # whether the store did not take the last sums
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> Meter:
        """Begin to flush every `flush_seconds`, in a thread."""
        self._thread = threading.Thread(target=self._run, name="gridworks-usage", daemon=True)
        self._thread.start()
        return self

    def __enter__(self) -> Meter:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def served(self, items: Iterable[Served]) -> None:
        """Write down a batch of calls; send their answers when this has returned.

        Methods are those of the table of rights, never text that a client made up.
        Raises StorageFull or LogFailed: then nothing of it counts, and no answer may leave.
        """
        hour = time.time_ns() // HOUR_NS
        items = tuple(items)
        if not items:
            return
        with self._lock:
            self._journal.append(hour, items)
            self._sums.add(hour, items)

    def flush(self) -> None:
        """Bring the tables up to what has been served.

        Raises Unavailable, LogMismatch, LogFailed.
        """
        with self._flushing:
            if self._sync == "interval":
                self._journal.sync()
            for path in self._old[:]:
                self._fold_file(path)
                self._old.remove(path)
            if self._waiting is None:
                self._waiting = self._cut()
            if self._waiting is not None:
                self._fold(self._waiting)
                self._waiting = None
            if self._journal.size >= self._max_bytes:
                self._turn()
            if self._on_month is not None:
                month = datetime.now(UTC).strftime("%Y-%m")
                self._on_month(month, fold.month_use(self._store, month))

    def close(self) -> None:
        """Flush and let go. What cannot be flushed waits in the folder for the next start."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
        try:
            self.flush()
            if self._old:  # the last flush may have begun a new file
                self.flush()
            if not self._sums:
                journal.remove(self._journal.path)
        except (GridWorksError, OSError) as problem:
            _log.error("usage waits in %s: %s", self._folder, problem)
        self._journal.close()
        self._store.close()
        os.close(self._lock_file)

    def _run(self) -> None:
        while not self._stop.wait(self._flush_seconds):
            try:
                self.flush()
                self.failing = False
            except (GridWorksError, OSError) as problem:
                if not self.failing:
                    _log.error("usage waits in %s: %s", self._folder, problem)
                self.failing = True

    @property
    def waiting_bytes(self) -> int:
        """Usage that was served and is not in the store yet, as bytes of its journal."""
        return self._journal.size - self._folded

    def _cut(self) -> Stretch | None:
        """What was served since the last cut; new calls are counted into a new sum."""
        with self._lock:
            if not self._sums:
                return None
            sums, self._sums = self._sums, Sums()
            start, self._folded = self._folded, self._journal.size
            return Stretch(self._journal.journal_id, start, self._folded, sums)

    def _turn(self) -> None:
        """Go on in a new file; the full one is folded at the next flush, and removed."""
        fresh = UsageJournal(self._folder, self._sync)
        with self._lock:
            full, self._journal = self._journal, fresh
            self._sums, self._folded = Sums(), 0
        full.close()
        self._old.append(full.path)

    def _fold(self, stretch: Stretch) -> None:
        if unknown := fold.fold(self._store, stretch):
            _log.error("%d calls of keys that the store does not have were left out", unknown)

    def _fold_file(self, path: Path) -> None:
        """Add what is left of an earlier journal and delete it; a damaged one is kept aside."""
        try:
            name = journal.read_id(path)
        except LogCorrupt as problem:
            _log.error("%s", problem)
            path.rename(path.with_suffix(".damaged"))
            return
        if name is None:  # the process died before the first line was whole: nothing was served
            journal.remove(path)
            return
        start = end = fold.reached(self._store, name)
        sums, damaged = Sums(), []
        for found in journal.read(path, start):
            if isinstance(found, int):
                damaged.append(found)
            else:
                sums.add(found.hour, found.served)
                end = found.end
        if end > start:
            self._fold(Stretch(name, start, end, sums))
        if damaged:
            _log.error("%s: %d damaged lines, kept as .damaged", path, len(damaged))
            path.rename(path.with_suffix(".damaged"))
        else:
            journal.remove(path)


def _lock(folder: Path) -> int:
    """Hold the folder until the process ends, however it ends. Raises LogLocked."""
    handle = os.open(folder / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as problem:
        os.close(handle)
        raise LogLocked(str(folder)) from problem
    return handle
