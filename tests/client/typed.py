"""What the two clients are for the type checker: `make check` reads this, nothing runs it."""

from collections.abc import Awaitable
from typing import assert_type

from gridworks.api.risk.v1.risk_service_pb2 import StreamRiskResponse
from gridworks.api.trading.v1.resources_pb2 import Order
from gridworks.api.trading.v1.trading_service_pb2 import SubmitOrderResponse
from gridworks.client import AsyncClient, AsyncPager, Book, Client, Numbered, Pager, Scale, Stream


def waits(client: Client) -> None:
    made = client.trading.submit_order("alice", "ACME", "BUY", 1, "2")
    assert_type(made, SubmitOrderResponse)
    assert_type(client.trading.list_orders("alice"), Pager[Order])
    assert_type(list(client.trading.list_orders("alice")), list[Order])
    assert_type(next(client.trading.list_orders("alice").pages), list[Order])
    assert_type(client.market_data.scale("ACME"), Scale)
    assert_type(client.market_data.books("ACME"), Stream[Book])
    with client.trading.order_entry("desk", "alice") as session:
        assert_type(session.receive(1.0), Numbered | None)
        for item in session:
            assert_type(item, Numbered)


async def awaits(client: AsyncClient) -> None:
    made = client.trading.submit_order("alice", "ACME", "BUY", 1, "2")
    assert_type(made, Awaitable[SubmitOrderResponse])
    assert_type(client.trading.list_orders("alice"), AsyncPager[Order])
    assert_type([order async for order in client.trading.list_orders("alice")], list[Order])
    async for state in client.risk.stream_risk("alice"):
        assert_type(state, StreamRiskResponse)
    async with client.trading.order_entry("desk", "alice") as session:
        assert_type(await session.receive(1.0), Numbered | None)
        async for item in session:
            assert_type(item, Numbered)
