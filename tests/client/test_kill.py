"""kill -9 under open streams: a session, a drop copy and a book go on as if nothing had been.

Through each of the two doors.
"""

import asyncio
import random
import socket
import time
from decimal import Decimal

import pytest

import gridworks as gw
from tests.client.proxy import Proxy
from tests.server.running import make_keys, set_up, spawn
from tests.soaking import FIRST_SEED

both_doors = pytest.mark.parametrize("door", ["main", "gateway"])


async def _report(session):
    found = await session.receive(60.0)
    assert found is not None
    return found


def _orders(session, acme, count):
    """Orders that rest: their ids."""
    return [session.new_order(acme, "BUY", 1, 1 + n % 50) for n in range(count)]


async def _reaches(books, wanted):
    """The book once it contains update `wanted`."""
    async for book in books:
        if book.number >= wanted:
            return book


async def _lives(server, proxy, start, lives, rng, gateway):
    """Trade and die, so many times: the reports, the drop copy, the book and the server's own."""
    options = {"insecure": True, "timeout": 60.0, "gateway": gateway}
    async with gw.AsyncClient(proxy.target, server.keys["operator"], **options) as client:
        acme = await client.market_data.scale("ACME")
        books = client.market_data.books("ACME")
        assert (await anext(books)).bids == []
        copy = client.trading.drop_copy("north", first=1)
        async with client.trading.order_entry("life", "alice") as session:
            sent, heard, copied = [], [], []
            for life in range(1, lives + 1):
                sent += _orders(session, acme, 150)
                heard += [await _report(session) for _ in range(rng.randrange(20, 100))]
                copied += [await anext(copy) for _ in range(20)]
                sent += _orders(session, acme, rng.randrange(300))
                await asyncio.sleep(rng.random() * 0.05)
                server.kill()
                sent += _orders(session, acme, 20)
                server = await asyncio.to_thread(start)
                proxy.move(server.port)
                ends = time.monotonic() + 60.0
                while session.connections <= life:
                    assert time.monotonic() < ends
                    await asyncio.sleep(0.01)
            heard += [await _report(session) for _ in range(len(sent) - len(heard))]
            assert await session.receive(0.2) is None
        wanted = await client.market_data.get_book("ACME", depth=100)
        book = await _reaches(books, wanted.msg_seq_num)
        while copied[-1].report.cl_ord_id != sent[-1]:
            copied.append(await anext(copy))
        listed = client.trading.list_executions("alice", page_size=1000)
        executions = [execution.cl_ord_id async for execution in listed]
    return sent, heard, copied, executions, (book, wanted)


def kills(tmp_path, url, lives, rng, door):
    keys, started, second = make_keys(url), [], -1
    if door == "gateway":
        with socket.create_server(("127.0.0.1", 0)) as free:
            second = free.getsockname()[1]
    gateway = f"127.0.0.1:{second}" if second > 0 else None

    def start():
        started.append(spawn(tmp_path, url, *keys, gateway_port=second))
        return started[-1]

    server = start()
    set_up(server)
    proxy = Proxy(server.port)
    try:
        sent, heard, copied, executions, (book, wanted) = asyncio.run(
            _lives(server, proxy, start, lives, rng, gateway)
        )
    finally:
        proxy.close()
        if started[-1].process.poll() is None:
            started[-1].kill()
    assert [number for number, _ in heard] == list(range(1, len(sent) + 1))
    assert [report.cl_ord_id for _, report in heard] == sent == executions
    assert [number for number, _ in copied] == list(range(1, len(copied) + 1))
    ids = [report.cl_ord_id for _, report in copied]
    assert [number for number in ids if number] == sent  # deposits have none
    assert [(book.scale.price(at.price), at.qty) for at in book.bids] == [
        (Decimal(at.price), int(at.qty)) for at in wanted.bids
    ]


@both_doors
def test_nothing_is_lost_doubled_or_left_out(tmp_path, sqlite, door):
    kills(tmp_path, sqlite(), 1, random.Random(5), door)


@pytest.mark.soak
@both_doors
def test_so_it_is_after_many_kills(tmp_path, sqlite, door):
    kills(tmp_path, sqlite(), 20, random.Random(FIRST_SEED), door)
