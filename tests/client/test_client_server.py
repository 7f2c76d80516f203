"""The client against a real server: orders, lists, errors, sessions, books, both clients."""

import asyncio
import gc
import threading
import time
from contextlib import suppress
from decimal import Decimal

import grpc
import pytest

import gridworks as gw
from domain.errors import InvalidField
from gridworks.client import codes, errors, orders, word
from server import certificates
from tests.client.proxy import Proxy
from tests.server.running import running

WITHIN = 30.0  # seconds in which things happen on a busy machine


@pytest.fixture
def door(request):
    """Through which door order entry goes: "main" (grpcio) or "gateway" (our own transport)."""
    return getattr(request, "param", "main")


both_doors = pytest.mark.parametrize("door", ["main", "gateway"], indirect=True)


@pytest.fixture
def open_client(server, door):
    """open_client(role) is a client with the role's key, closed at the end."""
    made = []

    def client(role="operator", through=None, **options):
        if door == "gateway":
            gateway = through.target if through else f"127.0.0.1:{server.server.gateway_port}"
            options = {"gateway": gateway, **options}
        target = through.target if through and door == "main" else server.target
        found = gw.Client(target, server.keys[role], insecure=True, timeout=WITHIN, **options)
        made.append(found)
        return found

    yield client
    for each in made:
        each.close()


@pytest.fixture
def client(open_client):
    return open_client()


@pytest.fixture
def proxy(server, door):
    found = Proxy(server.port if door == "main" else server.server.gateway_port)
    yield found
    found.close()


def wait_for(condition):
    ends = time.monotonic() + WITHIN
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.005)


# ------------------------------------------------------------------ calls


def test_an_order_is_entered_changed_followed_and_canceled(client):
    made = client.trading.submit_order("alice", "ACME", "BUY", 10, Decimal("1.25")).order
    assert (made.price, made.order_qty, word(made, "ord_status")) == ("1.25", "10", "NEW")
    changed = client.trading.replace_order(made, order_qty=8, price="1.30").order
    assert (changed.order_qty, changed.price) == ("8", "1.3")
    filled = client.trading.submit_order("bob", "ACME", gw.Side.SELL, 3, "1.30")
    assert [Decimal(e.last_px) for e in filled.executions if e.last_px] == [Decimal("1.30")]
    assert client.trading.get_order(made.name).cum_qty == "3"
    gone = client.trading.cancel_order(made)
    assert word(gone.order, "ord_status") == "CANCELED"
    kinds = [word(e, "exec_type") for e in client.trading.list_executions(order=made.name,
                                                                          account="alice")]
    assert kinds == ["NEW", "REPLACED", "TRADE", "CANCELED"]


def test_a_refusal_is_an_answer(client):
    refused = client.trading.submit_order("alice", "ACME", "BUY", 10**9, "100000").order
    assert word(refused, "ord_status") == "REJECTED"
    assert refused.refusal.text


def test_lists_are_walked_page_by_page(client):
    made = [
        client.trading.submit_order("bob", "ACME", "BUY", 1, "0.05", cl_ord_id=5000 + n).order.name
        for n in range(5)
    ]
    listed = client.trading.list_orders("bob", open_only=True, page_size=2)
    assert [order.name for order in listed][:5] == made[::-1]
    assert [len(page) for page in listed.pages][:2] == [2, 2]
    assert client.trading.mass_cancel("nodes/north").canceled_count >= 5
    assert not list(client.trading.list_orders(open_only=True))


def test_a_request_id_is_made_once_and_may_be_given(client):
    told = {"request_id": "11111111-2222-3333-4444-555555555555", "cl_ord_id": 77}
    first = client.trading.submit_order("bob", "ACME", "BUY", 1, "0.05", **told).order
    again = client.trading.submit_order("bob", "ACME", "BUY", 1, "0.05", **told).order
    assert first.order_id == again.order_id
    with pytest.raises(errors.AlreadyExists) as found:
        client.trading.submit_order("bob", "ACME", "BUY", 2, "0.05", **told)
    assert found.value.request_id == told["request_id"]
    tried = client.trading.submit_order("bob", "ACME", "BUY", 1, "0.05", validate_only=True)
    assert word(tried.order, "ord_status") == "NEW"
    client.trading.mass_cancel("bob")


