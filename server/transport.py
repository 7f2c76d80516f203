"""What grpcio's server is told, and the standard services: health, reflection, channelz.

Keepalive is made for clients that sleep: a phone or a laptop behind a router that forgets idle
connections after minutes. The server pings a connection on which nothing has come for
`keepalive_seconds`, calls or none, and closes it when no answer comes for 20 s. A client may ping
every `client_ping_seconds`, calls or none, also when a sleeping radio sends several at once. No
connection is closed for its age.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import grpc
from google.protobuf import descriptor_pb2, descriptor_pool, text_format
from grpc_channelz.v1 import channelz, channelz_pb2, channelz_pb2_grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection, reflection_pb2, reflection_pb2_grpc

from server.config import Settings

KEEPALIVE_TIMEOUT_MS = 20_000
METADATA_BYTES = 16 * 1024
PENDING = 10_000
STRIKES = 5  # pings that come too early before the connection is closed
_STANDARD = (health_pb2, channelz_pb2)
REFLECTION = "grpc.reflection.v1.ServerReflection"


def options(settings: Settings) -> list[tuple[str, int]]:
    """Channel arguments of the server."""
    return [
        ("grpc.max_receive_message_length", settings.message_bytes),
        ("grpc.max_send_message_length", settings.answer_bytes),
        ("grpc.max_metadata_size", METADATA_BYTES),
        ("grpc.keepalive_time_ms", round(settings.keepalive_seconds * 1000)),
        ("grpc.keepalive_timeout_ms", KEEPALIVE_TIMEOUT_MS),
        ("grpc.http2.ping_timeout_ms", KEEPALIVE_TIMEOUT_MS),  # grpc waits for the longer of them
        ("grpc.server_handshake_timeout_ms", round(settings.handshake_seconds * 1000)),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms",
         round(settings.client_ping_seconds * 1000)),
        ("grpc.http2.max_ping_strikes", STRIKES),
        ("grpc.http2.max_pings_without_data", 0),  # the server's own: as many as it takes
        # calls that came faster than the loop begins them: beyond 1,000 grpc would cancel some
        ("grpc.server.max_pending_requests", PENDING),
        ("grpc.server.max_pending_requests_hard_limit", 2 * PENDING),
        ("grpc.enable_channelz", 1),
        ("grpc.so_reuseport", 0),
    ]  # fmt: skip


class Health:
    """How each service is, and the server as a whole (the service "")."""

    def __init__(self, server: Any, services: Sequence[str]) -> None:
        self._checks, self._services = health.aio.HealthServicer(), services
        health_pb2_grpc.add_HealthServicer_to_server(self._checks, server)

    async def serving(self) -> None:
        """All services take calls."""
        for service in ("", *self._services):
            await self._checks.set(service, health_pb2.HealthCheckResponse.SERVING)

    async def stopping(self) -> None:
        """None does any more."""
        await self._checks.enter_graceful_shutdown()


def add_standard(server: Any, services: Sequence[str]) -> Health:
    """Health, reflection and channelz, about these services and themselves."""
    channelz_pb2_grpc.add_ChannelzServicer_to_server(channelz.aio.ChannelzServicer(), server)
    own = [
        service.full_name
        for file in _STANDARD for service in file.DESCRIPTOR.services_by_name.values()
    ]  # fmt: skip
    names = (*services, *own, REFLECTION, reflection.SERVICE_NAME)
    reflect: Any = reflection_pb2_grpc.add_ServerReflectionServicer_to_server
    reflect(reflection.aio.ReflectionServicer(names), server)
    _reflect_as_v1(server, names)
    return Health(server, names)


def _reflect_as_v1(server: Any, names: Sequence[str]) -> None:
    """Reflection under its present name too: the messages are those of v1alpha."""
    pool, old = descriptor_pool.Default(), reflection_pb2.DESCRIPTOR
    try:
        pool.FindFileByName(old.name.replace("v1alpha", "v1"))
    except KeyError:
        file = descriptor_pb2.FileDescriptorProto.FromString(old.serialized_pb)
        renamed = text_format.Parse(str(file).replace("v1alpha", "v1"), type(file)())
        pool.AddSerializedFile(renamed.SerializeToString())
    handler = grpc.stream_stream_rpc_method_handler(
        reflection.aio.ReflectionServicer(names).ServerReflectionInfo,
        reflection_pb2.ServerReflectionRequest.FromString,
        reflection_pb2.ServerReflectionResponse.SerializeToString,
    )
    handlers = {"ServerReflectionInfo": handler}
    server.add_registered_method_handlers(REFLECTION, handlers)
