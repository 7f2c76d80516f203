"""Why a call was not let in. `reason` is for programs, the text for people, neither has a secret.

`server.status` turns them into status codes: UNAUTHENTICATED, PERMISSION_DENIED and
RESOURCE_EXHAUSTED with RetryInfo.
"""

from __future__ import annotations

from domain.errors import CapacityError, PermissionDenied, Unauthenticated


class NotAuthenticated(Unauthenticated):
    """The key is missing, unknown, revoked, expired or for another environment."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail

    def __str__(self) -> str:
        return self.detail


class NotPermitted(PermissionDenied):
    """The key is good and lacks the right to this; `facts` are what the detail says, by name."""

    def __init__(self, reason: str, detail: str, **facts: str) -> None:
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail
        vars(self).update(facts)

    def __str__(self) -> str:
        return self.detail


class LimitReached(CapacityError):
    """A limit of the plan; the same call may succeed after `retry_seconds`."""

    def __init__(self, reason: str, resource: str, limit: int, retry_seconds: float) -> None:
        super().__init__(resource, limit)
        self.args = (reason, resource, limit, retry_seconds)
        self.reason, self.retry_seconds = reason, retry_seconds

    def __str__(self) -> str:
        return (
            f"{self.resource}: the limit is {self.limit:,}; "
            f"try again in {self.retry_seconds:.3f} s"
        )
