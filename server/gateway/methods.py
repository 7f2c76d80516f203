"""Which methods have this door, and how both doors find their handlers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import grpc

_TRADING = "/gridworks.api.trading.v1.TradingService/"
_MARKET = "/gridworks.api.market_data.v1.MarketDataService/"
METHODS = (
    *(f"{_TRADING}{name}" for name in (
        "OrderEntry", "DropCopy", "SubmitOrder", "CancelOrder", "ReplaceOrder",
    )),
    *(f"{_MARKET}{name}" for name in ("Subscribe", "SubscribeBars")),
    "/grpc.health.v1.Health/Check",
)  # fmt: skip


class Wraps(Protocol):
    """Puts around a handler what every call passes: `server.interceptors.Door`."""

    def wrap(self, method: str, handler: Any) -> Any:
        """The handler of a method, for either door."""


class Methods(grpc.GenericRpcHandler):
    """Every method and its handler; what is added last holds.

    Services are added to it as to a grpcio server, which then asks it for each call. A server to
    which they were added by name would wait for the next call of every method by itself, and go
    through all of them at each call.
    """

    def __init__(self, door: Wraps) -> None:
        self._door = door
        self.found: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """See `grpc.aio.Server`. These say what is said below, once more."""

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """See `grpc.aio.Server`."""
        for name, handler in handlers.items():
            method = f"/{service}/{name}"
            self.found[method] = self._door.wrap(method, handler)

    def service(self, details: Any) -> Any:
        """The handler of a call; None: there is no such method."""
        return self.found.get(details.method)
