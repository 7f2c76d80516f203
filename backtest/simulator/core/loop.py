"""The simulation: what happens next, at the exchange and at the strategy, in the order of time.

At one instant first history, then our commands that arrive, then our reports, then what the
strategy sees of history, then timers. All events of an instant are played before any is shown.
"""

import numpy as np

from backtest.simulator.core.calls import call2
from backtest.simulator.core.draws import arrives
from backtest.simulator.core.history.bars import enter_at_close, play_bar
from backtest.simulator.core.history.book import (
    note_arrival,
    play_level,
    play_quote,
    play_trade,
    top,
)
from backtest.simulator.core.history.idle import skip_idle
from backtest.simulator.core.history.market import held
from backtest.simulator.core.history.singles import play_phase, play_single
from backtest.simulator.core.holdings import accrue, call_margin, change, equity, pay_accrued
from backtest.simulator.core.own import arrive, next_in_book, stamp
from backtest.simulator.core.room import lacks
from backtest.simulator.core.tables import (
    DATA,
    DONE,
    DONE_BUSY,
    EVENT_SHOWN,
    NEVER,
    OWN,
    RAISED,
    REPORT_DUE,
    ROOM_WANTED,
    SHOW_ALL,
    SHOW_BARS,
    SHOW_BOOK,
    SHOW_TRADES,
    TIMER_DUE,
    event_dues,
    events,
    head,
    items,
    report_dues,
    samples,
    tops,
    waiting_dues,
)
from domain.codes import Side
from domain.jit import entry, kernel
from domain.tables import nodes

_BUY, _SELL = int(Side.BUY), int(Side.SELL)
# backtest.events.EventKind
_EXECUTE, _CLEAR, _LEVEL, _TRADE, _RESUME = 4, 7, 8, 9, 11
_BAR, _QUOTE, _SPLIT, _FUNDING, _PHASE = 32, 33, 48, 51, 52


@entry
def advance(w, until):
    """Go on to event `until` of the chunk; returns why it comes back (core.tables).

    DONE: all events before `until` are played and all that was due before the next one is done;
    DONE_BUSY: so it is, but the next event may concern an order of ours. RAISED: a compiled
    strategy has, at the event before `seen`.
    """
    h = head(w)[0]
    while True:
        if h["wants"] == 0 and h["instruments"] == 1:
            skip_idle(w, until)
        if lacks(w) >= 0:
            return ROOM_WANTED
        stamp(w)
        if h["at_close"]:
            enter_at_close(w)
        bound = _bound(w)
        arrival = next_in_book(w)
        soonest = waiting_dues(w)[arrival] if arrival >= 0 else NEVER
        report = report_dues(w)[h["told"]] if h["told"] < h["reports"] else NEVER
        shown = _next_shown(w)
        first = min(soonest, report, shown, h["timer"])
        if first >= bound or (h["final"] and first == h["timer"] and h["cursor"] == h["count"]):
            if h["cursor"] >= min(until, h["count"]):
                return DONE_BUSY if _is_busy(w) else DONE
            _play(w)
        elif soonest == first:
            _sample_before(w, first)
            h["now"] = max(h["now"], first)
            arrive(w, arrival)
        elif report == first:
            h["clock"] = first
            if h["strategy"] == 0:
                return REPORT_DUE
            h["told"] += 1
        elif shown == first:
            h["clock"] = first
            at = np.int64(h["seen"])
            h["seen"] = at + 1
            _see(w, at)
            if h["strategy"] == 0:
                return EVENT_SHOWN
            if call2(h["strategy"], w, at) < 0:
                return RAISED
        else:
            h["clock"] = first
            return TIMER_DUE


@kernel
def _is_busy(w):
    """Whether the next event may lead to a report, or a timer may go off before it."""
    h = head(w)[0]
    node = nodes(h["store"])[OWN]
    called = h["maintenance"] != 0 and node["margin"] != 0
    on_its_way = h["first"] < h["waiting"] or h["told"] < h["reports"]
    return node["orders"] != 0 or on_its_way or called or h["timer"] < NEVER


@kernel
def _bound(w):
    """Until when, excluded, things may happen before the next event is played."""
    h = head(w)[0]
    if h["cursor"] < h["count"]:
        return events(w)[h["cursor"]]["time"]
    return NEVER if h["final"] else h["played"] + 1


@kernel
def _next_shown(w):
    """When the next event that the strategy wants to see is shown, NEVER if none is played yet."""
    h = head(w)[0]
    if h["wants"] == 0:
        h["seen"] = h["cursor"]
        return NEVER
    while h["seen"] < h["cursor"]:
        shown = _what_to_show(w, np.int64(h["seen"]))
        if shown:
            h["shown"] = shown
            return event_dues(w)[h["seen"]]
        h["seen"] += 1
    return NEVER