def test_risk_quotes_market_data_and_administration(client):
    assert client.risk.get_node("alice").parent == "nodes/north"
    before = Decimal(client.risk.get_risk_state("alice").cash)
    assert Decimal(client.risk.deposit("alice", "12.50").state.cash) - before == Decimal("12.50")
    limits = client.risk.update_limits("alice", {"max_open_orders": 5000}, "a test")
    assert limits.limits.max_open_orders == 5000
    assert client.risk.evaluate_orders(
        "alice",
        [{"instrument": "ACME", "side": "BUY", "order_qty": 1, "price": "1", "cl_ord_id": 1}],
    ).evaluations[0].accepted
    quoted = client.trading.submit_quote("bob", "ACME", ("0.90", 5), ("9.10", 6))
    assert quoted.quote.bid_order_id > 0
    book = client.market_data.get_book("ACME", depth=1)
    assert (book.bids[0].price, book.asks[0].price) == ("0.9", "9.1")
    client.trading.cancel_quote("bob", "ACME")
    assert [i.symbol for i in client.market_data.list_instruments()] == ["ACME"]
    assert client.admin.halt_trading("ACME", reason="a test").outcome.seq > 0
    assert client.admin.resume_trading("ACME", reason="a test").outcome.seq > 0
    assert client.admin.get_system_status().environment == "sandbox"
    assert list(client.admin.verify_log())[-1].sound


@pytest.mark.parametrize(("role", "act", "kind"), [
    ("reader", lambda c: c.trading.submit_order("alice", "ACME", "BUY", 1, 1), "PermissionDenied"),
    ("alice", lambda c: c.trading.get_order("accounts/bob/orders/1"), "PermissionDenied"),
    ("operator", lambda c: c.trading.get_order("accounts/bob/orders/1"), "NotFound"),
    ("operator", lambda c: c.trading.submit_order("alice", "ACME", "BUY", 1, "1.005"),
     "InvalidArgument"),
    ("operator", lambda c: c.risk.deposit("alice", 5, timeout=1e-6), "DeadlineExceeded"),
])  # fmt: skip
def test_errors_are_typed(open_client, role, act, kind):
    with pytest.raises(getattr(errors, kind)) as found:
        act(open_client(role))
    assert found.value.method
    if kind == "InvalidArgument":
        assert [v.field for v in found.value.field_violations] == ["order.price"]


def test_a_key_that_nobody_knows(server):
    client = gw.Client(server.target, "gw_test_nobody", insecure=True)
    with client, pytest.raises(errors.Unauthenticated):
        client.risk.get_node("alice")
    with pytest.raises(errors.Cancelled):
        client.risk.get_node("alice")


def test_an_answer_that_was_lost_is_asked_for_again_and_the_order_is_one(open_client, proxy):
    client = open_client(through=proxy)
    assert client.risk.get_node("alice").number
    open_before = len(list(client.trading.list_orders("alice", open_only=True)))
    proxy.swallow.set()
    found = []
    caller = threading.Thread(
        target=lambda: found.append(client.trading.submit_order("alice", "ACME", "BUY", 1, "0.03"))
    )
    caller.start()
    assert proxy.swallowed.wait(WITHIN)  # the server has answered, nobody has heard it
    proxy.swallow.clear()
    proxy.cut()
    caller.join(WITHIN)
    assert word(found[0].order, "ord_status") == "NEW"
    assert len(list(client.trading.list_orders("alice", open_only=True))) == open_before + 1
    client.trading.cancel_order(found[0].order)


# ------------------------------------------------------------------ sessions


