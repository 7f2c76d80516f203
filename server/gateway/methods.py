"""Which methods have this door, and how their handlers are found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_TRADING = "/gridworks.api.trading.v1.TradingService/"
_MARKET = "/gridworks.api.market_data.v1.MarketDataService/"
METHODS = (
    *(f"{_TRADING}{name}" for name in (
        "OrderEntry", "DropCopy", "SubmitOrder", "CancelOrder", "ReplaceOrder",
    )),
    *(f"{_MARKET}{name}" for name in ("Subscribe", "SubscribeBars")),
    "/grpc.health.v1.Health/Check",
)  # fmt: skip


class Methods:
    """Passes handlers on to a grpcio server, and keeps what was registered last for each method."""

    def __init__(self, server: Any) -> None:
        self.grpcio = server
        self.found: dict[str, Any] = {}

    def add_generic_rpc_handlers(self, handlers: Any) -> None:
        """See `grpc.aio.Server`."""
        self.grpcio.add_generic_rpc_handlers(handlers)

    def add_registered_method_handlers(self, service: str, handlers: Mapping[str, Any]) -> None:
        """See `grpc.aio.Server`."""
        self.grpcio.add_registered_method_handlers(service, handlers)
        self.found |= {f"/{service}/{name}": handler for name, handler in handlers.items()}
