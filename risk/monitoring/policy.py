"""When an account is called, when it is liquidated, and how."""

from __future__ import annotations

from dataclasses import dataclass

from domain.errors import InvalidField
from domain.limits import BPS, MAX_NODES


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds and steps of the ladder; basis points and nanoseconds.

    call_bps: an account is called when its margin in use reaches this share of its collateral.
    maintenance_bps: share of the margin in use that collateral may not fall below; from there the
    account is liquidated at once. grace_ns: how long a call may stay unmet before that.
    share_bps: part of a position that one order closes. protection_bps: how far from the mark its
    price may go. attempts: orders for one position that may close nothing before the position is
    transferred. insurance: account that takes what cannot be closed; 0: none, it stays.
    """

    call_bps: int = BPS
    maintenance_bps: int = 7_500
    grace_ns: int = 3_600 * 10**9
    share_bps: int = 2_500
    protection_bps: int = 200
    attempts: int = 3
    insurance: int = 0

    def __post_init__(self) -> None:
        bounds = {
            "call_bps": (1, 10 * BPS), "maintenance_bps": (1, BPS), "grace_ns": (0, 2**62),
            "share_bps": (1, BPS), "protection_bps": (0, BPS - 1), "attempts": (1, 1_000),
            "insurance": (0, MAX_NODES),
        }  # fmt: skip
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
                raise InvalidField(name, value, f"a whole number from {least} to {most}")