@both_doors
def test_a_session_says_what_happens_to_its_orders(client, door):
    acme = client.market_data.scale("ACME")
    assert acme.ticks("1.25") == 125
    with client.trading.order_entry(f"plain-{door}", "alice") as session:
        own = session.new_order(acme, "BUY", 10, acme.ticks("1.25"))
        number, report = session.receive(WITHIN)
        assert (number, report.cl_ord_id, report.price) == (1, own, 125)
        session.replace_order(own, price=acme.ticks("1.20"))
        assert session.receive(WITHIN).report.price == 120
        session.cancel_order(own)
        assert word(session.receive(WITHIN).report, "exec_type") == "CANCELED"
        assert session.receive(0.01) is None
        assert (session.sent, session.applied, session.next_number) == (3, 3, 4)
        asked = session.send([orders.new_order(acme, "BUY", 1, 50 + n) for n in range(100)])
        assert asked == 4
        found = [next(iter(session)).number for _ in range(100)]
        assert found == list(range(4, 104))
        with pytest.raises(InvalidField, match="commands"):
            session.send([])
        session.mass_cancel(acme)
        for _ in range(101):
            last = session.receive(WITHIN)
            assert last is not None
        assert last.report.order_qty == 100
    with pytest.raises(errors.Cancelled):
        session.receive()
    with pytest.raises(errors.Cancelled):
        session.new_order(acme, "BUY", 1, 1)


@both_doors
def test_a_session_goes_on_another_day(client, door):
    with client.trading.order_entry(f"days-{door}", "alice") as session:
        session.new_order(1, "BUY", 1, 10)
        session.new_order(1, "BUY", 1, 11)
        assert session.receive(WITHIN).number == 1
        place = session.next_number
    with client.trading.order_entry(f"days-{door}", "alice", first_report=place) as session:
        assert session.sent == 2
        assert session.receive(WITHIN).number == 2
        session.mass_cancel()
        assert [session.receive(WITHIN).number for _ in range(3)] == [3, 4, 5]


@both_doors
def test_orders_are_canceled_when_a_session_asked_for_it(client, door):
    opened = client.trading.order_entry(f"marked-{door}", "alice", cancel_on_disconnect=True)
    with opened as session:
        session.new_order(1, "BUY", 1, 12)
        session.receive(WITHIN)
        assert len(list(client.trading.list_orders("alice", open_only=True))) == 1
    wait_for(lambda: not list(client.trading.list_orders("alice", open_only=True)))


def test_a_silent_strategy_is_alive_as_long_as_its_client_is(client):
    with client.trading.order_entry("alive", "alice", dead_man=2.0) as session:
        session.new_order(1, "BUY", 1, 12)
        _, report = session.receive(WITHIN)
        state = client.risk.get_risk_state
        wait_for(lambda: state("alice").as_of.ToNanoseconds() > report.transact_time + 5 * 10**9)
        assert len(list(client.trading.list_orders("alice", open_only=True))) == 1
        session.mass_cancel()


@both_doors
def test_a_session_that_is_opened_elsewhere_is_lost_for_good(client, door):
    entry = client.trading.order_entry
    with entry(f"twice-{door}", "alice") as first, entry(f"twice-{door}", "alice") as second:
        with pytest.raises(errors.Aborted):
            first.receive(WITHIN)
        with pytest.raises(errors.Aborted):
            first.new_order(1, "BUY", 1, 1)
        second.new_order(1, "BUY", 1, 1)
        assert second.receive(WITHIN)
        second.mass_cancel()


@both_doors
def test_what_the_server_refuses_as_a_whole_ends_the_session_with_the_reason(open_client, door):
    client = open_client("trader")
    with client.trading.order_entry(f"wrong-{door}", "alice") as session:
        session.send([orders.new_order(1, "BUY", 1, 1, account=999)])
        with pytest.raises(errors.PermissionDenied, match="OrderEntry"):
            session.receive(WITHIN)


