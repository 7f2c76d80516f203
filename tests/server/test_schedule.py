"""Calendars: the plan of a day, and the commands that it becomes, once, at the exchange's time."""

import asyncio
from datetime import UTC, date, datetime
from types import SimpleNamespace

import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.type.date_pb2 import Date
from google.type.timeofday_pb2 import TimeOfDay

from domain.codes import Phase
from domain.errors import InvalidField
from domain.messages import Halt, Resume
from domain.tables import Table
from gridworks.api.admin.v1.resources_pb2 import Calendar
from server.records import notes
from server.schedule import plan
from server.schedule.keeper import Keeper
from server.services.acts import Acts
from server.services.calendars import Calendars
from tests.server.sequencing import SETUP, SetClock, sequencer

NS = 10**9
DAY = (
    (9, 0, Phase.PRE_OPEN), (9, 28, Phase.OPENING_AUCTION), (9, 30, Phase.CONTINUOUS),
    (15, 50, Phase.CLOSING_AUCTION), (16, 0, Phase.POST_CLOSE), (16, 15, Phase.CLOSED),
)  # fmt: skip


def session(hours, minutes, phase, spread=0):
    made = Calendar.Session(start=TimeOfDay(hours=hours, minutes=minutes), phase=int(phase) or 48)
    if spread:
        made.random_end.CopyFrom(Duration(seconds=spread))
    return made


def calendar(**more):
    made = Calendar(name="calendars/test", time_zone="America/New_York", holidays="XNYS", **more)
    made.sessions.extend(session(*each) for each in DAY)
    return made


def shown(found):
    """(time in UTC, phase) of each change."""
    return [
        (f"{datetime.fromtimestamp(c.at // NS, UTC):%H:%M}", c.phase.name if c.phase is not None
         else "DAY ENDS") for c in found
    ]  # fmt: skip


def test_an_ordinary_day_and_the_change_of_the_clocks():
    assert shown(plan.changes(calendar(), date(2026, 11, 2)))[2] == ("14:30", "CONTINUOUS")
    assert shown(plan.changes(calendar(), date(2026, 10, 30)))[2] == ("13:30", "CONTINUOUS")


def test_holidays_weekends_and_an_early_close():
    """27 November 2026, the day after Thanksgiving: New York closes at 13:00, not at 16:00."""
    assert plan.changes(calendar(), date(2026, 11, 26)) == []
    assert plan.changes(calendar(), date(2026, 11, 28)) == []
    assert shown(plan.changes(calendar(), date(2026, 11, 27))) == [
        ("14:00", "PRE_OPEN"), ("14:28", "OPENING_AUCTION"), ("14:30", "CONTINUOUS"),
        ("17:50", "CLOSING_AUCTION"), ("18:00", "POST_CLOSE"), ("18:15", "CLOSED"),
    ]  # fmt: skip


def test_what_would_begin_behind_an_early_close_is_left_out():
    made = calendar()
    made.sessions.insert(3, session(13, 0, Phase.INTRADAY_AUCTION))
    made.sessions.insert(4, session(13, 5, Phase.CONTINUOUS))
    found = shown(plan.changes(made, date(2026, 11, 27)))
    assert [phase for _, phase in found].count("CONTINUOUS") == 1
    assert found[3] == ("17:50", "CLOSING_AUCTION")


def test_special_days_win_and_a_market_of_seven_days_needs_no_public_calendar():
    made = calendar(end_of_day=TimeOfDay(hours=18))
    special = made.special_days.add(date=Date(year=2026, month=11, day=26))
    special.sessions.append(session(10, 0, Phase.CONTINUOUS))
    assert shown(plan.changes(made, date(2026, 11, 26))) == [
        ("15:00", "CONTINUOUS"), ("23:00", "DAY ENDS"),
    ]  # fmt: skip
    always = Calendar(time_zone="UTC", sessions=[session(0, 0, Phase.CONTINUOUS)])
    for day in (date(2026, 11, 28), date(2026, 12, 25)):
        assert shown(plan.changes(always, day)) == [("00:00", "CONTINUOUS")]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"holidays": "NOWHERE"}, "holidays"),
        ({"sessions": [session(9, 0, Phase.HALT)]}, "sessions[0].phase"),
        ({"sessions": [session(25, 0, Phase.CONTINUOUS)]}, "sessions[0].start"),
        ({"sessions": [session(9, 0, 3), session(9, 0, 3)]}, "sessions[1].start"),
        ({"sessions": [session(9, 0, 3, 99_999)]}, "sessions[0].random_end"),
        ({"special_days": [Calendar.SpecialDay(date=Date(year=2026))]}, "special_days[0].date"),
        ({"end_of_day": TimeOfDay(hours=99)}, "end_of_day"),
    ],
)
def test_nonsense_is_refused_with_the_name_of_the_field(more, field):
    with pytest.raises(InvalidField) as error:
        plan.check(Calendar(**{"time_zone": "UTC", **more}))
    assert error.value.field == f"calendar.{field}"


def at(day, hours, minutes, seconds=0):
    return int(datetime(2026, 11, day, hours, minutes, seconds, tzinfo=UTC).timestamp()) * NS


