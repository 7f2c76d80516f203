"""Calendars, halts, snapshots and the log of a real server, through AdminService."""

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.admin.v1 import resources_pb2 as resources
from gridworks.api.admin.v1.admin_service_pb2_grpc import AdminServiceStub
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.api.types.v1.instrument_pb2 import Instrument
from tests.server.test_observability import eventually

ACME = "instruments/ACME"


@pytest.fixture(scope="module")
def operator(server):
    return AdminServiceStub(server.channel("operator"))


def shown(server, name=ACME):
    stub = MarketDataServiceStub(server.channel("reader"))
    return stub.GetInstrument(market.GetInstrumentRequest(name=name))


def code(call, *given):
    with pytest.raises(grpc.RpcError) as error:
        call(*given)
    return error.value.code().name


def test_a_calendar_moves_its_instruments_at_once_and_is_read_back(server, operator):
    always = resources.Calendar(name="calendars/seven-days", time_zone="UTC", sessions=[
        resources.Calendar.Session(start=TimeOfDay(), phase=codes.PHASE_INTRADAY_AUCTION)
    ])  # fmt: skip
    request = admin.UpdateCalendarRequest(calendar=always, reason="crypto", request_id="once")
    assert code(operator.UpdateCalendar, request) == "NOT_FOUND"
    request.allow_missing = True
    assert operator.UpdateCalendar(request) == always
    assert operator.UpdateCalendar(request) == always  # the same request
    assert operator.GetCalendar(admin.GetCalendarRequest(name=always.name)) == always
    assert operator.ListCalendars(admin.ListCalendarsRequest()).calendars == [always]
    unknown = Instrument(name=ACME, calendar="calendars/none")
    assert code(operator.UpdateInstrument, admin.UpdateInstrumentRequest(instrument=unknown)) == (
        "NOT_FOUND"
    )
    wish = Instrument(name=ACME, calendar=always.name, display_name="Acme Corporation")
    operator.UpdateInstrument(admin.UpdateInstrumentRequest(instrument=wish, reason="listing"))
    eventually(lambda: shown(server).phase == codes.PHASE_INTRADAY_AUCTION)
    found = shown(server)
    assert (found.calendar, found.display_name) == (always.name, "Acme Corporation")
    day = admin.ListScheduledPhasesRequest(
        parent=always.name, date=Date(year=2026, month=12, day=25)
    )
    [planned] = operator.ListScheduledPhases(day).scheduled_phases
    assert planned.start_time.ToJsonString() == "2026-12-25T00:00:00Z"
    changed = operator.UpdateCalendar(admin.UpdateCalendarRequest(
        calendar=resources.Calendar(name=always.name, display_name="Round the clock"),
        update_mask=FieldMask(paths=["display_name"]),
    ))  # fmt: skip
    assert (changed.display_name, list(changed.sessions)) == (
        "Round the clock", list(always.sessions),
    )  # fmt: skip
    wrong = resources.Calendar(name=always.name, time_zone="Nowhere")
    assert code(operator.UpdateCalendar, admin.UpdateCalendarRequest(calendar=wrong)) == (
        "INVALID_ARGUMENT"
    )


def test_a_halt_can_end_in_another_phase(server, operator):
    operator.HaltTrading(admin.HaltTradingRequest(target=ACME, reason="news"))
    assert shown(server).phase == codes.PHASE_HALT
    back = admin.ResumeTradingRequest(target=ACME, phase=codes.PHASE_CONTINUOUS)
    assert operator.ResumeTrading(back).outcome.seq
    assert shown(server).phase == codes.PHASE_CONTINUOUS
    assert operator.ResumeTrading(back).outcome.refusal.reason == codes.REASON_PHASE_TRANSITION
    for phase in (codes.PHASE_HALT, codes.PHASE_CLOSED, codes.PHASE_VOLATILITY_AUCTION):
        request = admin.ResumeTradingRequest(target=ACME, phase=phase)
        assert code(operator.ResumeTrading, request) == "INVALID_ARGUMENT"


def test_snapshots_are_listed_and_a_replay_agrees_with_them(server, operator):
    made = operator.CreateSnapshot(admin.CreateSnapshotRequest(reason="test"))
    again = operator.CreateSnapshot(admin.CreateSnapshotRequest(reason="test"))
    listed = operator.ListSnapshots(admin.ListSnapshotsRequest()).snapshots
    assert listed == [again, made]
    assert made.size_bytes > 1000
    assert made.HasField("create_time")
    told = list(operator.VerifyLog(admin.VerifyLogRequest(replay=True), timeout=120))
    assert [message.done for message in told] == [False] * (len(told) - 1) + [True]
    assert told[-1].sound
    assert told[-1].seq == told[-1].last_seq >= again.seq
    [short] = [m for m in operator.VerifyLog(admin.VerifyLogRequest(begin_seq=made.seq)) if m.done]
    assert short.sound
    beyond = admin.VerifyLogRequest(begin_seq=10**9)
    assert code(lambda: list(operator.VerifyLog(beyond))) == "INVALID_ARGUMENT"
    tried = operator.CreateSnapshot(admin.CreateSnapshotRequest(validate_only=True))
    assert len(tried.state_hash) == 64
    assert operator.ListSnapshots(admin.ListSnapshotsRequest()).snapshots == listed
