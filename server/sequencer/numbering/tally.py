"""Kernels: whose a row is, and how far each numbering has counted, in one pass over a batch.

A batch of one is the usual one when few trade, so what it costs to look at it counts as much as
what each row costs: in numpy it took a hundred microseconds a batch, and as much a command as the
engine.
"""

from domain.codes import Command, ExecType, Level, ReportType
from domain.jit import entry, kernel
from domain.limits import ORDER_SLOT_BITS

_SLOT = (1 << ORDER_SLOT_BITS) - 1
_NEW, _EXECUTION = int(ExecType.NEW), int(ReportType.EXECUTION)
_CONNECT, _DISCONNECT = int(Command.CONNECT), int(Command.DISCONNECT)
_LAST_OF_CLIENTS = int(Command.QUOTE)  # commands 1 to 5 are those that clients number
_LEVELS = int(Level.FIRM)  # of the hierarchy: an account has so many nodes, itself included


@entry
def count_commands(rows, begin, counts):
    """Count the numbered commands of each session from a row on.

    Stops at a CONNECT or DISCONNECT and returns its row; the number of rows if there is none.
    """
    for n in range(begin, len(rows)):
        command = rows[n]["command"]
        if command == _CONNECT or command == _DISCONNECT:
            return n
        session = rows[n]["session"]
        if 0 < session < len(counts) and command <= _LAST_OF_CLIENTS:
            counts[session] += 1
    return len(rows)


@kernel
def _follow(counts, session):
    if 0 < session < len(counts):
        counts[session] += 1


@entry
def own_reports(rows, reports, owners, parents, sessions, nodes, entered, asked):
    """Find the two sessions of each report, and count them and the nodes above the account.

    `owners` has the session that entered the order in each row of the order table; an order that
    is new takes its row from the one that had it before. The session that asked is told when the
    report answers it: a fill of somebody else's order does not.
    """
    first = rows[0]["seq"]
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
        entered[n], asked[n] = owner, asker
        _follow(sessions, owner)
        _follow(sessions, asker)
        node = account if 0 < account < len(parents) else 0
        for _ in range(_LEVELS):
            if node > 0:
                nodes[node] += 1
                node = parents[node]
    return 0


@entry
def number_updates(rows, slots, counts, channels):
    """Write the channel of each market row (8 an instrument, `slots` by kind) and count it."""
    for n in range(len(rows)):
        channel = rows[n]["instrument"] * 8 + slots[rows[n]["market"]]
        channels[n] = channel
        counts[channel] += 1
    return 0


@entry
def group(entered, asked, starts, names, picks):
    """Sort the reports of a batch by session, in rising order within each.

    `starts` has a zero for each session and is zeros again at the end; `names` gets two cells for
    each group: the session, and where in `picks` its group ends. Returns how many there are.
    """
    count = 0
    for n in range(len(entered)):
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
    for n in range(len(entered)):
        for session in (entered[n], asked[n]):
            if session > 0:
                picks[starts[session]] = n
                starts[session] += 1
    for k in range(count):
        session = names[2 * k]
        names[2 * k + 1] = starts[session]
        starts[session] = 0
    return count
