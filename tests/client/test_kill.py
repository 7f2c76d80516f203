"""kill -9 under open streams: a session, a drop copy and a book go on as if nothing had been."""

import asyncio
from decimal import Decimal

import gridworks as gw
from tests.client.proxy import Proxy
from tests.control_stores import sqlite  # noqa: F401
from tests.server.running import make_keys, set_up, spawn
from tests.server.sequencing import compile_engine

ORDERS = 150


async def _report(session):
    found = await session.receive(60.0)
    assert found is not None
    return found


async def _reaches(books, wanted):
    """The book once it contains update `wanted`."""
    async for book in books:
        if book.number >= wanted:
            return book


async def _life(server, proxy, start):
    """Trade, die, trade: the reports, the drop copy, the book and the server's own."""
    options = {"insecure": True, "timeout": 60.0}
    async with gw.AsyncClient(proxy.target, server.keys["operator"], **options) as client:
        acme = await client.market_data.scale("ACME")
        books = client.market_data.books("ACME")
        assert (await anext(books)).bids == []
        copy = client.trading.drop_copy("north", first=1)
        async with client.trading.order_entry("life", "alice") as session:
            sent = [session.new_order(acme, "BUY", 1, 1 + n % 50) for n in range(ORDERS)]
            heard = [await _report(session) for _ in range(ORDERS // 2)]
            copied = [await anext(copy) for _ in range(ORDERS // 3)]
            sent += [session.new_order(acme, "BUY", 1, 1 + n % 50) for n in range(ORDERS)]
            server.kill()
            sent += [session.new_order(acme, "BUY", 1, 1 + n % 50) for n in range(20)]
            server = await asyncio.to_thread(start)
            proxy.move(server.port)
            heard += [await _report(session) for _ in range(len(sent) - len(heard))]
            assert await session.receive(0.2) is None
            assert session.connections == 2
        wanted = await client.market_data.get_book("ACME", depth=100)
        book = await _reaches(books, wanted.msg_seq_num)
        while copied[-1].report.cl_ord_id != sent[-1]:
            copied.append(await anext(copy))
        listed = client.trading.list_executions("alice", page_size=1000)
        executions = [execution.cl_ord_id async for execution in listed]
    return server, sent, heard, copied, executions, (book, wanted)


def test_nothing_is_lost_doubled_or_left_out(tmp_path, sqlite):  # noqa: F811
    compile_engine()
    url = sqlite()
    keys = make_keys(url)
    server = spawn(tmp_path, url, *keys)
    set_up(server)
    proxy = Proxy(server.port)
    try:
        server, sent, heard, copied, executions, (book, wanted) = asyncio.run(
            _life(server, proxy, lambda: spawn(tmp_path, url, *keys))
        )
    finally:
        proxy.close()
        server.kill()
    assert [number for number, _ in heard] == list(range(1, len(sent) + 1))
    assert [report.cl_ord_id for _, report in heard] == sent == executions
    assert [number for number, _ in copied] == list(range(1, len(copied) + 1))
    ids = [report.cl_ord_id for _, report in copied]
    assert [number for number in ids if number] == sent  # deposits have none
    assert [(book.scale.price(at.price), at.qty) for at in book.bids] == [
        (Decimal(at.price), int(at.qty)) for at in wanted.bids
    ]
