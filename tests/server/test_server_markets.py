"""Market data, risk and administration of a real server over a real socket."""

import time

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1 import stream_pb2
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.trading.v1.trading_service_pb2 import MassCancelRequest
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1.instrument_pb2 import Instrument
from tests.server.test_server_trading import BUY, SELL, details, wish

ACME = "instruments/ACME"


@pytest.fixture(scope="module")
def trading(server):
    return TradingServiceStub(server.channel("trader"))


def subscribe(server, feed, wanted=0, **more):
    line = stream_pb2.Subscription(
        instrument=ACME, feed=feed, next_expected_msg_seq_num=wanted, **more
    )
    stub = MarketDataServiceStub(server.channel("reader"))
    return stub.Subscribe(stream_pb2.SubscribeRequest(subscriptions=[line]), timeout=30)


def test_a_book_is_rebuilt_from_its_snapshot_and_its_updates(server, trading):
    trading.SubmitOrder(wish(BUY, "3", "9.90"))
    follow = subscribe(server, codes.FEED_L2)
    first = next(follow)
    assert first.snapshot
    assert first.instrument == 1
    book = {(u.side, u.price): (u.qty, u.orders) for u in first.updates}
    trading.SubmitOrder(wish(BUY, "4", "9.90", "bob"))
    trading.SubmitOrder(wish(SELL, "2", "10.10", "bob"))
    trading.SubmitOrder(wish(SELL, "5", "9.90", "bob"))
    seq = first.msg_seq_num
    while True:
        reply = next(follow)
        assert reply.msg_seq_num == seq + 1
        seq += len(reply.updates)
        for u in reply.updates:
            book[u.side, u.price] = (u.qty, u.orders)
        shown = MarketDataServiceStub(server.channel("reader")).GetBook(
            market.GetBookRequest(instrument=ACME)
        )
        if seq == shown.msg_seq_num:
            break
    live = {key: value for key, value in book.items() if value[0]}
    assert live == {(BUY, 990): (2, 1), (SELL, 1010): (2, 1)}
    assert [(lv.price, lv.qty, lv.orders) for lv in shown.bids] == [("9.9", "2", 1)]
    assert shown.last_px == "9.9"
    follow.cancel()
    again = next(subscribe(server, codes.FEED_L2, wanted=first.msg_seq_num + 1))
    assert not again.snapshot
    assert again.msg_seq_num == first.msg_seq_num + 1
    assert again.msg_seq_num + len(again.updates) - 1 == seq


def test_trades_orders_and_phases_have_channels_of_their_own(server, trading):
    trades, orders = subscribe(server, codes.FEED_TRADES), subscribe(server, codes.FEED_L3)
    status, top = subscribe(server, codes.FEED_STATUS), subscribe(server, codes.FEED_L1)
    begun = [next(each) for each in (trades, orders, status, top)]
    assert all(reply.snapshot for reply in begun)
    assert begun[2].updates[0].phase == codes.PHASE_CONTINUOUS
    trading.SubmitOrder(wish(SELL, "1", "12.00", "bob"))
    made = trading.SubmitOrder(wish(BUY, "1", "12.00"))
    update = next(trades).updates[0]
    assert update.trade_id == made.executions[-1].trade_id
    listed = MarketDataServiceStub(server.channel("reader")).ListTrades(
        market.ListTradesRequest(parent=ACME, page_size=1)
    )
    assert listed.trades[0].trade_id == update.trade_id
    kinds = {u.market for u in next(orders).updates}
    assert kinds <= {codes.MARKET_TYPE_ORDER_ADD, codes.MARKET_TYPE_ORDER_REDUCE,
                     codes.MARKET_TYPE_ORDER_DELETE}  # fmt: skip
    operator = AdminServiceStub(server.channel("operator"))
    halted = operator.HaltTrading(admin.HaltTradingRequest(target=ACME, reason="test"))
    assert halted.outcome.seq
    assert next(status).updates[0].phase == codes.PHASE_HALT
    refused = trading.SubmitOrder(wish()).order.refusal
    assert refused.reason == codes.REASON_PHASE_FORBIDS
    operator.ResumeTrading(admin.ResumeTradingRequest(target=ACME, reason="test"))
    assert next(status).updates[0].phase == codes.PHASE_CONTINUOUS


