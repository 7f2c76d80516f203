"""An empty gRPC server on grpcio's asyncio: each message comes back as it was sent, as bytes.

    python -m benches.peers.echo [CERTS]      prints "ready on port N"

CERTS is a folder that `gridworks certs` has filled: then it serves with TLS.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import grpc
from grpc import aio

STREAM = "/OrderEntry"  # what ends so is a stream, everything else a unary call


class Echo(grpc.GenericRpcHandler):
    """Answers every method."""

    def service(self, details: Any) -> Any:
        """The handler of a method."""
        if details.method.endswith(STREAM):
            return grpc.stream_stream_rpc_method_handler(_stream)
        return grpc.unary_unary_rpc_method_handler(_unary)


async def _stream(_: Any, context: Any) -> None:
    while isinstance(message := await context.read(), bytes):
        await context.write(message)


async def _unary(request: bytes, _: Any) -> bytes:
    return request


async def serve(certs: Path | None) -> None:
    """Serve until the process ends."""
    server = aio.server()
    server.add_generic_rpc_handlers((Echo(),))
    if certs is None:
        port = server.add_insecure_port("127.0.0.1:0")
    else:
        pair = (certs / "server-key.pem").read_bytes(), (certs / "server.pem").read_bytes()
        port = server.add_secure_port("127.0.0.1:0", grpc.ssl_server_credentials([pair]))
    await server.start()
    print(f"ready on port {port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]) if len(sys.argv) > 1 else None))