class Desk:
    """A sequencer with a keeper, and a calendar of the instrument ACME."""

    def __init__(self, one, clock):
        self.one, self.clock = one, clock
        self.core = SimpleNamespace(
            state=one.state, sequencer=one, known=one.state.catalogue.directory
        )
        acts = Acts(self.core)
        self.keeper = Keeper(self.core, acts, Calendars(self.core, acts))

    async def look(self, *when):
        self.clock.now = max(self.clock.now, at(*when))
        before = self.one.state.seq
        await self.keeper.look()
        book = self.one.state.engine.table(Table.BOOK)[1]
        return Phase(int(book["phase"])).name, self.one.state.seq - before

    async def note(self, **more):
        await self.one.call(notes.written({"by": "t", "key": 1, "why": "", **more}))


async def begin(one, clock, made=None):
    desk = Desk(one, clock)
    if not one.state.seq:
        clock.now = at(2, 6, 0)
        await one.call(SETUP)
        told = MessageToDict(made or calendar(), preserving_proto_field_name=True)
        await desk.note(target="calendars/test", calendar=told)
        await desk.note(target="instruments/ACME", about={"calendar": "calendars/test"})
    return desk


def test_the_keeper_follows_the_clock_of_the_exchange_and_acts_once(tmp_path):
    async def go():
        clock = SetClock()
        clock.now = at(2, 6, 0)
        async with sequencer(tmp_path, clock) as one:
            desk = await begin(one, clock)
            assert (await desk.look(2, 13, 0))[0] == "CLOSED"  # of Friday: made up for
            assert await desk.look(2, 13, 59) == ("CLOSED", 0)
            assert (await desk.look(2, 14, 0))[0] == "PRE_OPEN"
            assert await desk.look(2, 14, 1) == ("PRE_OPEN", 0)
            assert (await desk.look(2, 14, 30))[0] == "CONTINUOUS"  # the auction was slept through
            [act] = [a for a in one.state.register.acts if "CONTINUOUS" in a.reason]
            assert (act.method, act.by, act.target) == ("SetPhase", "schedule", "calendars/test")
        async with sequencer(tmp_path, clock) as one:  # after a restart nothing is made twice
            desk = await begin(one, clock)
            assert await desk.look(2, 14, 31) == ("CONTINUOUS", 0)
            assert (await desk.look(2, 21, 0))[0] == "POST_CLOSE"
            assert desk.keeper.next_at == at(2, 21, 15)

    asyncio.run(go())


def test_a_halt_stays_and_its_end_takes_the_phase_of_the_plan(tmp_path):
    async def go():
        clock = SetClock()
        clock.now = at(2, 6, 0)
        async with sequencer(tmp_path, clock) as one:
            desk = await begin(one, clock)
            await desk.look(2, 15, 0)
            await one.call(Halt(scope=2, entity=1).pack())
            assert await desk.look(2, 20, 51) == ("HALT", 0)
            await one.call(Resume(scope=2, entity=1).pack())
            assert (await desk.look(2, 20, 52))[0] == "CLOSING_AUCTION"

    asyncio.run(go())


def test_the_day_ends_once_and_markets_of_another_plan_go_on(tmp_path):
    async def go():
        clock = SetClock()
        clock.now = at(2, 6, 0)
        made = Calendar(time_zone="UTC", end_of_day=TimeOfDay(hours=22), name="calendars/test",
                        sessions=[session(8, 0, Phase.CONTINUOUS)])  # fmt: skip
        async with sequencer(tmp_path, clock) as one:
            from domain.messages import Instrument, SetPhase

            desk = await begin(one, clock, made)
            await one.call(Instrument(label="BTC", entity=2).pack())
            await one.call(SetPhase(phase=Phase.CONTINUOUS, scope=2, entity=2).pack())
            await desk.look(2, 21, 0)
            assert (await desk.look(2, 22, 0))[0] == "CLOSED"
            assert one.state.engine.table(Table.BOOK)[2]["phase"] == Phase.CONTINUOUS
            assert await desk.look(2, 22, 1) == ("CLOSED", 0)
            assert (await desk.look(3, 8, 0))[0] == "CONTINUOUS"
            assert (await desk.look(3, 22, 30))[0] == "CLOSED"
            ends = [act for act in one.state.register.acts if act.method == "EndDay"]
            assert len(ends) == 3  # that of the day before the calendar was made, as a mark alone

    asyncio.run(go())


def test_a_random_end_is_drawn_once_within_its_bounds(tmp_path):
    async def go():
        clock = SetClock()
        clock.now = at(2, 6, 0)
        made = Calendar(time_zone="UTC", name="calendars/test", sessions=[
            session(8, 0, Phase.OPENING_AUCTION), session(9, 0, Phase.CONTINUOUS, 60)])  # fmt: skip
        async with sequencer(tmp_path, clock) as one:
            desk = await begin(one, clock, made)
            desk.keeper._random = SimpleNamespace(randrange=lambda most: 30 * NS)
            await desk.look(2, 8, 30)
            assert (await desk.look(2, 9, 0, 29))[0] == "OPENING_AUCTION"
            assert (await desk.look(2, 9, 0, 30))[0] == "CONTINUOUS"

    asyncio.run(go())