@both_doors
def test_a_lost_connection_is_not_noticed(open_client, proxy, door):
    client = open_client(through=proxy)
    with client.trading.order_entry(f"cut-{door}", "alice") as session:
        sent = []
        for turn in range(5):
            sent += [session.new_order(1, "BUY", 1, 20 + n % 9) for n in range(40)]
            proxy.cut()
            sent += [session.new_order(1, "BUY", 1, 20 + n % 9) for n in range(20)]
            wait_for(lambda turn=turn: session.connections > turn + 1)
        found = [session.receive(WITHIN) for _ in sent]
        assert [number for number, _ in found] == list(range(1, len(sent) + 1))
        assert [report.cl_ord_id for _, report in found] == sent
        assert session.connections == 6
        session.mass_cancel()


@both_doors
def test_commands_wait_in_bounds_and_may_be_given_up(open_client, proxy, door):
    client = open_client(through=proxy)
    with client.trading.order_entry(f"bound-{door}", "alice", most_waiting=10) as session:
        proxy.swallow.set()
        for n in range(10):
            session.new_order(1, "BUY", 1, 20 + n)
        with pytest.raises(errors.Backlog, match="nothing was sent"):
            session.new_order(1, "BUY", 1, 20)
        proxy.swallow.clear()
        proxy.cut()
        assert [session.receive(WITHIN).number for _ in range(10)] == list(range(1, 11))
        session.mass_cancel()
    with client.trading.order_entry(f"once-{door}", "alice", resend=False) as session:
        session.new_order(1, "BUY", 1, 20)
        session.receive(WITHIN)
        proxy.cut()
        wait_for(lambda: session.connections == 2)
        session.new_order(1, "BUY", 1, 21)
        assert session.receive(WITHIN).number == 2
        session.mass_cancel()


@both_doors
def test_a_key_that_is_revoked_ends_its_streams(server, open_client, door):
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key, revoke_key

    by = By("tests", "tests")
    issued = create_key(by, "house", "test", "short", Rights(("trading:read", "trading:write")))
    client = gw.Client(server.target, issued.reveal(), insecure=True, timeout=WITHIN)

    def works():
        try:
            return client.trading.get_order("accounts/bob/orders/1") is None
        except errors.Unauthenticated:
            return False
        except errors.NotFound:
            return True

    with client:
        wait_for(works)
        with client.trading.order_entry(f"revoked-{door}", "alice") as session:
            revoke_key(by, issued.key.pk)
            with pytest.raises(errors.Unauthenticated):
                session.receive(WITHIN)


# ------------------------------------------------------------------ streams


def test_books_follow_the_market_over_lost_connections(open_client, client, proxy):
    reader = open_client(through=proxy)
    with reader.market_data.books("ACME") as books:
        assert next(books).bids == []
        for _ in range(3):
            for n in range(5):
                client.trading.submit_order("alice", "ACME", "BUY", n + 1, Decimal(50 + n) / 100)
                client.trading.submit_order("bob", "ACME", "SELL", n + 1, Decimal(90 - n) / 100)
            proxy.cut()
            client.trading.submit_order("bob", "ACME", "SELL", 3, "0.54")
            wanted = client.market_data.get_book("ACME", depth=100)
            while (book := next(books)).number < wanted.msg_seq_num:
                pass
            assert book.number == wanted.msg_seq_num
            for mine, theirs in ((book.bids, wanted.bids), (book.asks, wanted.asks)):
                assert [
                    (book.scale.price(at.price), book.scale.quantity(at.qty), at.orders)
                    for at in mine
                ] == [(Decimal(at.price), Decimal(at.qty), at.orders) for at in theirs]
        assert book.mid == (Decimal(wanted.bids[0].price) + Decimal(wanted.asks[0].price)) / 2
        assert proxy.connections == 4
    client.trading.mass_cancel("nodes/north")


