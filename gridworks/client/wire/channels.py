"""Channels of grpcio and what both wires do with them."""

from __future__ import annotations

from typing import Any

import grpc

from gridworks.client.errors import DETAILS, CallError, from_status
from gridworks.client.options import Settings

MOST_BYTES = 64 * 2**20  # of one message
# A server or network that has gone silent is noticed within 30 s; a ping every 20 s also keeps
# the entry of an idle client in a NAT alive. Retries are ours alone: they know the request id.
OPTIONS: tuple[tuple[str, Any], ...] = (
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),  # grpc waits for the longer of the two
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 5_000),
    ("grpc.max_reconnect_backoff_ms", 1_000),
    ("grpc.enable_retries", 0),
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", MOST_BYTES),
    ("grpc.primary_user_agent", "gridworks-python"),
)


_UNREACHABLE = "failed to connect to all addresses"
_HINT = ("there is no server, or it speaks TLS and the client does not, or the other way round, or "
         "its certificate is not of an authority that ca= names")  # fmt: skip
_TRADING = "/gridworks.api.trading.v1.TradingService/"
_MARKET = "/gridworks.api.market_data.v1.MarketDataService/"
ORDER_ENTRY = _TRADING + "OrderEntry"
# What the server's gateway has; where it is known, streams and orders take that door.
GATEWAY = frozenset((
    ORDER_ENTRY,
    *(_TRADING + name for name in (
        "DropCopy", "SubmitOrder", "CancelOrder", "ReplaceOrder",
    )),
    *(_MARKET + name for name in ("Subscribe", "SubscribeBars")),
))  # fmt: skip


def open_channel(module: Any, settings: Settings, target: str) -> Any:
    """A channel of `grpc` or `grpc.aio`. Raises OSError for a file that cannot be read."""
    options = list(OPTIONS)
    if settings.server_name:
        options.append(("grpc.ssl_target_name_override", settings.server_name))
    if settings.insecure:
        return module.insecure_channel(target, options=options)
    certificate, key = (
        [path.read_bytes() for path in settings.identity] if settings.identity else (None, None)
    )
    credentials = grpc.ssl_channel_credentials(
        root_certificates=settings.ca.read_bytes() if settings.ca else None,
        private_key=key, certificate_chain=certificate,
    )  # fmt: skip
    return module.secure_channel(target, credentials, options=options)


def error_of(problem: grpc.RpcError) -> CallError:
    """The error of a call that grpcio gave up."""
    told: Any = problem
    details, text = dict(told.trailing_metadata() or ()).get(DETAILS), told.details() or ""
    if text.startswith(_UNREACHABLE):  # grpcio tells of one address and not of certificates
        text = f"{_HINT} ({text})"
    return from_status(
        told.code().value[0], text, details if isinstance(details, bytes) else None
    )

