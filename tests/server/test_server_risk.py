"""Limits with a second person, what is in use, the live stream, switches, and who did what."""

import queue
import threading
from datetime import timedelta

import grpc
import pytest

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.risk.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.risk.v1.risk_service_pb2_grpc import RiskServiceStub
from gridworks.api.trading.v1.trading_service_pb2 import MassCancelRequest
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from tests.server.test_observability import eventually
from tests.server.test_server_trading import BUY, SELL, details, wish

State = resources.LimitChange.State


@pytest.fixture(scope="module")
def officer(server):
    return RiskServiceStub(server.channel("operator"))


@pytest.fixture(scope="module")
def second(server):
    return RiskServiceStub(server.channel("approver"))


def update(stub, node, reason="test", request_id="", validate_only=False, **fields):
    return stub.UpdateLimits(
        risk.UpdateLimitsRequest(
            limits=resources.Limits(name=f"nodes/{node}/limits", **fields), reason=reason,
            request_id=request_id, validate_only=validate_only,
        )
    )  # fmt: skip


def refused(call, *given, **more):
    with pytest.raises(grpc.RpcError) as error:
        call(*given, **more)
    return error.value.code().name, details(error.value)["ErrorInfo"].reason


def changes(stub, node, *states):
    request = risk.ListLimitChangesRequest(parent=f"nodes/{node}", states=states)
    return list(stub.ListLimitChanges(request).limit_changes)


def test_a_limit_that_grows_far_waits_for_another_key(server, officer, second):
    assert update(officer, "carol", max_order_qty=10).change.state == State.STATE_APPLIED
    asked = update(officer, "carol", "a large client", "once", max_order_qty=100)
    assert asked.limits.max_order_qty == 10  # it waits
    assert asked.change.state == State.STATE_PENDING
    [item] = asked.change.items
    assert (item.field, item.old_value, item.new_value) == ("max_order_qty", "10", "100")
    assert item.loosens
    assert update(officer, "carol", "a large client", "once", max_order_qty=100) == asked
    other = refused(update, officer, "carol", "a large client", "once", max_order_qty=101)
    assert other[0] == "ALREADY_EXISTS"
    approve = risk.ApproveLimitChangeRequest(name=asked.change.name, reason="I know them")
    assert refused(officer.ApproveLimitChange, approve) == ("PERMISSION_DENIED", "OWN_REQUEST")
    foreign = RiskServiceStub(server.channel("trader"))
    assert refused(foreign.ApproveLimitChange, approve)[0] == "PERMISSION_DENIED"
    assert changes(second, "carol", State.STATE_PENDING) == [asked.change]
    done = second.ApproveLimitChange(approve).change
    assert (done.state, done.decision_reason) == (State.STATE_APPLIED, "I know them")
    assert done.decided_by != done.requested_by
    limits = officer.GetLimits(risk.GetLimitsRequest(name="nodes/carol/limits"))
    assert limits.max_order_qty == 100
    assert refused(second.ApproveLimitChange, approve)[0] == "FAILED_PRECONDITION"
    assert [c.state for c in changes(second, "carol")] == [State.STATE_APPLIED] * 2  # newest first


def test_a_key_that_was_rotated_is_still_who_asked(server, officer):
    from portal.acts.audit import By
    from portal.acts.keys import Rights, create_key, rotate_key
    from portal.store import open_store

    open_store(server.control_url)
    by, ring = By("tests", "tests"), server.server.core.gate.keys
    both = Rights(("risk:read", "risk:write", "risk:approve"), (), ())
    first = create_key(by, "house", "test", "both", both)
    server.keys["first"] = first.reveal()
    eventually(lambda: first.key.pk in ring().by_id)
    update(officer, "carol", max_order_value="10")
    asked = update(RiskServiceStub(server.channel("first")), "carol", max_order_value="100").change
    then = rotate_key(by, first.key.pk, timedelta(hours=1))
    server.keys["then"] = then.reveal()
    eventually(lambda: ring().newest(first.key.pk) == then.key.pk)
    approve = risk.ApproveLimitChangeRequest(name=asked.name)
    mine = RiskServiceStub(server.channel("then"))
    assert refused(mine.ApproveLimitChange, approve) == ("PERMISSION_DENIED", "OWN_REQUEST")
    reject = risk.RejectLimitChangeRequest(name=asked.name)
    assert mine.RejectLimitChange(reject).change.state == State.STATE_REJECTED  # taking it back