def test_an_instrument_has_its_settings_and_they_can_be_changed(server):
    operator = AdminServiceStub(server.channel("operator"))
    sent = Instrument(
        symbol="BTC-USD", type=codes.INSTRUMENT_TYPE_CRYPTO, tick_size="0.05", lot_size="0.001",
        taker_ppb=500_000, static_high="100000", max_qty="25",
    )  # fmt: skip
    request = admin.CreateInstrumentRequest(instrument=sent, request_id="i-1", reason="listing")
    made = operator.CreateInstrument(request)
    assert (made.number, made.phase) == (2, codes.PHASE_CLOSED)
    assert (made.static_high, made.max_qty, made.taker_ppb) == ("100000", "25", 500_000)
    assert operator.CreateInstrument(request).number == 2  # the same request: not a second one
    changed = operator.UpdateInstrument(
        admin.UpdateInstrumentRequest(
            instrument=Instrument(name=made.name, max_qty="0", dynamic_bps=500),
            update_mask=FieldMask(paths=["max_qty", "dynamic_bps"]),
        )
    )
    assert (changed.max_qty, changed.dynamic_bps, changed.taker_ppb) == ("0", 500, 500_000)
    listed = MarketDataServiceStub(server.channel("reader")).ListInstruments(
        market.ListInstrumentsRequest()
    )
    assert [i.symbol for i in listed.instruments] == ["ACME", "BTC-USD"]
    with pytest.raises(grpc.RpcError) as error:
        operator.CreateInstrument(admin.CreateInstrumentRequest(instrument=sent))
    assert error.value.code() == grpc.StatusCode.ALREADY_EXISTS


def test_limits_are_read_and_tightened_and_refuse(server, trading):
    operator = RiskServiceStub(server.channel("operator"))
    name = "nodes/carol/limits"
    assert operator.GetLimits(risk.GetLimitsRequest(name=name)).max_order_qty == 0
    changed = operator.UpdateLimits(
        risk.UpdateLimitsRequest(
            limits=resources.Limits(name=name, max_order_qty=10, max_open_value="5000"),
            reason="a new account",
        )
    )
    assert (changed.limits.max_order_qty, changed.limits.max_open_value) == (10, "5000")
    stranger = TradingServiceStub(server.channel("stranger"))
    refused = stranger.SubmitOrder(wish(qty="11", account="carol")).order.refusal
    assert refused.reason == codes.REASON_ORDER_QTY_LIMIT
    assert (refused.limit, refused.observed, refused.unit) == (10, 11, "lots")
    for wider, state in ((14, "STATE_APPLIED"), (100, "STATE_PENDING")):
        request = risk.UpdateLimitsRequest(
            limits=resources.Limits(name=name, max_order_qty=wider), reason="more"
        )
        answer = operator.UpdateLimits(request)  # a big step waits for a second person
        assert resources.LimitChange.State.Name(answer.change.state) == state
        assert answer.limits.max_order_qty == 14
    foreign = RiskServiceStub(server.channel("trader"))
    with pytest.raises(grpc.RpcError) as error:
        foreign.GetLimits(risk.GetLimitsRequest(name=name))
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_money_positions_and_what_an_order_would_do(server, trading):
    reader = RiskServiceStub(server.channel("reader"))
    trading.MassCancel(MassCancelRequest(parent="nodes/north"))
    before = reader.GetRiskState(risk.GetRiskStateRequest(node="nodes/alice"))
    trading.SubmitOrder(wish(SELL, "2", "13.00", "bob"))
    order = wish(BUY, "3", "13.00").order
    told = reader.EvaluateOrders(
        risk.EvaluateOrdersRequest(parent="accounts/alice", orders=[order])
    )
    assert told.evaluations[0].accepted
    assert (told.evaluations[0].executable_qty, told.evaluations[0].executable_px) == ("2", "13")
    after = reader.GetRiskState(risk.GetRiskStateRequest(node="nodes/alice"))
    assert after.cash == before.cash
    qty = position(reader, "alice")
    trading.SubmitOrder(wish(BUY, "2", "13.00"))
    assert position(reader, "alice") == qty + 2
    operator = RiskServiceStub(server.channel("operator"))
    out = operator.Withdraw(risk.WithdrawRequest(parent="accounts/alice", amount="1e12"))
    assert out.refusal.reason == codes.REASON_INSUFFICIENT_CASH
    names = {node.name for node in reader.ListNodes(risk.ListNodesRequest()).nodes}
    assert names == {"nodes/north", "nodes/alice", "nodes/bob"}


