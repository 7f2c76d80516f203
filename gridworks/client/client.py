"""The two clients: one for programs that wait, one for asyncio."""

from __future__ import annotations

from types import TracebackType
from typing import Self, Unpack

from gridworks.client.faces import Async, Sync, Wire
from gridworks.client.options import ClientOptions, Settings, settings
from gridworks.client.services.admin import Admin
from gridworks.client.services.indicators import Indicators
from gridworks.client.services.market_data import MarketData
from gridworks.client.services.risk import Risk
from gridworks.client.services.sandbox import Sandbox
from gridworks.client.services.trading import Trading
from gridworks.client.wire.asynchronous import AsyncWire
from gridworks.client.wire.blocking import BlockingWire


class Client:
    """Everything that the server offers, for programs that wait for answers.

        with gw.Client("exchange.example:7400", "gw_test_...") as client:
            client.trading.submit_order("alice", "ACME", "BUY", 10, "101.25")

    TLS with the usual CAs unless `ca` names a file or `insecure=True` is said. What is not given
    comes from GRIDWORKS_TARGET, GRIDWORKS_API_KEY, ...: see `gridworks.client.options`. May be used
    by several threads. Raises InvalidField.
    """

    def __init__(
        self, target: str | None = None, api_key: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:  # fmt: skip
        self.settings = settings(target, api_key, options)
        self._wire = BlockingWire(self.settings)
        made: tuple[Wire, Settings] = (self._wire, self.settings)
        self.trading: Trading[Sync] = Trading(*made)
        self.market_data: MarketData[Sync] = MarketData(*made)
        self.risk: Risk[Sync] = Risk(*made)
        self.indicators: Indicators[Sync] = Indicators(*made)
        self.admin: Admin[Sync] = Admin(*made)
        self.sandbox: Sandbox[Sync] = Sandbox(*made)

    def close(self) -> None:
        """End all calls and streams, let go of the connection. Leaving `with` does it."""
        self._wire.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self.close()


class AsyncClient:
    """The same for asyncio: every call is awaited, every list and stream is `async for`.

        async with gw.AsyncClient("exchange.example:7400", "gw_test_...") as client:
            await client.trading.submit_order("alice", "ACME", "BUY", 10, "101.25")

    For one event loop. Raises InvalidField.
    """

    def __init__(
        self, target: str | None = None, api_key: str | None = None,
        **options: Unpack[ClientOptions],
    ) -> None:  # fmt: skip
        self.settings = settings(target, api_key, options)
        self._wire = AsyncWire(self.settings)
        made: tuple[Wire, Settings] = (self._wire, self.settings)
        self.trading: Trading[Async] = Trading(*made)
        self.market_data: MarketData[Async] = MarketData(*made)
        self.risk: Risk[Async] = Risk(*made)
        self.indicators: Indicators[Async] = Indicators(*made)
        self.admin: Admin[Async] = Admin(*made)
        self.sandbox: Sandbox[Async] = Sandbox(*made)

    async def close(self) -> None:
        """End all calls and streams, let go of the connection. Leaving `async with` does it."""
        await self._wire.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        await self.close()
