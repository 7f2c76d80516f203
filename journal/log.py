"""What a command log is, whatever keeps it: the interface that the sequencer works against.

A log is a gap-free sequence of commands, numbered from 1, stored in the batches in which they
came. It has one writer, used by one thread at a time.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from journal.chain import Blob

Policy = Literal["memory", "disk"]
Batch = tuple[int, int, Blob]  # first_seq, count, blob: the bytes of `count` command rows


@dataclass(frozen=True)
class Snapshot:
    """The state after command `seq`; `head_digest` is the log's chain at that point."""

    seq: int
    head_digest: bytes
    parts: Mapping[str, bytes]


class CommandLog(Protocol):
    """A durable, tamper-evident sequence of command batches with snapshots beside it."""

    @property
    def last_seq(self) -> int:
        """The last sequence accepted; 0 when there is none."""

    @property
    def durable_seq(self) -> int:
        """The last sequence that survives a power cut."""

    @property
    def head_digest(self) -> bytes:
        """The chain's digest after `last_seq`."""

    def append(self, first_seq: int, count: int, blob: Blob) -> None:
        """Accept one batch. What has been acknowledged when this returns is the policy's word.

        Raises InvalidField, StorageFull, LogFailed, LogUnavailable.
        """

    def append_many(self, batches: Iterable[Batch]) -> None:
        """Accept several batches at once: all of them or none. Raises as `append`."""

    def flush(self) -> None:
        """Make all that was accepted durable. Raises StorageFull, LogFailed, LogUnavailable."""

    def replay(self, after_seq: int = 0) -> Iterator[Batch]:
        """Read back the commands after `after_seq`, checking the chain on the way.

        A batch that begins before is cut. Raises InvalidField, LogCorrupt.
        """

    def write_snapshot(self, seq: int, parts: Mapping[str, bytes]) -> None:
        """Keep the state after command `seq`, the last one of a batch. Raises as `append`."""

    def latest_snapshot(self, at_most: int | None = None) -> Snapshot | None:
        """The newest sound snapshot, not after `at_most`. Raises LogCorrupt."""

    def close(self) -> None:
        """Flush and let go of the log; a second call does nothing. Raises as `flush`."""
