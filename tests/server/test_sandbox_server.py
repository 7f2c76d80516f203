"""A server that is a sandbox: its clock, the faucet, resets; and a live one that is not."""

import threading
import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.type.timeofday_pb2 import TimeOfDay

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1 import resources_pb2 as resources_of_admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.sandbox.v1 import sandbox_service_pb2 as api
from gridworks.api.sandbox.v1.sandbox_service_pb2_grpc import SandboxServiceStub
from gridworks.api.trading.v1 import order_entry_pb2
from gridworks.api.trading.v1 import resources_pb2 as resources
from gridworks.api.trading.v1 import trading_service_pb2 as trading
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1 import instrument_pb2
from tests.server.running import running

START = 1_767_603_600
MONEY = "1000000"


def nothing(server):
    """No instruments and accounts but those of the sandbox."""


def until(holds, seconds=60):
    """Wait for something that is about to be; the last value."""
    end = time.monotonic() + seconds
    while not (found := holds()) and time.monotonic() < end:
        time.sleep(0.02)
    assert found
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory, sqlite):
    with running(
        tmp_path_factory.mktemp("sandbox"), sqlite(), prepare=nothing, sandbox_market="agents",
        sandbox_speed=0.0, sandbox_start="2026-01-05T09:00:00Z", sandbox_step_ms=500,
        sandbox_scripts=True,
    ) as found:  # fmt: skip
        until(lambda: cash(found, "carol"))
        pass_time(found, 5)
        yield found


def pass_time(server, seconds, **more):
    stub = SandboxServiceStub(server.channel("operator"))
    wish = api.AdvanceClockRequest(duration=Duration(seconds=seconds), **more)
    return stub.AdvanceClock(wish).time.seconds


def now(server):
    stub = SandboxServiceStub(server.channel("operator"))
    return stub.GetSandbox(api.GetSandboxRequest()).time.seconds


def cash(server, account):
    stub = RiskServiceStub(server.channel("operator"))
    nodes = stub.ListNodes(risk.ListNodesRequest()).nodes
    if f"nodes/{account}" not in {node.name for node in nodes}:
        return ""
    return stub.GetRiskState(risk.GetRiskStateRequest(node=f"nodes/{account}")).cash


ids = iter(range(1, 10**6))


def submit(server, account="alice", role="operator", **fields):
    order = resources.Order(
        **{
            "cl_ord_id": next(ids), "instrument": "instruments/ACME", "side": codes.SIDE_BUY,
            "ord_type": codes.ORD_TYPE_MARKET, "time_in_force": codes.TIME_IN_FORCE_IOC,
            "order_qty": "10",
        } | fields
    )  # fmt: skip
    stub = TradingServiceStub(server.channel(role))
    return stub.SubmitOrder(trading.SubmitOrderRequest(parent=f"accounts/{account}", order=order))


RESTING = {
    "ord_type": codes.ORD_TYPE_LIMIT, "time_in_force": codes.TIME_IN_FORCE_GTC, "price": "50",
}  # fmt: skip


def positions(server, account):
    stub = RiskServiceStub(server.channel("operator"))
    found = stub.ListPositions(risk.ListPositionsRequest(parent=f"nodes/{account}"))
    return {p.instrument: p.qty for p in found.positions}


def open_orders(server, account):
    stub = TradingServiceStub(server.channel("operator"))
    wish = trading.ListOrdersRequest(parent=f"accounts/{account}", open_only=True)
    return len(stub.ListOrders(wish).orders)


# ------------------------------------------------------------------ clock, market, faucet