def test_what_moves_of_prices_would_do_to_a_node(server, trading):
    reader = RiskServiceStub(server.channel("reader"))
    trading.SubmitOrder(wish(SELL, "4", "12.50", "bob"))
    trading.SubmitOrder(wish(BUY, "4", "12.50"))
    qty = position(reader, "alice")
    scenarios = [
        risk.Scenario(name=f"{move:+.2f}", moves={"ACME": move}) for move in (-0.2, 0.1, -0.1)
    ]
    scenarios.append(risk.Scenario(name="all", other_move=-0.5))
    request = risk.EvaluateScenariosRequest(
        parent="nodes/alice", scenarios=scenarios, confidence=0.75
    )
    told = reader.EvaluateScenarios(request)
    assert float(told.value) == pytest.approx(qty * 12.5)
    made = {outcome.name: outcome for outcome in told.outcomes}
    for name, move in (("-0.20", -0.2), ("+0.10", 0.1), ("-0.10", -0.1), ("all", -0.5)):
        assert float(made[name].pnl) == pytest.approx(qty * 12.5 * move, abs=0.011)
    assert (made["all"].worst_instrument, made["all"].worst_pnl) == ("ACME", made["all"].pnl)
    assert made["+0.10"].worst_instrument == ""
    assert float(told.value_at_risk) == -float(made["all"].pnl)
    assert told.seq > 0
    desk = reader.EvaluateScenarios(
        risk.EvaluateScenariosRequest(parent="nodes/north", scenarios=scenarios[:1])
    )
    assert desk.outcomes[0].name == "-0.20"
    for bad, field in (
        ([], "scenarios"),
        ([risk.Scenario(moves={"MOON": 0.1})], "scenarios[0].moves"),
        ([risk.Scenario(moves={"ACME": float("nan")})], "scenarios[0].moves[ACME]"),
        ([risk.Scenario(other_move=float("inf"))], "scenarios[0].other_move"),
    ):
        with pytest.raises(grpc.RpcError) as error:
            reader.EvaluateScenarios(
                risk.EvaluateScenariosRequest(parent="nodes/alice", scenarios=bad)
            )
        assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
        assert field in error.value.details()
    with pytest.raises(grpc.RpcError) as error:
        reader.EvaluateScenarios(
            risk.EvaluateScenariosRequest(
                parent="nodes/alice", scenarios=scenarios, confidence=0.2
            )
        )
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    foreign = RiskServiceStub(server.channel("stranger"))
    with pytest.raises(grpc.RpcError) as error:
        foreign.EvaluateScenarios(request)
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def position(stub, account):
    found = stub.ListPositions(risk.ListPositionsRequest(parent=f"nodes/{account}"))
    return int(found.positions[0].qty)


