"""THE DURABLE COMMAND LOG: bytes, not meaning.

Commands are stored before they are applied; recovery, standby, audit and debugging read them
back. `log` is the interface, `sqlite` keeps it in one SQLite file (`database` opens that file,
`snapshots` keeps states beside the batches, `packing` stores what rows share once, `chain` links
batches by SHA-256), `recovery` says
which state to start from, and `verify` walks a file and says whether it is what was written.
docs/durability.md has the promises.

Not here: what a row means (domain, engine), time, threads, network. Imports the standard
library, numpy and domain only; server, tests and benches import it.
"""

from journal.chain import Blob, Head
from journal.log import Batch, CommandLog, Policy, Snapshot
from journal.recovery import Recovery
from journal.sqlite import SqliteLog
from journal.verify import VerifyReport, verify

__all__ = [
    "Batch",
    "Blob",
    "CommandLog",
    "Head",
    "Policy",
    "Recovery",
    "Snapshot",
    "SqliteLog",
    "VerifyReport",
    "verify",
]
