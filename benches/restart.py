"""How long a server takes to come back: from a snapshot with many open orders, and a tail of log.

    python -m benches.restart [--orders 1000000] [--tail 200000] [--out FILE.json]

The state is made as the server makes it (10,000 accounts below 100 firms, 1,000 instruments, risk
on), kept in the server's own log with a snapshot, and then comes a tail of commands behind it. What
is timed is a process: from its start to `ready on port`, kernels cached. Its parts are timed in
this process as well.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benches.machine import ROOT, facts
from domain.codes import Phase, Side
from domain.layout import COMMAND
from domain.messages import Account, Deposit, Firm, Instrument, NewOrder, SetPhase
from domain.tables import Table
from server.sequencer.state import Bounds, State, open_log, recover

Rows = np.ndarray[Any, Any]
ACCOUNTS, FIRMS, INSTRUMENTS, BATCH = 10_000, 100, 1_000, 4_096
START_NS, STEP_NS = 1_700_000_000_000_000_000, 10_000
SERVE = "from gridworks.cli.main import run; run()"


def opening() -> bytes:
    """Instruments, firms, accounts with money; the market opens."""
    made: list[Any] = [Instrument(label=f"I{n}", entity=n) for n in range(1, INSTRUMENTS + 1)]
    made += [Firm(label=f"firm-{n}", entity=n) for n in range(1, FIRMS + 1)]
    for n in range(ACCOUNTS):
        number = FIRMS + 1 + n
        made.append(Account(label=f"a{number}", entity=number, parent=1 + n % FIRMS))
        made.append(Deposit(account=number, value=10**13))
    made.append(SetPhase(phase=Phase.CONTINUOUS))
    return b"".join(message.pack() for message in made)


def orders(first: int, count: int, dice: np.random.Generator) -> Rows:
    """Orders that rest: bids below 10,000 ticks and offers above."""
    wish = NewOrder(account=1, instrument=1, cl_ord_id=1, side=Side.BUY, order_qty=10, price=1)
    rows = np.repeat(np.frombuffer(wish.pack(), COMMAND), count)
    sell = dice.integers(0, 2, count)
    rows["account"] = dice.integers(FIRMS + 1, FIRMS + ACCOUNTS + 1, count)
    rows["instrument"] = dice.integers(1, INSTRUMENTS + 1, count)
    rows["cl_ord_id"] = np.arange(first, first + count)
    rows["side"] = sell + 1
    rows["price"] = 10_000 + np.where(sell == 1, 1, -1) * dice.integers(1, 500, count)
    return rows


def write(folder: Path, resting: int, tail: int) -> str:
    """Fill a server's folder; returns the hash of the state."""
    log, state, dice = open_log(folder / "commands.db"), State(), np.random.default_rng(7)

    def apply(rows: Rows) -> None:
        first = state.seq + 1
        rows["seq"] = np.arange(first, first + len(rows))
        rows["transact_time"] = START_NS + STEP_NS * rows["seq"]
        log.append(first, len(rows), rows.tobytes())
        state.apply(rows)

    begin = np.frombuffer(bytearray(opening()), COMMAND)
    for at in range(0, len(begin), BATCH):
        apply(begin[at : at + BATCH].copy())
    for at in range(0, resting, BATCH):
        apply(orders(1 + at, min(BATCH, resting - at), dice))
    log.write_snapshot(state.seq, state.parts())
    for at in range(resting, resting + tail, BATCH):
        apply(orders(1 + at, min(BATCH, resting + tail - at), dice))
    log.close()
    return state.engine.state_hash()


def parts_of(folder: Path, wanted: str) -> dict[str, float]:
    """Seconds of the recovery alone, in this process."""
    log = open_log(folder / "commands.db")
    begin, used = time.perf_counter(), time.process_time()
    state, recovery = recover(log, Bounds())
    took, used = time.perf_counter() - begin, time.process_time() - used
    assert state.engine.state_hash() == wanted
    log.close()
    live = int(state.engine.table(Table.CORE)[0]["live_orders"])
    return {"recover_s": round(took, 2), "recover_processor_s": round(used, 2),
            "replayed": recovery.replayed, "open_orders": live}  # fmt: skip


def start(folder: Path) -> tuple[float, float]:
    """Seconds until a server process on this folder takes calls; and of processor time."""
    control = f"sqlite:///{folder / 'control.db'}"
    base = [sys.executable, "-c", SERVE]
    environment = dict(os.environ, PYTHONPATH=str(ROOT), GRIDWORKS_CONTROL_URL=control)
    subprocess.run([*base, "control", "migrate"], env=environment, check=True, capture_output=True)
    environment |= {"GRIDWORKS_INSECURE": "true", "GRIDWORKS_PORT": "0",
                    "GRIDWORKS_ENVIRONMENT": "live", "GRIDWORKS_SNAPSHOT_EVERY": "0",
                    "GRIDWORKS_FOLDER": str(folder)}  # fmt: skip
    begin = time.perf_counter()
    process = subprocess.Popen(
        [*base, "serve"], env=environment, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdout is not None
    ready = any(line.startswith("ready on port") for line in process.stdout)
    took = time.perf_counter() - begin
    process.kill()  # the folder stays as it is for the next start
    _, _, used = os.wait4(process.pid, 0)
    process.returncode = -9
    process.stdout.close()
    assert ready
    return took, used.ru_utime + used.ru_stime


def measure(resting: int, tail: int, times: int = 3) -> dict[str, Any]:
    """Everything, for the report."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        begin = time.perf_counter()
        wanted = write(folder, resting, tail)
        print(f"made {resting:,} open orders and a tail of {tail:,} in "
              f"{time.perf_counter() - begin:.1f} s", file=sys.stderr)  # fmt: skip
        found: dict[str, Any] = {"orders": resting, "tail": tail, **parts_of(folder, wanted)}
        starts = [start(folder) for _ in range(times)]
        found["start_s"] = [round(wall, 2) for wall, _ in starts]
        found["start_processor_s"] = [round(used, 2) for _, used in starts]
        found["log_bytes"] = (folder / "commands.db").stat().st_size
    return {**found, "machine": facts()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--tail", type=int, default=200_000)
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    found = measure(given.orders, given.tail)
    text = json.dumps(found, indent=2)
    print(text)
    if given.out:
        given.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