def test_a_change_can_be_refused_and_is_void_when_the_limit_has_moved(officer, second):
    update(officer, "bob", max_open_orders=10, max_open_value="1000")
    wide = update(officer, "bob", max_open_orders=0).change  # no limit at all
    rejected = risk.RejectLimitChangeRequest(name=wide.name, reason="no")
    assert second.RejectLimitChange(rejected).change.state == State.STATE_REJECTED
    stale = update(officer, "bob", max_open_value="5000").change
    update(officer, "bob", max_open_value="900")
    approve = risk.ApproveLimitChangeRequest(name=stale.name)
    assert refused(second.ApproveLimitChange, approve)[0] == "FAILED_PRECONDITION"
    missing = risk.ApproveLimitChangeRequest(name="nodes/bob/limitChanges/999999999")
    assert refused(second.ApproveLimitChange, missing)[0] == "NOT_FOUND"
    tried = update(officer, "bob", validate_only=True, max_open_value="950")
    assert (tried.change.state, tried.limits.max_open_value) == (State.STATE_APPLIED, "900")
    wrong = refused(update, officer, "bob", max_order_qty=-1)
    assert wrong == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert refused(update, officer, "bob", reason="", max_order_qty=1)[0] == "INVALID_ARGUMENT"


def test_limits_of_positions_and_groups(server, officer, second):
    name = "nodes/alice/instruments/ACME/limits"

    def change(stub=officer, name=name, **fields):
        held = resources.PositionLimits(name=name, **fields)
        request = risk.UpdatePositionLimitsRequest(position_limits=held, reason="test")
        return stub.UpdatePositionLimits(request)

    read = officer.GetPositionLimits(risk.GetPositionLimitsRequest(name=name))
    assert (read.max_position, read.max_exposure, read.restricted) == ("0", "0", False)
    made = change(max_position="7", restricted=True)
    assert (made.position_limits.max_position, made.position_limits.restricted) == ("7", True)
    trading = TradingServiceStub(server.channel("trader"))
    assert trading.SubmitOrder(wish()).order.refusal.reason == codes.REASON_INSTRUMENT_RESTRICTED
    assert change(restricted=False).change.state == State.STATE_APPLIED
    over = trading.SubmitOrder(wish(qty="8")).order.refusal
    assert (over.reason, over.limit, over.observed) == (codes.REASON_POSITION_LIMIT, 7, 8)
    waits = change(max_position="70").change
    assert waits.state == State.STATE_PENDING
    second.ApproveLimitChange(risk.ApproveLimitChangeRequest(name=waits.name))
    read = officer.GetPositionLimits(risk.GetPositionLimitsRequest(name=name))
    assert read.max_position == "70"
    group = "nodes/alice/currencies/0/limits"
    made = change(name=group, max_group_gross="12.50")
    assert (made.position_limits.max_group_gross, made.position_limits.max_group_net) == (
        "12.5", "0",
    )  # fmt: skip
    over = trading.SubmitOrder(wish(qty="2", price="10.00")).order.refusal
    assert (over.reason, over.limit) == (codes.REASON_GROUP_EXPOSURE, 1250)
    assert refused(change, name=group, max_position="1")[0] == "INVALID_ARGUMENT"
    assert refused(change, name="nodes/alice/shoes/0/limits")[0] == "INVALID_ARGUMENT"


def used(stub, node, **more):
    request = risk.ListUtilisationsRequest(parent=f"nodes/{node}", **more)
    found = stub.ListUtilisations(request).utilisations
    return {(u.node.partition("/")[2], u.limit, u.subject): u for u in found}


def test_utilisation_agrees_with_what_the_exchange_refuses(server, officer):
    trading = TradingServiceStub(server.channel("trader"))
    trading.MassCancel(MassCancelRequest(parent="nodes/north"))
    update(officer, "bob", max_open_orders=3, max_gross_exposure="100", max_margin="1000")
    update(officer, "north", max_open_value="500")
    trading.SubmitOrder(wish(BUY, "2", "9.00", "bob"))
    trading.SubmitOrder(wish(BUY, "3", "9.00", "bob"))
    found = used(officer, "bob")
    orders = found["bob", "max_open_orders", ""]
    assert (orders.allowed, orders.used, orders.headroom, orders.unit) == ("3", "2", "1", "orders")
    assert orders.ratio == pytest.approx(2 / 3)
    assert orders.level == codes.LEVEL_ACCOUNT
    assert found["bob", "max_gross_exposure", ""].used == "45"
    assert found["north", "max_open_value", ""].headroom == "455"
    power = found["bob", "buying_power", ""]
    assert (power.used, power.allowed) == ("45", "1000000000")
    over = trading.SubmitOrder(wish(BUY, "7", "9.00", "bob")).order.refusal
    assert over.reason == codes.REASON_GROSS_EXPOSURE
    assert over.headroom == 5500
    assert found["bob", "max_gross_exposure", ""].headroom == "55"
    assert set(used(officer, "bob", min_ratio=0.6)) == {("bob", "max_open_orders", "")}
    own = used(RiskServiceStub(server.channel("alice")), "alice")
    assert {node for node, _, _ in own} == {"alice"}  # the firm's limits are not this key's


