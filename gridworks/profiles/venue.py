"""What profiles need of an exchange: tables to read and a way to send; `gw.Exchange` has it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from domain.messages import Message

if TYPE_CHECKING:
    import pandas as pd


class Venue(Protocol):
    """Instruments, accounts and positions as frames, and messages that are applied at once."""

    def instruments(self) -> pd.DataFrame:
        """A row an instrument: its name and type."""

    def accounts(self) -> pd.DataFrame:
        """A row a node, in the order of numbers: name, level, parent, cash, unrealised."""

    def positions(self) -> pd.DataFrame:
        """A row a node and instrument: qty."""

    def send(self, *messages: Message) -> Sequence[Any]:
        """Apply messages as one batch; reports have `seq`, `refused` and `explain()`."""