def test_a_kill_switch_cancels_and_refuses(server):
    stranger = TradingServiceStub(server.channel("stranger"))
    operator = RiskServiceStub(server.channel("operator"))
    stranger.SubmitOrder(wish(account="carol", price="0.01"))
    name = "killSwitches/node-south"
    made = operator.EngageKillSwitch(risk.EngageKillSwitchRequest(name=name, reason="test"))
    assert (made.kill_switch.on, made.canceled_count) == (True, 1)
    refused = stranger.SubmitOrder(wish(account="carol")).order.refusal
    assert refused.reason == codes.REASON_NODE_KILLED
    operator.ReleaseKillSwitch(risk.ReleaseKillSwitchRequest(name=name, reason="test"))
    assert stranger.SubmitOrder(wish(account="carol", price="0.01")).order.working


def test_operators_see_how_it_is_and_partners_do_not(server):
    operator = AdminServiceStub(server.channel("operator"))
    status = operator.GetSystemStatus(admin.GetSystemStatusRequest())
    assert status.state == status.STATE_SERVING
    assert {part.name for part in status.parts} >= {"engine", "sequencer", "log", "grpc", "keys"}
    snapshot = operator.CreateSnapshot(admin.CreateSnapshotRequest(reason="test"))
    assert snapshot.seq >= status.seq
    checked = list(operator.VerifyLog(admin.VerifyLogRequest()))
    assert checked[-1].done
    assert checked[-1].sound
    assert checked[-1].seq >= snapshot.seq
    with pytest.raises(grpc.RpcError) as error:
        AdminServiceStub(server.channel("trader")).GetSystemStatus(admin.GetSystemStatusRequest())
    assert error.value.code() == grpc.StatusCode.PERMISSION_DENIED


def test_health_is_open_and_reflection_needs_a_key(server):
    health = health_pb2_grpc.HealthStub(server.channel(None))
    answer = health.Check(health_pb2.HealthCheckRequest())
    assert answer.status == health_pb2.HealthCheckResponse.SERVING
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    stub = reflection_pb2_grpc.ServerReflectionStub(server.channel("reader"))
    reply = next(stub.ServerReflectionInfo(iter([request])))
    names = {service.name for service in reply.list_services_response.service}
    assert "gridworks.api.trading.v1.TradingService" in names
    with pytest.raises(grpc.RpcError) as error:
        next(
            reflection_pb2_grpc.ServerReflectionStub(server.channel(None)).ServerReflectionInfo(
                iter([request])
            )
        )
    assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED


def test_a_revoked_key_ends_its_streams_within_a_second(server):
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key, revoke_key
    from portal.store import open_store

    open_store(server.control_url)
    by = By("tests", "tests")
    made = create_key(by, "broker", "test", "brief", Rights(("market_data:read",), (), ()))
    server.keys["brief"] = made.reveal()
    time.sleep(0.6)
    stub = MarketDataServiceStub(server.channel("brief"))
    line = stream_pb2.Subscription(instrument=ACME, feed=codes.FEED_STATUS)
    follow = stub.Subscribe(stream_pb2.SubscribeRequest(subscriptions=[line]), timeout=20)
    assert next(follow).snapshot
    begin = time.monotonic()
    revoke_key(by, made.key.pk)
    with pytest.raises(grpc.RpcError) as error:
        next(follow)
    assert time.monotonic() - begin < 1.0
    assert error.value.code() == grpc.StatusCode.UNAUTHENTICATED
    assert details(error.value)["ErrorInfo"].reason == "KEY_LAPSED"


def test_calls_that_were_answered_are_metered(server, trading):
    core = server.server.core
    from server.auth.store import ControlStore

    core.meter.flush()
    query = "SELECT SUM(calls) FROM control_usage WHERE key_id = ?"
    store = ControlStore(server.control_url)

    def used():
        core.meter.flush()
        [(calls,)] = store.rows(query.replace("?", str(server.key_ids["trader"])))
        return int(calls or 0)

    before = used()
    for _ in range(3):
        trading.SubmitOrder(wish(price="0.02"))
    with pytest.raises(grpc.RpcError):
        trading.SubmitOrder(wish(account="carol"))
    assert used() == before + 4
    store.close()