def test_the_stream_tells_what_changed_and_only_that(server, officer):
    trading = TradingServiceStub(server.channel("trader"))
    trading.MassCancel(MassCancelRequest(parent="nodes/north"))
    reader = RiskServiceStub(server.channel("reader"))
    request = risk.StreamRiskRequest(nodes=["nodes/alice", "nodes/bob"], include_positions=True)
    request.interval.FromMilliseconds(20)
    follow, got = reader.StreamRisk(request), queue.Queue()

    def read():
        try:
            for message in follow:
                got.put(message)
        except grpc.RpcError:
            return

    thread = threading.Thread(target=read)
    thread.start()
    first = [got.get(timeout=30), got.get(timeout=30)]
    assert [message.state.node for message in first] == ["nodes/alice", "nodes/bob"]
    before = int(first[1].state.open_orders)
    trading.SubmitOrder(wish(SELL, "1", "20.00", "bob"))
    told = got.get(timeout=30)
    assert (told.state.node, told.state.open_orders) == ("nodes/bob", before + 1)
    assert [p.open_sell_qty for p in told.positions] == ["1"]
    assert told.msg_seq_num == 3
    assert told.seq >= first[0].seq
    follow.cancel()
    thread.join(30)
    again = next(reader.StreamRisk(request))  # who comes back gets everything
    assert again.msg_seq_num == 1
    assert again.state.node == "nodes/alice"
    for wrong in (
        risk.StreamRiskRequest(), risk.StreamRiskRequest(nodes=["nodes/nobody"], min_ratio=2),
    ):
        assert refused(lambda r=wrong: next(reader.StreamRisk(r)))[0] in (
            "INVALID_ARGUMENT", "PERMISSION_DENIED",
        )  # fmt: skip


def test_switches_are_listed_with_who_turned_them(server, officer):
    for name, on in (("node-south", True), ("instrument-ACME", True), ("instrument-ACME", False)):
        turn = officer.EngageKillSwitch if on else officer.ReleaseKillSwitch
        kind = risk.EngageKillSwitchRequest if on else risk.ReleaseKillSwitchRequest
        turn(kind(name=f"killSwitches/{name}", reason=f"{name} {on}"))
    found = {s.name: s for s in officer.ListKillSwitches(
        risk.ListKillSwitchesRequest()).kill_switches}  # fmt: skip
    south = found["killSwitches/node-south"]
    assert (south.on, south.reason, south.target) == (True, "node-south True", "nodes/south")
    assert not found["killSwitches/instrument-ACME"].on
    assert found["killSwitches/instrument-ACME"].reason == "instrument-ACME False"
    on = officer.ListKillSwitches(risk.ListKillSwitchesRequest(on_only=True)).kill_switches
    assert [s.name for s in on] == ["killSwitches/node-south"]
    reader = RiskServiceStub(server.channel("reader"))
    seen = reader.ListKillSwitches(risk.ListKillSwitchesRequest()).kill_switches
    assert [s.name for s in seen] == ["killSwitches/instrument-ACME"]  # another's node is not told
    officer.ReleaseKillSwitch(
        risk.ReleaseKillSwitchRequest(name="killSwitches/node-south", reason="over")
    )


def test_every_act_is_in_the_audit_log_also_one_that_was_refused(server, officer):
    stub = AdminServiceStub(server.channel("operator"))
    officer.Deposit(risk.DepositRequest(parent="accounts/alice", amount="3"))
    stub.SetPhase(admin.SetPhaseRequest(
        target="market", phase=codes.PHASE_CONTINUOUS, reason="again"))  # fmt: skip
    assert refused(stub.SetPhase, admin.SetPhaseRequest(target="instruments/NOPE"))[0] in (
        "NOT_FOUND", "INVALID_ARGUMENT",
    )  # fmt: skip
    trader = AdminServiceStub(server.channel("trader"))
    denied = admin.SetPhaseRequest(target="market", phase=codes.PHASE_CLOSED, reason="mine")
    assert refused(trader.SetPhase, denied)[0] == "PERMISSION_DENIED"
    officer.Withdraw(risk.WithdrawRequest(parent="accounts/alice", amount="1e12"))
    entries = stub.ListAuditEntries(admin.ListAuditEntriesRequest()).audit_entries
    newest = [(e.method, e.result) for e in entries[:5]]
    assert newest[0] == ("Withdraw", "INSUFFICIENT_CASH")
    assert newest[1] == ("SetPhase", "PERMISSION_DENIED")
    assert newest[2][0] == "SetPhase"
    assert newest[2][1] in ("NOT_FOUND", "INVALID_ARGUMENT")
    assert newest[3:] == [("SetPhase", "OK"), ("Deposit", "OK")]
    one = entries[3]
    assert (one.target, one.reason, one.peer) == ("market", "again", "127.0.0.1")
    assert server.keys["operator"] not in str(entries)
    mine = stub.ListAuditEntries(
        admin.ListAuditEntriesRequest(method="SetPhase", actor=one.actor, page_size=1)
    )
    assert [e.result for e in mine.audit_entries] == [newest[2][1]]
    assert mine.next_page_token
