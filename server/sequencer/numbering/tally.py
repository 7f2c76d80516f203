"""Kernels: whose a row is, and how far each numbering has counted, in one pass over a batch.

A batch of one is the usual one when few trade, so what it costs to look at it counts as much as
what each row costs: in numpy it took a hundred microseconds a batch, and as much a command as the
engine.
"""

from domain.codes import Command, ExecType, Level, MarketType, ReportType
from domain.jit import entry, kernel, table
from domain.layout import COMMAND, MARKET, REPORT
from domain.limits import INT64_MAX, ORDER_SLOT_BITS
from indicators.bars import BAR
from server.sequencer.numbering.places import Note, Place

_WORDS = COMMAND.itemsize // 8
_rows = table(Place.ROWS, COMMAND)
_row_words = table(Place.ROWS, "i8", _WORDS)
_reports = table(Place.REPORTS, REPORT)
_market = table(Place.MARKET, MARKET)
_owners = table(Place.OWNERS, "i4")
_parents = table(Place.PARENTS, "i4")
_nodes = table(Place.NODES, "i8")
_commands = table(Place.COMMANDS, "i8")
_numbered = table(Place.NUMBERED, "i8")
_channels = table(Place.CHANNELS, "i8")
_kinds = table(Place.KINDS, "i8")
_notes = table(Place.NOTES, "i8")
_report_words = table(Place.REPORTS, "i8", REPORT.itemsize // 8)
_market_words = table(Place.MARKET, "i8", MARKET.itemsize // 8)
_kept = table(Place.KEPT, "i8", REPORT.itemsize // 8)
_entered = table(Place.ENTERED, "i4")
_asked = table(Place.ASKED, "i4")
_account = table(Place.ACCOUNT, "i4")
_updates = table(Place.UPDATES, "i8", MARKET.itemsize // 8)
_channel = table(Place.CHANNEL, "i8")
_time = table(Place.TIME, "i8")
_seconds = table(Place.SECONDS, BAR)
_traded = table(Place.TRADED, "i8")
_latest = table(Place.LATEST, "i8")
_starts = table(Place.STARTS, "i8")
_names = table(Place.NAMES, "i8")
_picks = table(Place.PICKS, "i8")

_SLOT = (1 << ORDER_SLOT_BITS) - 1
_NEW, _EXECUTION = int(ExecType.NEW), int(ReportType.EXECUTION)
_CONNECT, _DISCONNECT = int(Command.CONNECT), int(Command.DISCONNECT)
_LAST_OF_CLIENTS = int(Command.QUOTE)  # commands 1 to 5 are those that clients number
_LEVELS = int(Level.FIRM)  # of the hierarchy: an account has so many nodes, itself included
_TRADE = int(MarketType.TRADE)
_TOKENS, _OTHERS, _NOW = int(Note.TOKENS), int(Note.OTHERS), int(Note.NOW)
_KEPT_AT, _UPDATES_AT, _WAITING = int(Note.KEPT), int(Note.UPDATES), int(Note.SECONDS)
_ONLY = int(Note.ONLY)
_SECOND = 10**9  # ns


@entry
def follow(s, begin):
    """Count the rows of a batch from `begin` on, then its reports and its market rows; those go
    into their windows, with whose they are.

    Stops at a CONNECT or DISCONNECT and returns its row: the caller follows it and calls again with
    the next one. Returns the number of rows when all is done; below 0 when `owners` must have so
    many rows (negated) before the reports can be counted.
    """
    rows = _rows(s)
    if begin == 0:
        _notes(s)[_TOKENS] = _notes(s)[_OTHERS] = 0
    place = _count_commands(s, begin)
    if place == len(rows):
        owners = _most_slots(s)
        if owners > len(_owners(s)):
            return -owners
        _own_reports(s)
        _keep(_report_words(s), _kept(s), _notes(s)[_KEPT_AT])
        _number_updates(s)
        _keep(_market_words(s), _updates(s), _notes(s)[_UPDATES_AT])
    return place


@kernel(inline=True)
def _keep(rows, window, at):
    """Copy rows into a window."""
    for n in range(len(rows)):
        for word in range(rows.shape[1]):
            window[at + n, word] = rows[n, word]


@kernel
def _count_commands(s, begin):
    """Count the numbered commands of each session; the row of a CONNECT, or how many rows."""
    rows, counts = _rows(s), _commands(s)
    for n in range(begin, len(rows)):
        command, session = rows[n]["command"], rows[n]["session"]
        if _row_words(s)[n, _WORDS - 1] != 0:
            _notes(s)[_TOKENS] = 1
        if command > _LAST_OF_CLIENTS:
            _notes(s)[_OTHERS] = 1
        if command == _CONNECT or command == _DISCONNECT:
            return n
        if 0 < session < len(counts) and command <= _LAST_OF_CLIENTS:
            counts[session] += 1
    return len(rows)


@kernel
def _follow_session(counts, session):
    if 0 < session < len(counts):
        counts[session] += 1


@kernel
def _most_slots(s):
    """How many rows of the order table the reports of a batch reach."""
    reports, most = _reports(s), 0
    for n in range(len(reports)):
        order = reports[n]["order_id"]
        most = max(most, (order & _SLOT) + 1 if order > 0 else 0)
    return most


@kernel
def _own_reports(s):
    """Find the two sessions of each report, and count them and the nodes above the account.

    The session that entered an order stands in the order's row of the table; an order that is new
    takes it from the one that had it before. The session that asked is told when the report answers
    it: a fill of somebody else's order does not.
    """
    rows, reports, owners, parents = _rows(s), _reports(s), _owners(s), _parents(s)
    nodes, numbered, at = _nodes(s), _numbered(s), _notes(s)[_KEPT_AT]
    first, only = rows[0]["seq"], -1
    for n in range(len(reports)):
        report = reports[n]
        cause = rows[report["seq"] - first]
        order, kind = report["order_id"], report["report"]
        account, session = report["account"], cause["session"]
        slot = order & _SLOT
        if kind == _EXECUTION and report["exec_type"] == _NEW and order > 0:
            owners[slot] = session
        owner = owners[slot] if order > 0 else 0
        direct = kind != _EXECUTION or account == cause["account"]
        asker = session if direct and session != owner else 0
        _entered(s)[at + n], _asked(s)[at + n], _account(s)[at + n] = owner, asker, account
        mine = owner + asker if owner == 0 or asker == 0 else 0
        only = mine if only == -1 or only == mine else 0
        _follow_session(numbered, owner)
        _follow_session(numbered, asker)
        node = account if 0 < account < len(parents) else 0
        for _ in range(_LEVELS):
            if node > 0:
                nodes[node] += 1
                node = parents[node]
    _notes(s)[_ONLY] = max(only, 0)


@kernel
def _number_updates(s):
    """Find the channel of each market row (8 an instrument) and count it; note when it happened.

    That is the time of its command, never earlier than the last. Trades go into bars as well.
    """
    rows, kinds, counts, notes = _market(s), _kinds(s), _channels(s), _notes(s)
    commands, at, cause, now = _rows(s), notes[_UPDATES_AT], 0, notes[_NOW]
    first = commands[0]["seq"]
    for n in range(len(rows)):
        place = rows[n]["seq"] - first
        while cause <= place:
            now = max(now, commands[cause]["transact_time"])
            cause += 1
        kind = rows[n]["market"]
        channel = rows[n]["instrument"] * 8 + kinds[kind]
        _channel(s)[at + n], _time(s)[at + n] = channel, now
        counts[channel] += 1
        if kind == _TRADE:
            _keep_trade(s, n, now)
    while cause < len(commands):
        now = max(now, commands[cause]["transact_time"])
        cause += 1
    notes[_NOW] = now


@kernel
def _keep_trade(s, n, now):
    """A trade into the bar of its second."""
    trade, bars, latest = _market(s)[n], _seconds(s), _latest(s)
    start = now - now % _SECOND
    instrument, price, qty = trade["instrument"], trade["price"], trade["qty"]
    at = latest[instrument] - 1
    if at < 0 or bars[at]["start"] != start:
        at = _notes(s)[_WAITING]
        _notes(s)[_WAITING] = latest[instrument] = at + 1
        _traded(s)[at] = instrument
        bar = bars[at]
        bar["start"], bar["open"], bar["high"], bar["low"] = start, price, price, price
        bar["volume"], bar["value"], bar["trades"], bar["number"] = 0, 0, 0, 0
    bar = bars[at]
    bar["high"], bar["low"] = max(bar["high"], price), min(bar["low"], price)
    bar["close"] = price
    bar["volume"] = _sum(bar["volume"], qty)
    bar["value"] = _sum(bar["value"], price * qty)
    bar["trades"] += 1


@kernel
def _sum(a, b):
    """The sum, or the largest int64 where it would be more."""
    return INT64_MAX if b > 0 and a > INT64_MAX - b else a + b


@entry
def group(s, begin, end):
    """Sort the reports from `begin` to before `end` in their window by session, rising in each.

    STARTS has a zero for each session and is zeros again at the end; NAMES gets two cells for each
    group: the session, and where in PICKS its group ends. PICKS are counted from `begin`. Returns
    how many groups there are.
    """
    entered, asked = _entered(s), _asked(s)
    starts, names, picks = _starts(s), _names(s), _picks(s)
    count = 0
    for n in range(begin, end):
        for session in (entered[n], asked[n]):
            if session > 0:
                if starts[session] == 0:
                    names[2 * count] = session
                    count += 1
                starts[session] += 1
    at = 0
    for k in range(count):
        session = names[2 * k]
        size = starts[session]
        starts[session] = at
        at += size
    for n in range(begin, end):
        for session in (entered[n], asked[n]):
            if session > 0:
                picks[starts[session]] = n - begin
                starts[session] += 1
    for k in range(count):
        session = names[2 * k]
        names[2 * k + 1] = starts[session]
        starts[session] = 0
    return count
