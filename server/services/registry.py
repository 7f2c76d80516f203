"""Puts the services on a gRPC server: standard ones, and the streams as raw bytes."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import grpc

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import add_AdminServiceServicer_to_server
from gridworks.api.indicators.v1 import indicator_service_pb2 as indicators
from gridworks.api.indicators.v1.indicator_service_pb2_grpc import (
    add_IndicatorServiceServicer_to_server,
)
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import (
    add_MarketDataServiceServicer_to_server,
)
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import add_RiskServiceServicer_to_server
from gridworks.api.sandbox.v1 import sandbox_service_pb2 as sandbox
from gridworks.api.sandbox.v1.sandbox_service_pb2_grpc import add_SandboxServiceServicer_to_server
from gridworks.api.trading.v1 import order_entry_pb2
from gridworks.api.trading.v1 import trading_service_pb2 as trading
from gridworks.api.trading.v1.trading_service_pb2_grpc import add_TradingServiceServicer_to_server
from server.sandbox.service import Sandboxes
from server.services import drop_copy, order_entry
from server.services.acts import Acts
from server.services.admin.servicer import Admin
from server.services.calendars import Calendars
from server.services.core import Core
from server.services.market.bars import subscribe_bars
from server.services.market.channels import subscribe
from server.services.market.service import MarketData
from server.services.risk.servicer import Risk
from server.services.trading import Trading
from server.studies import follow
from server.studies.live import Studies
from server.studies.service import Indicators
from server.transport import Health, add_standard

TRADING = "gridworks.api.trading.v1.TradingService"
INDICATORS = "gridworks.api.indicators.v1.IndicatorService"
MARKET_DATA = "gridworks.api.market_data.v1.MarketDataService"


class Parts(NamedTuple):
    """What some services share beside the core."""

    acts: Acts
    calendars: Calendars
    studies: Studies


def add_services(server: Any, core: Core, parts: Parts) -> Health:
    """All services; returns the one that tells whether the server is well."""
    acts, calendars, studies = parts

    # a method that a servicer does not have is answered UNIMPLEMENTED
    trading_service: Any = Trading(core, acts.trial)  # type: ignore[abstract]
    add_TradingServiceServicer_to_server(trading_service, server)
    market_service: Any = MarketData(core)  # type: ignore[abstract]
    add_MarketDataServiceServicer_to_server(market_service, server)
    risk_service: Any = Risk(core, acts)
    add_RiskServiceServicer_to_server(risk_service, server)
    admin_service: Any = Admin(core, acts, calendars)
    add_AdminServiceServicer_to_server(admin_service, server)
    add_SandboxServiceServicer_to_server(Sandboxes(core, acts), server)
    indicator_service: Any = Indicators(core, studies)  # type: ignore[abstract]
    add_IndicatorServiceServicer_to_server(indicator_service, server)
    # bytes in place of the generated handlers: what is registered last holds
    server.add_registered_method_handlers(TRADING, _orders(core))
    server.add_registered_method_handlers(MARKET_DATA, _updates(core))
    values = {"SubscribeIndicators": _writes(
        functools.partial(follow.subscribe, core, studies), indicators.SubscribeIndicatorsRequest
    )}  # fmt: skip
    server.add_registered_method_handlers(INDICATORS, values)
    files = (trading, market, risk, indicators, admin, sandbox)
    names = [file.DESCRIPTOR.services_by_name for file in files]
    services = [service.full_name for found in names for service in found.values()]
    return add_standard(server, services)


def _orders(core: Core) -> dict[str, Any]:
    async def entry(_: Any, context: Any) -> None:
        await order_entry.serve(core, context)

    drops = functools.partial(drop_copy.serve, core)
    return {
        "OrderEntry": grpc.stream_stream_rpc_method_handler(entry),
        "DropCopy": _writes(drops, order_entry_pb2.DropCopyRequest),
    }


def _updates(core: Core) -> dict[str, Any]:
    channels, bars = functools.partial(subscribe, core), functools.partial(subscribe_bars, core)
    return {
        "Subscribe": _writes(channels, stream_pb2.SubscribeRequest),
        "SubscribeBars": _writes(bars, stream_pb2.SubscribeBarsRequest),
    }


def _writes(serve: Callable[[Any, Any], Awaitable[None]], kind: Any) -> Any:
    """The handler of a stream whose servicer writes bytes to the context."""

    async def run(request: Any, context: Any) -> None:
        await serve(request, context)

    return grpc.unary_stream_rpc_method_handler(run, kind.FromString)
