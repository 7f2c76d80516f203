"""What may be written into the columns: environments, scopes, account patterns, networks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import ip_network

from django.core.exceptions import ValidationError

ENVIRONMENTS = ("test", "live")

# A test holds this list against the table of rights that the server enforces.
SCOPES = (
    "trading:read",
    "trading:write",
    "market_data:read",
    "indicators:read",
    "risk:read",
    "risk:write",
    "risk:approve",
    "funds:write",
    "sandbox:write",
    "admin:read",
    "admin:write",
)

_CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_ACCOUNT = re.compile(r"\*|[A-Za-z0-9._~-]{1,56}\*?")  # the names that nodes may have


def code(value: str) -> None:
    """A partner's or plan's code is lower case, digits and hyphens. Raises ValidationError."""
    if not _CODE.fullmatch(value):
        raise ValidationError("use 1 to 40 of a-z, 0-9 and -, not beginning with -")


def scopes(values: Iterable[str]) -> None:
    """Each is one of SCOPES. Raises ValidationError."""
    for value in values:
        if value not in SCOPES:
            raise ValidationError(f"no scope {value!r}; known: {', '.join(SCOPES)}")


def accounts(values: Iterable[str]) -> None:
    """Each is the name of an account or firm, or the start of one and `*`.

    Raises ValidationError.
    """
    for value in values:
        if not _ACCOUNT.fullmatch(value):
            raise ValidationError(
                f"{value!r} is no account: letters, digits and . _ ~ -, and * only at the end"
            )


def networks(values: Iterable[str]) -> None:
    """Each is an address or a CIDR network, without bits to the right of its mask.

    Raises ValidationError.
    """
    for value in values:
        try:
            ip_network(value)
        except ValueError as problem:
            raise ValidationError(str(problem)) from None
