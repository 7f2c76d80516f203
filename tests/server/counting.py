"""A batch shown to the kernels that count for the sequencer, with small tables of everything."""

import numpy as np

from domain.layout import MARKET, REPORT
from server.sequencer.bars import Bars
from server.sequencer.channels import Channels
from server.sequencer.numbering.numbers import Numbers
from server.sequencer.numbering.places import Note, Place
from server.sequencer.numbering.window import Kept, Window

PARENTS = np.array([0, 0, 1, 1, 2, 3, 4, 4, 5, 0], np.int32)
COLUMNS = {"entered": Place.ENTERED, "asked": Place.ASKED, "account": Place.ACCOUNT}


class Counting:
    """One batch, not yet followed; `counted` are the tables that it moves."""

    def __init__(self, rows, reports, market, sessions=5, owners=None, kinds=None, bars=None):
        self.counted = {
            Place.OWNERS: np.zeros(64, np.int32) if owners is None else owners,
            Place.PARENTS: PARENTS,
            Place.NODES: np.zeros(len(PARENTS), np.int64),
            Place.COMMANDS: np.zeros(sessions, np.int64),
            Place.NUMBERED: np.zeros(sessions, np.int64),
        }
        self.numbers = Numbers(np.zeros(256, np.int64) if kinds is None else kinds)
        self.numbers.show(rows, 0, reports, market)
        places = self.numbers.places
        for place, array in self.counted.items():
            places.put(place, array)
        self.channels = Channels(1000)
        self.channels.make_room(9)
        self.channels.show(places)
        window = Window(REPORT, 1000, dict.fromkeys(COLUMNS, np.int32))
        self.reports: Kept = window.reserve(len(reports))
        places.put_window(window, Place.KEPT, COLUMNS)
        self.updates: Kept = self.channels.window.reserve(len(market))
        self.channels.show(places)
        self.bars = bars or Bars(10)
        self.bars.make_room(9)
        self.bars.show(places, len(market))
        notes = self.numbers.notes
        notes[Note.SECONDS] = self.bars.count

    def follow(self, begin=0):
        """Count; what the kernel says."""
        found = self.numbers.follow(begin)
        self.bars.count = self.numbers.notes[Note.SECONDS]
        return found


def no_reports():
    """Reports and market rows of a batch that caused none."""
    return np.zeros(0, REPORT), np.zeros(0, MARKET)