def test_a_drop_copy_and_a_channel_have_neither_gaps_nor_doubles(open_client, client, proxy):
    reader = open_client(through=proxy)
    copy = reader.trading.drop_copy("north", first=1)
    channel = reader.market_data.subscribe("ACME", ["TRADES", "STATUS"])
    seen, updates, last = [next(copy)], [], {}
    assert [next(channel).snapshot for _ in range(2)] == [True, True]
    for turn in range(1, 4):
        for _ in range(4):
            client.trading.submit_order("alice", "ACME", "BUY", 1, "0.60")
            client.trading.submit_order("bob", "ACME", "SELL", 1, "0.60")
        proxy.cut()
        at = seen[-1].report.trade_id
        while len([r for _, r in seen if r.trade_id > at and r.last_qty]) < 8:
            seen.append(next(copy))
        while len(updates) < 4 * turn:
            message = next(channel)
            assert not message.snapshot
            assert message.msg_seq_num == last.get(message.feed, message.msg_seq_num)
            last[message.feed] = message.msg_seq_num + len(message.updates)
            updates += message.updates if message.feed == codes.FEED_TRADES else []
    assert [number for number, _ in seen] == list(range(1, len(seen) + 1))
    assert len({update.trade_id for update in updates}) == len(updates) == 12
    copy.close()
    channel.close()


def test_the_gateway_carries_streams_and_orders(server, open_client, client):
    door = Proxy(server.server.gateway_port)
    through = open_client(gateway=door.target)
    with through.trading.order_entry("door", "alice") as session:
        sent = [session.new_order(1, "BUY", 1, 20 + n) for n in range(50)]
        door.cut()
        sent += [session.new_order(1, "BUY", 1, 20 + n) for n in range(50)]
        found = [session.receive(WITHIN) for _ in sent]
        assert [number for number, _ in found] == list(range(1, 101))
        assert [report.cl_ord_id for _, report in found] == sent
        with through.market_data.books("ACME") as books:
            assert len(next(books).bids) == 50
        with through.trading.drop_copy("north", first=1) as copy:
            assert next(copy).number == 1
        made = through.trading.submit_order("alice", "ACME", "BUY", 1, "0.10").order
        assert word(through.trading.cancel_order(made).order, "ord_status") == "CANCELED"
        with pytest.raises(errors.InvalidArgument) as problem:
            through.trading.submit_order("alice", "ACME", "BUY", 1, "0.105")
        assert problem.value.field_violations[0].field == "order.price"
        session.mass_cancel()
    assert door.connections == 3  # order entry's, before and after the cut, and the others'

    door.close()


@both_doors
def test_whoever_waits_is_told_when_the_client_is_closed(open_client, door):
    client = open_client()
    session = client.trading.order_entry(f"left-{door}", "alice")
    session.open()
    copy, ended = client.trading.drop_copy("north"), []

    def wait(act):
        with pytest.raises(errors.Cancelled):
            act()
        ended.append(act)

    waiting = [
        threading.Thread(target=wait, args=(act,)) for act in (session.receive, lambda: next(copy))
    ]
    for thread in waiting:
        thread.start()
    client.close()
    for thread in waiting:
        thread.join(WITHIN)
    assert len(ended) == 2


async def _given_up(server):
    gateway = f"127.0.0.1:{server.server.gateway_port}"
    client = gw.AsyncClient(server.target, server.keys["operator"], insecure=True, gateway=gateway)
    for patience in (0.0, 0.001, 0.002, 0.005):  # while it dials, or just after
        opening = asyncio.create_task(client.trading.order_entry("given-up", "alice").open())
        await asyncio.sleep(patience)
        opening.cancel()
        with suppress(asyncio.CancelledError):  # unless it was quicker
            await opening
    await client.close()


def test_a_session_may_be_given_up_while_it_is_opened(server):
    asyncio.run(_given_up(server))
    gc.collect()  # a connection that nobody has closed would complain


async def _closed(server):
    client = gw.AsyncClient(server.target, server.keys["operator"], insecure=True, timeout=WITHIN)
    session = client.trading.order_entry("left", "alice")
    await session.open()
    waiting = asyncio.create_task(session.receive())
    await asyncio.sleep(0)
    await client.close()
    with pytest.raises(errors.Cancelled):
        await waiting