def test_time_passes_by_command_and_once_for_a_request(server):
    before = now(server)
    assert pass_time(server, 3, request_id="three seconds") == before + 3
    assert pass_time(server, 3, request_id="three seconds") == before + 3
    with pytest.raises(grpc.RpcError) as other:
        pass_time(server, 4, request_id="three seconds")
    assert other.value.code() == grpc.StatusCode.ALREADY_EXISTS
    assert pass_time(server, 3, validate_only=True) == before + 3
    assert now(server) == before + 3 >= START + 8
    for seconds in (0, -1, 8 * 86_400):
        with pytest.raises(grpc.RpcError) as refused:
            pass_time(server, seconds)
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_the_clock_can_run(server):
    stub = SandboxServiceStub(server.channel("operator"))
    before = now(server)
    stub.SetClock(api.SetClockRequest(speed=50, validate_only=True))
    stub.SetClock(api.SetClockRequest(speed=50))
    until(lambda: now(server) > before + 2)
    assert stub.SetClock(api.SetClockRequest(speed=0)).speed == 0
    still = now(server)
    assert pass_time(server, 1) == still + 1
    for speed in (-1, 1001, float("nan")):
        with pytest.raises(grpc.RpcError) as refused:
            stub.SetClock(api.SetClockRequest(speed=speed))
        assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    with pytest.raises(grpc.RpcError) as refused:
        SandboxServiceStub(server.channel("tester")).SetClock(api.SetClockRequest(speed=1))
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_the_market_has_two_sides_and_takes_orders(server):
    stub = MarketDataServiceStub(server.channel("tester"))
    for symbol in ("ACME", "ACME-FUT", "EURUSD", "BTCUSD", "ACME-C100"):
        book = stub.GetBook(market.GetBookRequest(instrument=f"instruments/{symbol}"))
        assert book.bids, symbol
        assert book.asks, symbol
    made = submit(server)
    assert made.order.ord_status == codes.ORD_STATUS_FILLED
    assert 95 < float(made.order.avg_px) < 105


def test_orders_expire_by_the_clock_of_the_sandbox(server):
    order = {**RESTING, "time_in_force": codes.TIME_IN_FORCE_GTD}
    made = submit(server, order_qty="1", expire_time={"seconds": now(server) + 2}, **order)
    stub, name = TradingServiceStub(server.channel("operator")), made.order.name
    pass_time(server, 1)
    assert stub.GetOrder(trading.GetOrderRequest(name=name)).working
    pass_time(server, 2)
    found = stub.GetOrder(trading.GetOrderRequest(name=name))
    assert found.ord_status == codes.ORD_STATUS_EXPIRED


def test_a_new_partner_finds_money(server):
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key
    from portal.acts.partners import create_partner
    from portal.store import open_store

    open_store(server.control_url)
    by = By("tests", "tests")
    create_partner(by, "late", "late", "quantum", ("dora", "team-*"))
    create_key(by, "late", "test", "late", Rights(("trading:read",), (), ()))
    until(lambda: cash(server, "dora"))
    assert cash(server, "dora") == MONEY
    stub = SandboxServiceStub(server.channel("operator"))
    made = stub.OpenAccount(api.OpenAccountRequest(name="accounts/team-7"))
    assert (made.cash, made.account > 0) == (MONEY, True)
    submit(server, "team-7")
    again = stub.OpenAccount(api.OpenAccountRequest(name="accounts/team-7"))
    assert again.account == made.account
    assert again.cash != MONEY
    with pytest.raises(grpc.RpcError) as refused:
        SandboxServiceStub(server.channel("tester")).OpenAccount(
            api.OpenAccountRequest(name="accounts/team-8")
        )
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_acts_in_a_sandbox_are_in_the_audit_log(server):
    stub = SandboxServiceStub(server.channel("operator"))
    stub.SetClock(api.SetClockRequest(speed=0))
    log = AdminServiceStub(server.channel("operator"))
    found = log.ListAuditEntries(admin.ListAuditEntriesRequest()).audit_entries
    assert found[0].method == "SetClock"
    methods = {entry.method for entry in found}
    assert {"AdvanceClock", "OpenAccount"} <= methods


