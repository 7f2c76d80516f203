"""Entries that fill hash directories anew, after they have grown or a state was restored."""

from domain.jit import entry
from engine.book.directory import rebuild_directory
from risk.admission.bounds import rebuild_bounds
from risk.positions import rebuild_position_index
from risk.span.exchange import rebuild_portfolios
from risk.throttle import rebuild_recents


@entry
def fill_directory(s):
    """Enter every live order into an emptied directory."""
    rebuild_directory(s)


@entry
def fill_position_index(s):
    """Enter every position row into its index."""
    rebuild_position_index(s)


@entry
def fill_bounds(s):
    """Work out the bounds of every node."""
    rebuild_bounds(s)


@entry
def fill_portfolios(s):
    """Work out the scenario margin of every account."""
    rebuild_portfolios(s)


@entry
def move_recents(s, old):
    """Move the rows of the duplicate window that still count from `old` into the new table."""
    rebuild_recents(s, old)
