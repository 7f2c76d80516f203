"""Administration: instruments, nodes, calendars, phases, the day, the log, the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date as Day
from datetime import datetime
from typing import Any, Unpack

from google.protobuf.message import Message

from gridworks.api.admin.v1 import admin_service_pb2 as api
from gridworks.api.admin.v1 import resources_pb2 as resources
from gridworks.api.risk.v1 import resources_pb2 as risk
from gridworks.api.types.v1 import instrument_pb2 as types
from gridworks.client.faces import Items, M, call, pager, stream
from gridworks.client.plans import Plan
from gridworks.client.requests import Code, Number, under
from gridworks.client.service import Listing, Mutation, Options, Remote


class Act(Mutation, total=False):
    """What every act of an operator takes; `reason` is kept in the audit log."""

    reason: str


class Admin(Remote[M]):
    """`client.admin`. A target is "market" or "instruments/{symbol}"."""

    proto = api.DESCRIPTOR.services_by_name["AdminService"]

    @call
    def create_instrument(
        self, symbol: str, tick_size: Number = "1", lot_size: Number = "1", *,
        settings: dict[str, Any] | None = None, **options: Unpack[Act],
    ) -> Plan[types.Instrument]:  # fmt: skip
        """Add an instrument; `settings` are further fields of Instrument. It is CLOSED at first."""
        made = {"symbol": symbol, "tick_size": tick_size, "lot_size": lot_size, **(settings or {})}
        return self._call("CreateInstrument", types.Instrument, options, instrument=made)

    @call
    def update_instrument(
        self, name: str, settings: dict[str, Any], *,
        update_mask: Iterable[str] | None = None, **options: Unpack[Act],
    ) -> Plan[types.Instrument]:  # fmt: skip
        """Change settings of an instrument."""
        made = {**settings, "name": under("instruments", name)}
        return self._call(
            "UpdateInstrument", types.Instrument, options, instrument=made, update_mask=update_mask
        )

    @call
    def create_node(
        self, node_id: str, level: Code, parent: str = "", *, display_name: str = "",
        currency_digits: int = 0, **options: Unpack[Act],
    ) -> Plan[risk.Node]:  # fmt: skip
        """Add an account, desk, client or firm: `level` says which."""
        made = {
            "level": level, "parent": under("nodes", parent), "display_name": display_name,
            "currency_digits": currency_digits,
        }  # fmt: skip
        return self._call("CreateNode", risk.Node, options, node_id=node_id, node=made)

    @call
    def create_algo(
        self, number: int, display_name: str = "", **options: Unpack[Act]
    ) -> Plan[resources.Algo]:
        """Make the number of an algorithm known."""
        made = {"number": number, "display_name": display_name}
        return self._call("CreateAlgo", resources.Algo, options, algo=made)

    # ------------------------------------------------------------------ calendars and phases

    @call
    def get_calendar(self, name: str, **options: Unpack[Options]) -> Plan[resources.Calendar]:
        """A calendar."""
        return self._call(
            "GetCalendar", resources.Calendar, options, name=under("calendars", name)
        )

    @pager
    def list_calendars(self, **options: Unpack[Listing]) -> Items[resources.Calendar]:
        """The calendars."""
        return self._list("ListCalendars", api.ListCalendarsResponse, "calendars", options)

    @call
    def update_calendar(
        self, calendar: dict[str, Any] | Message, *, update_mask: Iterable[str] | None = None,
        allow_missing: bool = False, **options: Unpack[Act],
    ) -> Plan[resources.Calendar]:  # fmt: skip
        """Change a calendar; with `allow_missing` add it if there is none of that name."""
        return self._call(
            "UpdateCalendar", resources.Calendar, options, calendar=calendar,
            update_mask=update_mask, allow_missing=allow_missing,
        )  # fmt: skip

    @pager
    def list_scheduled_phases(
        self, calendar: str, day: Day | None = None, **options: Unpack[Listing]
    ) -> Items[resources.ScheduledPhase]:
        """The phase changes of a day, as planned; without a day those of today."""
        wanted = day and {"year": day.year, "month": day.month, "day": day.day}
        return self._list(
            "ListScheduledPhases", api.ListScheduledPhasesResponse, "scheduled_phases", options,
            parent=under("calendars", calendar), date=wanted,
        )  # fmt: skip

    @call
    def set_margin_parameters(
        self, parameters: bytes | str, contracts: Mapping[str, str], **options: Unpack[Act]
    ) -> Plan[api.SetMarginParametersResponse]:
        """Put parameters of scenario margin in force: JSON of docs/margin.md, or SPAN XML.

        contracts: symbol of each instrument that they margin -> its contract.
        """
        data = parameters.encode() if isinstance(parameters, str) else parameters
        return self._call(
            "SetMarginParameters", api.SetMarginParametersResponse, options, parameters=data,
            contracts=contracts,
        )  # fmt: skip

    @call
    def set_phase(
        self, phase: Code, target: str = "market", **options: Unpack[Act]
    ) -> Plan[api.SetPhaseResponse]:
        """Move the market or an instrument to a phase, now."""
        return self._call(
            "SetPhase", api.SetPhaseResponse, options, target=_target(target), phase=phase
        )

    @call
    def halt_trading(
        self, target: str = "market", **options: Unpack[Act]
    ) -> Plan[api.HaltTradingResponse]:
        """Stop trading in the market or an instrument."""
        return self._call(
            "HaltTrading", api.HaltTradingResponse, options, target=_target(target)
        )

    @call
    def resume_trading(
        self, target: str = "market", *, phase: Code | None = None, **options: Unpack[Act]
    ) -> Plan[api.ResumeTradingResponse]:
        """Go on after a halt, in a phase or in the one before the halt."""
        return self._call(
            "ResumeTrading", api.ResumeTradingResponse, options, target=_target(target),
            phase=phase,
        )  # fmt: skip

    @call
    def uncross(self, target: str = "market", **options: Unpack[Act]) -> Plan[api.UncrossResponse]:
        """End the auction of the market or an instrument, now."""
        return self._call("Uncross", api.UncrossResponse, options, target=_target(target))

    @call
    def end_day(self, **options: Unpack[Act]) -> Plan[api.EndDayResponse]:
        """End the trading day: day orders expire, daily counters start again."""
        return self._call("EndDay", api.EndDayResponse, options)

    # ------------------------------------------------------------------ log, health, audit

    @call
    def create_snapshot(self, **options: Unpack[Act]) -> Plan[resources.Snapshot]:
        """Write a snapshot of the state into the log; tells the hash of the state."""
        return self._call("CreateSnapshot", resources.Snapshot, options)

    @pager
    def list_snapshots(self, **options: Unpack[Listing]) -> Items[resources.Snapshot]:
        """The snapshots, newest first."""
        return self._list("ListSnapshots", api.ListSnapshotsResponse, "snapshots", options)

    @stream
    def verify_log(
        self, *, begin_seq: int = 0, replay: bool = False
    ) -> Items[api.VerifyLogResponse]:
        """Read the whole log and check every hash, with progress; `done` marks the last message."""
        return self._stream(
            "VerifyLog", api.VerifyLogResponse, begin_seq=begin_seq, replay=replay
        )

    @call
    def get_system_status(self, **options: Unpack[Options]) -> Plan[resources.SystemStatus]:
        """How each part of the server is."""
        return self._call("GetSystemStatus", resources.SystemStatus, options)

    @pager
    def list_audit_entries(
        self, *, actor: str = "", method: str = "", start_time: datetime | int | None = None,
        end_time: datetime | int | None = None, **options: Unpack[Listing],
    ) -> Items[resources.AuditEntry]:  # fmt: skip
        """What operators did, newest first."""
        return self._list(
            "ListAuditEntries", api.ListAuditEntriesResponse, "audit_entries", options,
            actor=actor, method=method, start_time=start_time, end_time=end_time,
        )  # fmt: skip

    @call
    def reset_sandbox(
        self, seed: int = 0, **options: Unpack[Act]
    ) -> Plan[api.ResetSandboxResponse]:
        """Put a sandbox back to its beginning."""
        return self._call("ResetSandbox", api.ResetSandboxResponse, options, seed=seed)


def _target(name: str) -> Any:
    return name if name == "market" else under("instruments", name)
