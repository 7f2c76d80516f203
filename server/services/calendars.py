"""Calendars as the notes of the log keep them: read, changed, and whose instruments they move."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict, ParseDict

from domain.errors import InvalidField, NotFound
from gridworks.api.admin.v1 import admin_service_pb2 as api
from gridworks.api.admin.v1 import resources_pb2 as resources
from server.codec.people.decimals import timestamp
from server.codec.people.names import masked, segments
from server.schedule import plan
from server.services.acts import Acts
from server.services.core import Core, page
from server.services.views import phase_on_wire

FIELDS = ("display_name", "time_zone", "holidays", "sessions", "special_days", "end_of_day")
MOST = 1_000


class Calendars:
    """The calendars of one exchange."""

    def __init__(self, core: Core, acts: Acts) -> None:
        self._core, self._acts = core, acts

    def require(self, path: str, name: str) -> None:
        """Raises InvalidField, NotFound unless there is a calendar of this name."""
        segments(path, name, "calendars/*")
        if name not in self._core.state.register.calendars:
            raise NotFound("calendar", name)

    def parsed(self, name: str) -> Any:
        """A Calendar."""
        return ParseDict(self._core.state.register.calendars[name], resources.Calendar())

    def instruments(self, name: str) -> Iterator[str]:
        """The symbols of a calendar's instruments."""
        for target, told in self._core.state.register.about.items():
            kind, _, symbol = target.partition("/")
            if kind == "instruments" and told.get("calendar") == name:
                yield symbol

    def get(self, request: Any) -> Any:
        """GetCalendar."""
        self.require("name", request.name)
        return self.parsed(request.name)

    def listed(self, request: Any) -> Any:
        """ListCalendars, by name."""
        names = sorted(self._core.state.register.calendars)
        found, token = page(enumerate(names, 1), request)
        shown = [self.parsed(name) for name in found]
        return api.ListCalendarsResponse(calendars=shown, next_page_token=token)

    async def update(self, request: Any) -> Any:
        """UpdateCalendar. Raises InvalidField, NotFound."""
        sent, known = request.calendar, self._core.state.register.calendars
        segments("calendar.name", sent.name, "calendars/*")
        if sent.name not in known and not request.allow_missing:
            raise NotFound("calendar", sent.name)
        if sent.name not in known and len(known) >= MOST:
            raise InvalidField("calendar.name", sent.name, f"at most {MOST} calendars")
        made: Any = resources.Calendar(name=sent.name)
        if sent.name in known:
            made = self.parsed(sent.name)
        for name in masked("update_mask", sent, request.update_mask.paths, FIELDS):
            made.ClearField(name)
            made.MergeFrom(_only(sent, name))
        await asyncio.to_thread(plan.check, made)
        if made.HasField("end_of_day"):
            self._require_one_end(made.name)
        told = MessageToDict(made, preserving_proto_field_name=True)
        await self._acts.apply(request, b"", "UpdateCalendar", sent.name, calendar=told)
        return made

    def _require_one_end(self, name: str) -> None:
        """The day of the accounts ends for the whole exchange: once."""
        for other, told in self._core.state.register.calendars.items():
            if other != name and "end_of_day" in told:
                raise InvalidField(
                    "calendar.end_of_day", name, f"in one calendar of the exchange: {other} has it"
                )

    async def phases(self, request: Any) -> Any:
        """ListScheduledPhases."""
        self.require("parent", request.parent)
        calendar = self.parsed(request.parent)
        if request.HasField("date"):
            day = plan.day_of("date", request.date)
        else:
            here = plan.zone("time_zone", calendar.time_zone)
            now = self._core.sequencer.clock() / 1e9
            day = datetime.fromtimestamp(now, UTC).astimezone(here).date()
        planned = await asyncio.to_thread(plan.changes, calendar, day)
        shown = [_wire(change) for change in planned if change.phase is not None]
        found, token = page(enumerate(shown, 1), request)
        return api.ListScheduledPhasesResponse(scheduled_phases=found, next_page_token=token)


def _only(message: Any, name: str) -> Any:
    """A message with one of its fields."""
    found = type(message)()
    found.CopyFrom(message)
    for field, _ in message.ListFields():
        if field.name != name:
            found.ClearField(field.name)
    return found


def _wire(change: plan.Planned) -> Any:
    made: Any = resources.ScheduledPhase(start_time=timestamp(change.at))
    made.phase = phase_on_wire(int(change.phase or 0))
    if change.spread:
        made.random_end.CopyFrom(Duration(seconds=change.spread // 10**9,
                                          nanos=change.spread % 10**9))  # fmt: skip
    return made
