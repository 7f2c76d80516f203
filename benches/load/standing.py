"""What a server says of itself through its unary calls: who, what, where everything stands."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import grpc

from benches.load.local import Target
from benches.load.traffic import Place
from domain.errors import Unavailable
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.trading.v1 import order_entry_pb2, trading_service_pb2
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes

PAGE = 1000
MOST_ORDERS = 200_000  # more open orders are not compared: pages of a thousand take a while
DROP_COPY = "/gridworks.api.trading.v1.TradingService/DropCopy"
Held = dict[tuple[int, int], int]  # (account, instrument) -> lots


@dataclass
class Standing:
    """Positions in lots, and what is left of each open order by its id (None: too many)."""

    positions: Held
    open_orders: dict[int, tuple[int, int]] | None  # order id -> (account, lots left)


class Window:
    """A channel to a server with the questions that a load has."""

    def __init__(self, target: Target) -> None:
        options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
        if target.root is None:
            self.channel = grpc.insecure_channel(target.address, options)
        else:
            trusted = grpc.ssl_channel_credentials(target.root.read_bytes())
            self.channel = grpc.secure_channel(target.address, trusted, options)
        self._key = (("authorization", f"Bearer {target.key}"),)
        self._trading = TradingServiceStub(self.channel)
        self._risk = RiskServiceStub(self.channel)
        self._market = MarketDataServiceStub(self.channel)
        self._lots: dict[str, Decimal] = {}

    def _pages(self, call: Any, request: Any, field_name: str) -> Iterator[Any]:
        request.page_size = PAGE
        while True:
            try:
                page = call(request, metadata=self._key, timeout=60)
            except grpc.RpcError as error:
                told = f"{error.code().name}: {error.details()}"
                raise Unavailable(told) from None
            yield from getattr(page, field_name)
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def place(self) -> tuple[Place, list[str]]:
        """The accounts and instruments that the key may use, and the firms. Raises Unavailable."""
        nodes = {
            level: list(self._pages(
                self._risk.ListNodes, risk.ListNodesRequest(level=level), "nodes"
            ))
            for level in (codes.LEVEL_ACCOUNT, codes.LEVEL_FIRM)
        }  # fmt: skip
        accounts = tuple(
            (f"accounts/{node.name.partition('/')[2]}", node.number)
            for node in nodes[codes.LEVEL_ACCOUNT]
        )
        instruments = []
        wish = market.ListInstrumentsRequest()
        for each in self._pages(self._market.ListInstruments, wish, "instruments"):
            self._lots[each.name] = Decimal(each.lot_size)
            instruments.append((each.name, each.number))
        if not accounts or not instruments:
            raise Unavailable("the key sees no account or no instrument to trade")
        firms = [node.name for node in nodes[codes.LEVEL_FIRM]]
        return Place(accounts, tuple(sorted(instruments, key=lambda pair: pair[1]))), firms

    def standing(self, place: Place) -> Standing:
        """Where all accounts stand now. Raises Unavailable."""
        numbers, positions = dict(place.instruments), Held()
        owner = dict(place.accounts)
        for name, number in place.accounts:
            parent = f"nodes/{name.partition('/')[2]}"
            wish = risk.ListPositionsRequest(parent=parent, include_flat=True)
            for row in self._pages(self._risk.ListPositions, wish, "positions"):
                positions[number, numbers[row.instrument]] = self._in_lots(row.instrument, row.qty)
        orders: dict[int, tuple[int, int]] = {}
        wish_orders = trading_service_pb2.ListOrdersRequest(parent="accounts/-", open_only=True)
        for order in self._pages(self._trading.ListOrders, wish_orders, "orders"):
            if len(orders) == MOST_ORDERS:
                return Standing(positions, None)
            account = owner[order.name.partition("/orders/")[0]]
            left = self._in_lots(order.instrument, order.leaves_qty)
            orders[order.order_id] = account, left
        return Standing(positions, orders)

    def _in_lots(self, instrument: str, qty: str) -> int:
        return int(Decimal(qty or "0") / self._lots[instrument])

    def close(self) -> None:
        """Let go of the connection."""
        self.channel.close()


@dataclass
class DropCopy:
    """The drop copy of one firm, read in a thread from now on until `stop`."""

    window: Window
    firm: str
    messages: list[bytes] = field(default_factory=list)
    problem: str = ""

    def __post_init__(self) -> None:
        wish = order_entry_pb2.DropCopyRequest(parent=self.firm, next_expected_msg_seq_num=0)
        open_stream: Any = self.window.channel.unary_stream(DROP_COPY, _serialized, None)
        self._call = open_stream(wish, metadata=self.window._key)
        self._stopped = False
        self._quiet = time.monotonic()
        self._thread = threading.Thread(target=self._read, daemon=True, name="drop copy")
        self._thread.start()

    def _read(self) -> None:
        try:
            for data in self._call:
                self.messages.append(data)
                self._quiet = time.monotonic()
        except grpc.RpcError as error:
            if not self._stopped:
                told = f"{error.code().name}: {error.details()}"
                self.problem = f"{self.firm}: {told}"

    def stop(self, quiet: float = 1.0, most: float = 20.0) -> None:
        """End once nothing has come for `quiet` seconds, but within `most`."""
        ends = time.monotonic() + most
        while time.monotonic() < min(ends, self._quiet + quiet) and not self.problem:
            time.sleep(0.02)
        self._stopped = True
        self._call.cancel()
        self._thread.join(5)


def _serialized(request: Any) -> bytes:
    return bytes(request.SerializeToString())
