"""The sandbox: its clock, and accounts for a test. A live environment does not have it."""

from __future__ import annotations

from datetime import timedelta
from typing import Unpack

from gridworks.api.sandbox.v1 import sandbox_service_pb2 as api
from gridworks.client.faces import M, call
from gridworks.client.plans import Plan
from gridworks.client.requests import under
from gridworks.client.service import Mutation, Options, Remote


class Sandbox(Remote[M]):
    """`client.sandbox`."""

    proto = api.DESCRIPTOR.services_by_name["SandboxService"]

    @call
    def get_sandbox(self, **options: Unpack[Options]) -> Plan[api.Sandbox]:
        """The sandbox's clock, its market and its faucet."""
        return self._call("GetSandbox", api.Sandbox, options)

    @call
    def set_clock(self, speed: float, **options: Unpack[Mutation]) -> Plan[api.Sandbox]:
        """Let the clock run `speed` times as fast as ours."""
        return self._call("SetClock", api.Sandbox, options, speed=speed)

    @call
    def advance_clock(
        self, duration: timedelta | float, **options: Unpack[Mutation]
    ) -> Plan[api.Sandbox]:
        """Let so much time pass at once."""
        return self._call("AdvanceClock", api.Sandbox, options, duration=duration)

    @call
    def open_account(
        self, name: str, **options: Unpack[Mutation]
    ) -> Plan[api.OpenAccountResponse]:
        """Open an account with money of the faucet, or put it back to its beginning."""
        return self._call(
            "OpenAccount", api.OpenAccountResponse, options, name=under("accounts", name)
        )