def test_phases_follow_the_clock_of_the_sandbox(server):
    """An instrument gets a calendar by which it closes in two seconds and opens two later."""
    stub, begin = AdminServiceStub(server.channel("operator")), now(server)

    def session(at, phase):
        hours, rest = divmod(at % 86_400, 3600)
        time_of_day = TimeOfDay(hours=hours, minutes=rest // 60, seconds=rest % 60)
        return resources_of_admin.Calendar.Session(start=time_of_day, phase=phase)

    short = resources_of_admin.Calendar(
        name="calendars/short", time_zone="UTC",
        sessions=[
            session(begin - 60, codes.PHASE_CONTINUOUS), session(begin + 2, codes.PHASE_CLOSED),
            session(begin + 4, codes.PHASE_CONTINUOUS),
        ],
    )  # fmt: skip
    stub.UpdateCalendar(admin.UpdateCalendarRequest(calendar=short, allow_missing=True))
    follows = instrument_pb2.Instrument(name="instruments/EURUSD", calendar="calendars/short")
    stub.UpdateInstrument(admin.UpdateInstrumentRequest(instrument=follows))
    books = MarketDataServiceStub(server.channel("operator"))

    def phase():
        return books.GetBook(market.GetBookRequest(instrument="instruments/EURUSD")).phase

    found = [phase()]
    for _ in range(2):
        pass_time(server, 2)
        found.append(phase())
    assert found == [codes.PHASE_CONTINUOUS, codes.PHASE_CLOSED, codes.PHASE_CONTINUOUS]


# ------------------------------------------------------------------ scripts


def test_scripted_orders_over_the_wire(server):
    script = {"instrument": "instruments/SCRIPT-carol", **RESTING}
    filled = submit(server, "carol", order_qty="1001", **script)
    assert (filled.order.cum_qty, filled.order.avg_px) == ("1001", "50")
    assert [e.exec_type for e in filled.executions] == [
        codes.EXEC_TYPE_NEW, codes.EXEC_TYPE_TRADE
    ]  # fmt: skip
    refused = submit(server, "carol", order_qty="2128", **script)
    assert refused.executions[0].refusal.reason == codes.REASON_INSTRUMENT_EXPIRED
    later = submit(server, "carol", order_qty="1005", **script)
    assert later.order.working
    pass_time(server, 3)
    stub = TradingServiceStub(server.channel("operator"))
    found = stub.GetOrder(trading.GetOrderRequest(name=later.order.name))
    assert found.ord_status == codes.ORD_STATUS_FILLED
    with pytest.raises(grpc.RpcError) as lost:
        submit(server, "carol", order_qty="1021", **script)
    assert lost.value.code() == grpc.StatusCode.UNAVAILABLE


def test_a_scripted_disconnection_of_a_stream(server):
    """The order was applied, the stream ends with UNAVAILABLE, and who comes back sees both."""
    nodes = RiskServiceStub(server.channel("operator")).ListNodes(risk.ListNodesRequest()).nodes
    number = next(n.number for n in nodes if n.name == "nodes/carol")
    [symbol] = [
        i for i in MarketDataServiceStub(server.channel("operator")).ListInstruments(
            market.ListInstrumentsRequest()
        ).instruments if i.symbol == "SCRIPT-carol"
    ]  # fmt: skip
    stub = TradingServiceStub(server.channel("operator"))
    wish = {"session": "lost", "account": "accounts/carol"}
    order = order_entry_pb2.OrderCommand(
        command=codes.COMMAND_NEW_ORDER, account=number, instrument=symbol.number, cl_ord_id=77,
        side=codes.SIDE_BUY, ord_type=codes.ORD_TYPE_LIMIT, price=5000, order_qty=1020,
    )  # fmt: skip
    done = threading.Event()

    def requests(*commands, **logon):
        yield order_entry_pb2.OrderEntryRequest(logon=order_entry_pb2.Logon(**wish, **logon))
        for at, command in enumerate(commands, 1):
            yield order_entry_pb2.OrderEntryRequest(commands=[command], msg_seq_num=at)
        done.wait(60)

    answers = stub.OrderEntry(requests(order), timeout=60)
    assert next(answers).logon.next_msg_seq_num == 1
    with pytest.raises(grpc.RpcError) as lost:
        list(answers)
    assert lost.value.code() == grpc.StatusCode.UNAVAILABLE
    answers = stub.OrderEntry(requests(next_expected_msg_seq_num=1), timeout=60)
    assert next(answers).logon.next_expected_msg_seq_num == 2
    filled = 0
    while filled < 1020:
        filled += sum(report.last_qty for report in next(answers).reports)
    done.set()
    answers.cancel()


# ------------------------------------------------------------------ reset


def reset(server, role="tester", **more):
    stub = AdminServiceStub(server.channel(role))
    return stub.ResetSandbox(admin.ResetSandboxRequest(**more)).outcome


def trade_everywhere(server, *accounts):
    """Long and short, in instruments that are paid and in those that take margin; orders rest."""
    for account in accounts:
        for symbol in ("ACME", "ACME-FUT", "ACME-C100"):
            submit(server, account, instrument=f"instruments/{symbol}", order_qty="3")
        short = {"instrument": "instruments/EURUSD", "order_qty": "2000"}
        submit(server, account, side=codes.SIDE_SELL, **short)
        submit(server, account, side=codes.SIDE_SELL, order_qty="5")
        submit(server, account, **RESTING)
    pass_time(server, 2)


def test_a_reset_is_of_the_callers_accounts_and_nobody_elses(server):
    trade_everywhere(server, "alice", "bob", "carol")
    carol = cash(server, "carol"), positions(server, "carol"), open_orders(server, "carol")
    assert positions(server, "alice")
    assert reset(server, validate_only=True).seq == 0
    assert positions(server, "alice")
    first = reset(server, request_id="again")
    for account in ("alice", "bob"):
        assert cash(server, account) == MONEY
        assert positions(server, account) == {}
        assert open_orders(server, account) == 0
    others = cash(server, "carol"), positions(server, "carol"), open_orders(server, "carol")
    assert others == carol
    assert carol[1:] != ({}, 0)
    submit(server, "alice")
    assert reset(server, request_id="again") == first  # a repeated request does nothing
    assert positions(server, "alice") == {"instruments/ACME": "10"}
    assert reset(server, request_id="other").seq > first.seq
    assert (cash(server, "alice"), positions(server, "alice")) == (MONEY, {})


def test_a_key_resets_what_it_covers(server):
    trade_everywhere(server, "alice", "bob")
    reset(server, "alice's tester")
    assert (positions(server, "alice"), bool(positions(server, "bob"))) == ({}, True)
    with pytest.raises(grpc.RpcError) as refused:
        reset(server, "alice")  # without the scope
    assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
    with pytest.raises(grpc.RpcError) as refused:
        reset(server, seed=4)
    assert refused.value.code() == grpc.StatusCode.INVALID_ARGUMENT


def test_agents_are_not_reset(server):
    before = positions(server, "sandbox-noise-1")
    assert before
    reset(server, "operator")
    assert positions(server, "sandbox-noise-1") == before
    assert positions(server, "carol") == {}


# ------------------------------------------------------------------ live


def live_keys(control_url):
    """(a live operator's key, a test one)."""
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key
    from portal.acts.partners import create_partner
    from portal.store import open_store
    from server.auth.rights import SCOPES

    open_store(control_url)
    by = By("tests", "tests")
    create_partner(by, "real", "real", "quantum", ("*",), live=True)
    rights = Rights(SCOPES, (), ())
    return [create_key(by, "real", env, env, rights).reveal() for env in ("live", "test")]


def known(server, role):
    """Whether the server has seen the key."""
    stub = AdminServiceStub(server.channel(role))
    try:
        return bool(stub.GetSystemStatus(admin.GetSystemStatusRequest()).version)
    except grpc.RpcError:
        return False


def test_live_refuses_all_of_it_and_foreign_keys(tmp_path, sqlite, server):
    url = sqlite()
    with running(tmp_path, url, prepare=nothing, environment="live") as live:
        live.keys["live"], live.keys["test"] = live_keys(url)
        until(lambda: known(live, "live"))
        stub = SandboxServiceStub(live.channel("live"))
        second = Duration(seconds=1)
        for call in (
            lambda: stub.GetSandbox(api.GetSandboxRequest()),
            lambda: stub.SetClock(api.SetClockRequest(speed=2)),
            lambda: stub.AdvanceClock(api.AdvanceClockRequest(duration=second)),
            lambda: stub.OpenAccount(api.OpenAccountRequest(name="accounts/x")),
            lambda: reset(live, "live"),
        ):
            with pytest.raises(grpc.RpcError) as refused:
                call()
            assert refused.value.code() == grpc.StatusCode.PERMISSION_DENIED
        status = AdminServiceStub(live.channel("live"))
        assert status.GetSystemStatus(admin.GetSystemStatusRequest()).environment == "live"
        with pytest.raises(grpc.RpcError) as refused:
            SandboxServiceStub(live.channel("test")).GetSandbox(api.GetSandboxRequest())
        assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED
        server.keys["live"] = live.keys["live"]
    with pytest.raises(grpc.RpcError) as refused:
        SandboxServiceStub(server.channel("live")).GetSandbox(api.GetSandboxRequest())
    assert refused.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_without_a_clock_of_its_own_time_is_the_machines(tmp_path, sqlite):
    with running(tmp_path, sqlite(), prepare=nothing) as plain:
        with pytest.raises(grpc.RpcError) as refused:
            pass_time(plain, 1)
        assert refused.value.code() == grpc.StatusCode.FAILED_PRECONDITION
        assert not cash(plain, "alice")  # no market, no faucet