@kernel
def _what_to_show(w, at):
    """SHOW_* bits of an event: the callbacks that it is for."""
    e = events(w)[at]
    wants, kind = head(w)[0]["wants"], e["kind"]
    if wants & SHOW_ALL:
        return SHOW_ALL
    if kind == _BAR:
        return wants & SHOW_BARS
    if kind >= _SPLIT or (kind > _TRADE and kind <= _RESUME):
        return 0
    found = wants & SHOW_TRADES if kind == _TRADE or kind == _EXECUTE else 0
    if wants & SHOW_BOOK:
        item, then = items(w)[e["instrument"]], tops(w)[at]
        same = then[0] == item["seen_bid"] and then[1] == item["seen_bid_qty"]
        if not same or then[2] != item["seen_ask"] or then[3] != item["seen_ask_qty"]:
            found |= SHOW_BOOK
    return found


@kernel
def _note_top(w, instrument, at):
    """Keep the best prices after an event, for when it is shown."""
    then = tops(w)[at]
    then[4] = items(w)[instrument]["px"]
    if items(w)[instrument]["bars"] == 0:
        then[0], then[1] = top(w, instrument, _BUY)
        then[2], then[3] = top(w, instrument, _SELL)


@kernel
def _see(w, at):
    """The strategy is shown an event: it knows the best prices after it."""
    item, then = items(w)[events(w)[at]["instrument"]], tops(w)[at]
    item["seen_bid"], item["seen_bid_qty"] = then[0], then[1]
    item["seen_ask"], item["seen_ask_qty"] = then[2], then[3]
    item["seen_px"] = then[4]


@kernel
def _play(w):
    """Play the next event at the exchange."""
    h = head(w)[0]
    at = np.int64(h["cursor"])
    e = events(w)[at]
    kind = e["kind"]
    _sample_before(w, e["time"])
    h["played"] = e["time"]
    if kind != _BAR:
        h["now"] = max(h["now"], e["time"])
    accrue(w, e["time"])
    if items(w)[e["instrument"]]["bars"] == 0 and nodes(h["store"])[OWN]["orders"]:
        note_arrival(w, np.int64(e["instrument"]))
    if kind == _BAR:
        play_bar(w, e)
    elif kind <= _CLEAR:
        play_single(w, e)
    elif kind == _LEVEL:
        play_level(w, e)
    elif kind == _TRADE:
        play_trade(w, e)
    elif kind == _QUOTE:
        items(w)[e["instrument"]]["quoted"] = 1
        play_quote(w, e)
    elif kind >= _SPLIT and kind <= _FUNDING:
        change(w, e)
    else:
        play_phase(w, e)
    if h["maintenance"]:
        call_margin(w)
    h["cursor"] = at + 1
    h["events"] += 1
    if h["wants"]:
        event_dues(w)[at] = arrives(w, DATA, e["time"])
        _note_top(w, np.int64(e["instrument"]), at)
    _ask_for_sample(w, kind, e["time"])


@kernel
def _ask_for_sample(w, kind, time):
    """A bar asks for a sample at its close, or there is one in each `sample_ns`."""
    h = head(w)[0]
    if h["sample_ns"] == 0 and kind == _BAR:
        h["sample_at"] = time
    elif h["sample_ns"] and time >= h["next_sample"]:
        h["sample_at"] = time
        h["next_sample"] = time - time % h["sample_ns"] + h["sample_ns"]


@kernel
def _sample_before(w, time):
    """Write the sample that is due, if time goes on from its instant."""
    h = head(w)[0]
    if h["sample_at"] == 0 or time <= h["sample_at"]:
        return
    count, s = h["instruments"], h["store"]
    out, at = samples(w), np.int64(h["samples"])
    out[at] = h["sample_at"]
    out[at + 1] = equity(w)
    out[at + 2] = nodes(s)[OWN]["cash"] - h["debt"]
    out[at + 3] = nodes(s)[OWN]["margin"]
    for number in range(1, count + 1):
        out[at + 3 + number] = held(w, number)
        out[at + 3 + count + number] = items(w)[number]["px"]
    h["samples"] = at + 4 + 2 * count
    h["sample_at"] = 0


@entry
def finish(w):
    """The end of the run: what has accrued is paid and the last sample written."""
    pay_accrued(w)
    if head(w)[0]["sample_ns"]:
        head(w)[0]["sample_at"] = head(w)[0]["played"]
    _sample_before(w, NEVER)
    return 0


@entry
def look(w, what):
    """The account as the exchange has it now: 0 cash, 1 equity, 2 what is missing (core.room)."""
    if what == 0:
        return nodes(head(w)[0]["store"])[OWN]["cash"] - head(w)[0]["debt"]
    return equity(w) if what == 1 else lacks(w)
