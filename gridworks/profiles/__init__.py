"""The rules of jurisdictions as data: which limits, with which values, from which source.

Lives here: one JSON file a jurisdiction, `reading` (a profile and its controls, checked),
`applying` (a profile becomes SET commands for instruments and accounts), `remote` (the same on a
running server, through its client), `monitors` (controls that
need a look at many accounts, outside of the order path: they yield commands as well), `table`
(what docs/compliance.md shows).

Does not live here: the checks (`risk.admission`). A profile is a start, not legal advice: values
are to be reviewed, and whoever applies it may change any.

Who may import it: gridworks, docs, tests.
"""

from gridworks.profiles.applying import apply
from gridworks.profiles.monitors import MarketWideLimit, PatternDayTrader
from gridworks.profiles.reading import NAMES, Control, Profile, load
from gridworks.profiles.remote import Applied, apply_to_server

__all__ = [
    "NAMES",
    "Applied",
    "Control",
    "MarketWideLimit",
    "PatternDayTrader",
    "Profile",
    "apply",
    "apply_to_server",
    "load",
]
