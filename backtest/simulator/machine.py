"""The Python side of a run's tables: memory, chunks of history, what comes out of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, get_args

import numpy as np

from backtest.events import EVENT, EventKind
from backtest.record import FLOW, Listing, Record
from backtest.settings import Delay, Settings
from backtest.settings import Path as PathKind
from backtest.simulator.core import loop
from backtest.simulator.core import tables as t
from backtest.simulator.core.calls import address
from backtest.simulator.core.room import (
    FLOWS_FULL,
    OWN_TABLES,
    REPORTS_FULL,
    REPORTS_SPARE,
    SAMPLES_FULL,
)
from backtest.simulator.core.tables import Part
from backtest.simulator.house import margined, minor, set_up
from domain.errors import CapacityError
from domain.jit import DISABLED
from domain.layout import COMMAND, REPORT
from domain.tables import Table
from engine.exchange import Exchange
from engine.loop import run as engine_run
from engine.store import aligned

Rows = np.ndarray[Any, Any]
_SHAPES = {"none": 0, "exponential": t.EXPONENTIAL, "lognormal": t.LOGNORMAL}
_SECOND = 10**9
_WIDTH = COMMAND.itemsize  # bytes of a command, and of a report
_WAITING, _TOLD, _REPORTS, _CLOCK = (
    t.HEAD.fields[name][1] // 8  # type: ignore[index]
    for name in ("waiting", "told", "reports", "clock")
)
_ENGINE_REPORTS = 4_096  # rows
_BUFFERS = {
    Part.COMMAND: 4 * t.BATCH, Part.WAITING: 1_024, Part.REPORT: 16_384, Part.SAMPLE: 262_144,
    Part.FLOW: 4_096,
}  # fmt: skip
_DTYPES = {
    Part.COMMAND: COMMAND, Part.WAITING: COMMAND, Part.REPORT: REPORT, Part.SAMPLE: "i8",
    Part.FLOW: FLOW,
}  # fmt: skip


def joined(*pieces: Rows) -> Rows:
    """A new array of all rows, copied as bytes: numpy copies such rows field by field."""
    data = bytearray().join(piece.tobytes() for piece in pieces)
    shape = (-1, *pieces[0].shape[1:])
    return np.frombuffer(data, pieces[0].dtype).reshape(shape)


def instants(chunks: Iterable[Rows]) -> Iterator[tuple[Rows, bool]]:
    """Chunks that end with the end of an instant, and whether each is the last."""
    held: Rows = np.zeros(0, EVENT)
    for chunk in chunks:
        if not len(chunk):
            continue
        rows = np.ascontiguousarray(chunk)
        if len(held) and held["time"][-1] == rows["time"][0]:
            rows = joined(held, rows)
        elif len(held):
            yield held, False
        cut = int(np.searchsorted(rows["time"], rows["time"][-1]))
        held = joined(rows[cut:])
        if cut:
            yield rows[:cut], False
    yield held, True


def _exchange(listings: tuple[Listing, ...], settings: Settings) -> Exchange:
    exchange = Exchange()
    exchange.apply(set_up(listings, settings))
    return exchange


@dataclass(slots=True)
class _Kept:
    """What was taken out of buffers, in pieces."""

    reports: list[Rows] = field(default_factory=list)
    arrivals: list[Rows] = field(default_factory=list)
    samples: list[Rows] = field(default_factory=list)
    flows: list[Rows] = field(default_factory=list)


class Machine:
    """One run: the exchange, the tables of the simulation, and `advance`."""

    def __init__(self, listings: tuple[Listing, ...], settings: Settings) -> None:
        self.listings, self.settings = listings, settings
        self.exchange = _exchange(listings, settings)
        self._places = aligned("i8", 2 * len(Part))
        self.w = int(self._places.ctypes.data)
        self.arrays: dict[Part, Rows] = {}
        for part, rows in _BUFFERS.items():
            self._place(part, aligned(_DTYPES[part], rows))
        self._place(Part.REPORT_DUE, aligned("i8", _BUFFERS[Part.REPORT]))
        self._place(Part.ARRIVAL, aligned("i8", _BUFFERS[Part.REPORT], 2))
        self._place(Part.WAITING_DUE, aligned("i8", _BUFFERS[Part.WAITING]))
        self._place(Part.FEES, aligned("i8", 32))
        self._place(Part.TARGET, aligned("i8", 1))
        self._place(Part.HEAD, aligned(t.HEAD, 1))
        self._place(Part.ITEM, aligned(t.ITEM, len(listings) + 1))
        self._place(Part.EVENT, np.zeros(0, EVENT))
        self._dues, self._tops = np.zeros(1, np.int64), np.zeros((1, 5), np.int64)
        self._place(Part.EVENT_DUE, self._dues)
        self._place(Part.TOP, self._tops)
        self._delays()
        self._engine_reports = aligned(REPORT, _ENGINE_REPORTS)
        self.head = self.arrays[Part.HEAD][0]
        self.cells = self.arrays[Part.HEAD].view(np.int64).data  # the same, quick to read
        self._settle()
        self._kept = _Kept()
        self._advance = _opened(loop.advance, self.w)

    def hold(self, part: Part, array: Rows) -> None:
        """Keep an array as one of the tables."""
        self._place(part, array)

    def _place(self, part: Part, array: Rows) -> None:
        self.arrays[part] = array
        if part == Part.REPORT:
            self._report_bytes = array.view(np.uint8).data
        elif part == Part.REPORT_DUE:
            self._report_dues = array.data
        elif part == Part.WAITING:
            self._waiting_bytes = array.view(np.uint8).data
        self._places[2 * part], self._places[2 * part + 1] = array.ctypes.data, len(array)

    def _delays(self) -> None:
        rows, measured = aligned(t.DELAY, 3), [np.zeros(1, np.int64)]
        latency, first = self.settings.latency, 1
        pairs: tuple[tuple[int, Delay], ...] = (
            (t.DATA, latency.data), (t.ORDER, latency.order), (t.REPORTS, latency.report),
        )  # fmt: skip
        for line, delay in pairs:
            row, values = rows[line], np.asarray(delay.sample, np.int64)
            row["constant"], row["spread"] = delay.constant, delay.spread
            row["shape"], row["first"], row["count"] = _SHAPES[delay.shape], first, len(values)
            first += len(values)
            measured.append(values)
        self._place(Part.DELAY, rows)
        self._place(Part.MEASURED, np.concatenate(measured))

    def _settle(self) -> None:
        """Write the settings into the head and the items."""
        h, settings = self.head, self.settings
        costs, bars = settings.costs, settings.bars
        commands = self.arrays[Part.COMMAND]
        h["store"] = self.exchange.lend(commands, self._engine_reports)
        h["run"] = address(engine_run, 2)
        h["next_id"], h["instruments"] = t.HISTORY_IDS, len(self.listings)
        h["timer"], h["rng"] = t.NEVER, (settings.seed * 0x9E3779B97F4A7C15 + 1) % 2**64 or 1
        h["touch"], h["path"] = bars.touch, get_args(PathKind).index(bars.path)
        h["share"], h["at_close"] = int(bars.volume_share * 1_000_000), bars.at_close
        h["slip_ticks"], h["slip_ppm"] = costs.slippage_ticks, int(costs.slippage_bps * 100)
        h["exact"], h["by_share"] = settings.exact, settings.queue == "probabilistic"
        h["maintenance"], h["sample_ns"] = settings.margin.maintenance_bps, settings.sample_ns
        h["borrow"], h["interest"] = int(costs.borrow_bps), int(costs.interest_bps)
        for number, listing in enumerate(self.listings, 1):
            item = self.arrays[Part.ITEM][number]
            item["multiplier"], item["cash_model"] = listing.multiplier, not margined(listing)

    def feed(self, rows: Rows, final: bool) -> None:
        """The next chunk of history; what was played but not shown yet stays in front of it."""
        h = self.head
        seen, count = int(h["seen"]), int(h["count"])
        if seen < count:
            rows = joined(self.arrays[Part.EVENT][seen:count], rows)
        size = max(len(rows), 1)
        if size > len(self._dues):
            self._dues, self._tops = np.zeros(size, np.int64), np.zeros((size, 5), np.int64)
        left = count - seen
        self._dues[:left] = self.arrays[Part.EVENT_DUE][seen:count].copy()
        self._tops[:left] = self.arrays[Part.TOP][seen:count].copy()
        if not h["events"] and not h["count"]:
            self._meet(rows)
        self._place(Part.EVENT, rows)
        self._place(Part.EVENT_DUE, self._dues)
        self._place(Part.TOP, self._tops)
        h["cursor"], h["seen"], h["count"], h["final"] = left, 0, len(rows), final
        h["carried"] = left

    def _meet(self, rows: Rows) -> None:
        """What the first chunk tells: which instruments come as bars."""
        of_bars = rows["kind"] == EventKind.BAR
        self.arrays[Part.ITEM]["bars"][np.unique(rows["instrument"][of_bars])] = 1
        if not self.head["sample_ns"] and not of_bars.any():
            self.head["sample_ns"] = _SECOND

    def place(self, at: int, number: int) -> str:
        """Row `at` of the chunk, which is event `number` of the data, in words."""
        row = self.arrays[Part.EVENT][at]
        symbol = self.listings[int(row["instrument"]) - 1].symbol
        time = int(row["time"])
        return f"at event {number} ({symbol}, {np.datetime64(time, 'ns')} UTC, {time} ns)"

    def advance(self, until: int) -> int:
        """`core.loop.advance`, with room made as it is wanted."""
        code = self._advance(self.w, until)
        while code == t.ROOM_WANTED:
            self.make_room()
            code = self._advance(self.w, until)
        return int(code)

    def make_room(self) -> None:
        """Empty or grow what the next event might want to be larger."""
        want = int(loop.look(self.w, 2))
        while want >= 0:
            if want == REPORTS_FULL:
                self._drain_reports()
            elif want == SAMPLES_FULL:
                self._drain_samples()
            elif want == FLOWS_FULL:
                self._drain_flows()
            elif want >= OWN_TABLES:
                self.widen()
            else:
                self.exchange.grow(Table(want))
            want = int(loop.look(self.w, 2))

    def _double(self, part: Part) -> None:
        old = self.arrays[part]
        new = aligned(old.dtype, 2 * len(old), old.shape[1] if old.ndim > 1 else 0)
        new.reshape(-1).view(np.uint8)[: old.nbytes] = old.reshape(-1).view(np.uint8)
        self._place(part, new)

    def widen(self) -> None:
        """Double the queue of own commands on their way."""
        self._double(Part.WAITING)
        self._double(Part.WAITING_DUE)

    def push(self, row: bytes) -> None:
        """Send a COMMAND row on its way."""
        at = self.cells[_WAITING]
        if at >= len(self.arrays[Part.WAITING]):
            self.widen()
        self._waiting_bytes[at * _WIDTH : (at + 1) * _WIDTH] = row
        self.cells[_WAITING] = at + 1

    def _drain_reports(self) -> None:
        h = self.head
        told, count = int(h["told"]), int(h["reports"])
        rows, shown = self.arrays[Part.REPORT], self.arrays[Part.ARRIVAL]
        dues = self.arrays[Part.REPORT_DUE]
        self._kept.reports.append(joined(rows[:told]))
        self._kept.arrivals.append(joined(shown[:told]))
        for array in (rows.view(np.uint8).reshape(len(rows), -1), shown, dues):
            array[: count - told] = array[told:count].copy()
        h["told"], h["reports"] = 0, count - told
        if count - told + REPORTS_SPARE > len(rows):  # the line of reports is long
            for part in (Part.REPORT, Part.ARRIVAL, Part.REPORT_DUE):
                self._double(part)

    def _drain_samples(self) -> None:
        used = int(self.head["samples"])
        self._kept.samples.append(self.arrays[Part.SAMPLE][:used].copy())
        self.head["samples"] = 0

    def _drain_flows(self) -> None:
        self._kept.flows.append(self.arrays[Part.FLOW][: int(self.head["flows"])].copy())
        self.head["flows"] = 0

    def new_reports(self) -> bytes:
        """The report rows that are due at the strategy's clock; they count as told."""
        told, end, clock = self.cells[_TOLD], self.cells[_REPORTS], self.cells[_CLOCK]
        while end > told and self._report_dues[end - 1] > clock:
            end -= 1
        self.cells[_TOLD] = end
        return self._report_bytes[told * _WIDTH : end * _WIDTH].tobytes()

    def record(self, name: str, parameters: dict[str, Any], error: str) -> Record:
        """What is left behind. Raises CapacityError if a table ran out within one event."""
        h, k = self.head, len(self.listings)
        if h["failed"]:
            raise CapacityError(f"table {int(h['failed'])} within one event", 0)
        self.make_room()
        loop.finish(self.w)
        h["told"] = h["reports"]
        self._drain_reports()
        self._drain_samples()
        self._drain_flows()
        kept = self._kept
        cells = np.concatenate(kept.samples).reshape(-1, 4 + 2 * k)
        return Record(
            name=name, listings=self.listings, reports=joined(*kept.reports),
            arrivals=joined(*kept.arrivals), times=cells[:, 0].copy(), equity=cells[:, 1].copy(),
            cash=cells[:, 2].copy(), margin=cells[:, 3].copy(),
            positions=cells[:, 4 : 4 + k].copy(), marks=cells[:, 4 + k :].copy(),
            flows=joined(*kept.flows), start_cash=minor(self.settings.cash, self.listings),
            seed=self.settings.seed, parameters=parameters,
            state_hash=self.exchange.state_hash(), commands=self.exchange.seq,
            events=int(h["events"]), error=error,
        )  # fmt: skip


def _opened(entry: Any, w: int) -> Any:
    """A quick way into a compiled entry of (address, number); nothing happens in the first call."""
    if DISABLED:
        return entry
    entry(w, 0)
    return entry.overloads[entry.signatures[-1]].entry_point
