"""What an append to the command log costs, and what the disk alone would cost.

Workload: one writer appends batches of 1, 64 and 1,024 commands of 192 bytes (random bytes,
nothing to compress) to a new log, one append after the other, under the policies "disk" (each
append is a commit) and "memory" (a commit every 64 batches, made by the append that finds the
64 waiting: it is the p99 of its row). The time of each append is taken with
perf_counter_ns, garbage collection left on. Beside it stand the two calls without which no log
is durable: a write of the same bytes and an fdatasync, once into a file that grows and once
over bytes that are already allocated, which is what a WAL does after its first round.

    python -m benches.journal [FOLDER]     measures the disk that holds FOLDER (default: here)
"""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

from journal import Policy, SqliteLog, verify

ROW_SIZE = 192
COUNTS = (1, 64, 1024)
APPENDS = 2000
POLICIES: tuple[Policy, ...] = ("disk", "memory")
Line = tuple[str, int, list[int]]


def timed(appends: int, append: Callable[[int], object]) -> list[int]:
    """Nanoseconds of each call, sorted."""
    taken = []
    for number in range(appends):
        start = perf_counter_ns()
        append(number)
        taken.append(perf_counter_ns() - start)
    return sorted(taken)


def log_appends(folder: Path, policy: Policy, count: int, appends: int) -> list[int]:
    """Append to a log, then check that it holds what was appended."""
    path = folder / f"{policy}{count}.db"
    blob = os.urandom(count * ROW_SIZE)
    with SqliteLog(path, row_size=ROW_SIZE, layout="bench", policy=policy) as log:
        taken = timed(appends, lambda number: log.append(number * count + 1, count, blob))
    assert verify(path).commands == appends * count
    path.unlink()
    return taken


def raw_appends(folder: Path, grows: bool, count: int, appends: int) -> list[int]:
    """Write the same bytes and wait for the device, without any log."""
    blob = os.urandom(count * ROW_SIZE)
    path = folder / "raw"
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    room = 1 if grows else max(1, 4 * 2**20 // len(blob))

    def append(number: int) -> None:
        os.pwrite(handle, blob, (number if grows else number % room) * len(blob))
        os.fdatasync(handle)

    try:
        if not grows:
            os.pwrite(handle, bytes(room * len(blob)), 0)
            os.fsync(handle)
        return timed(appends, append)
    finally:
        os.close(handle)
        path.unlink()


def measure(folder: Path, appends: int = APPENDS) -> list[Line]:
    """All rows of the table."""
    lines: list[Line] = []
    for count in COUNTS:
        lines.append(("file that grows", count, raw_appends(folder, True, count, appends)))
        lines.append(("file overwritten", count, raw_appends(folder, False, count, appends)))
        for policy in POLICIES:
            lines.append((f"log, {policy}", count, log_appends(folder, policy, count, appends)))
    return lines


def table(lines: list[Line]) -> str:
    """Microseconds per append and commands per second, in columns."""
    rows = [f"{'':18}{'rows':>6}{'p50 us':>10}{'p99 us':>10}{'max us':>10}{'commands/s':>13}"]
    for name, count, taken in lines:
        p50, p99, top = (taken[int(len(taken) * q)] / 1e3 for q in (0.5, 0.99, 1 - 1e-9))
        rate = count * len(taken) / (sum(taken) / 1e9)
        rows.append(f"{name:18}{count:>6}{p50:>10.1f}{p99:>10.1f}{top:>10.0f}{rate:>13,.0f}")
    return "\n".join(rows)


def machine() -> str:
    """The processor, its count and the versions that matter here."""
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = cpuinfo.read_text(encoding="utf-8").splitlines()
        name = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), name)
    python, sqlite = platform.python_version(), sqlite3.sqlite_version
    return f"{name}, {os.cpu_count()} CPUs, Python {python}, SQLite {sqlite}"


def main(arguments: list[str]) -> None:
    """Measure in a fresh folder on the disk asked for and print the table."""
    where = arguments[0] if arguments else "."
    with tempfile.TemporaryDirectory(dir=where) as folder:
        print(machine())
        print(table(measure(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1:])