def test_whoever_awaits_is_told_too(server):
    asyncio.run(_closed(server))


# ------------------------------------------------------------------ asyncio


async def _story(server, gateway, name):
    async with gw.AsyncClient(
        server.target, server.keys["operator"], insecure=True, timeout=WITHIN, gateway=gateway
    ) as client:
        made = await client.trading.submit_order("alice", "ACME", "BUY", 1, "0.40")
        listed = client.trading.list_orders("alice", open_only=True)
        assert [order.name async for order in listed] == [made.order.name]
        assert [len(page) async for page in listed.pages] == [1]
        with pytest.raises(errors.NotFound):
            await client.trading.get_order("accounts/bob/orders/1")
        await client.trading.cancel_order(made.order)
        acme = await client.market_data.scale("ACME")
        async with client.market_data.books("ACME") as books:
            assert (await anext(books)).bids == []
            async with client.trading.order_entry(name, "bob", dead_man=30.0) as session:
                own = session.new_order(acme, "SELL", 2, acme.ticks("3.00"))
                number, report = await session.receive(WITHIN)
                assert (number, report.cl_ord_id) == (1, own)
                book = await anext(books)
                assert (book.best_ask.qty, book.best_bid) == (2, None)
                session.cancel_order(own)
                async for number, report in session:
                    assert (number, word(report, "exec_type")) == (2, "CANCELED")
                    break
                assert await session.receive(0.01) is None
                bids = [orders.new_order(acme, "BUY", 1, 1 + n % 50) for n in range(3000)]
                for each in bids:  # nobody reads meanwhile
                    session.send([each])
                await asyncio.sleep(0.2)
                session.mass_cancel(acme)
                last = [await session.receive(WITHIN) for _ in range(6000)][-1]
                assert last.number == 6002
        return session


def test_asyncio_has_the_same_calls(server):
    gateway = f"127.0.0.1:{server.server.gateway_port}"
    for name, address in (("async", None), ("async-fast", gateway)):
        assert not asyncio.run(_story(server, address, name)).connected


@both_doors
def test_a_session_may_send_much_while_nobody_reads(client, door):
    with client.trading.order_entry(f"much-{door}", "alice", most_waiting=10**6) as session:
        for n in range(5000):
            session.new_order(1, "BUY", 1, 20 + n % 9)
        session.mass_cancel()
        assert [session.receive(WITHIN).number for _ in range(10_000)] == list(range(1, 10_001))


def test_the_fast_transport_talks_tls_and_shows_its_certificate(tmp_path, sqlite):
    certificates.make(tmp_path, certificates.Wish(("localhost", "127.0.0.1"), ("dev",), 30))
    ca = tmp_path / "ca.pem"
    own = tmp_path / "client-dev.pem", tmp_path / "client-dev-key.pem"
    files = {"certificate": tmp_path / "server.pem", "private_key": tmp_path / "server-key.pem"}
    trusted = grpc.ssl_channel_credentials(*(file.read_bytes() for file in (ca, own[1], own[0])))
    url = sqlite()
    with running(tmp_path, url, credentials=trusted, client_ca=ca, **files) as server:
        gateway = f"localhost:{server.server.gateway_port}"
        mine = {"gateway": gateway, "ca": ca, "timeout": WITHIN}
        key = server.keys["operator"]
        with (
            gw.Client(f"localhost:{server.port}", key, identity=own, **mine) as client,
            client.trading.order_entry("tls", "alice") as session,
        ):
            session.new_order(1, "BUY", 1, 20)
            assert session.receive(WITHIN).number == 1
        with (
            gw.Client(f"localhost:{server.port}", key, **mine | {"timeout": 1.0}) as client,
            pytest.raises(errors.Unavailable),
        ):
            client.trading.order_entry("tls", "alice").open()
