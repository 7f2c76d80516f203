"""SetMarginParameters: a file of scenario parameters becomes commands, all or nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.attributes import InstrumentAttr
from domain.codes import MarginModel
from domain.errors import InvalidField
from domain.layout import REPORT
from domain.tables import Table
from risk.scenario import Scenario, read_json, read_span
from risk.scenario.commands import rows_in_force
from server.codec.people.executions import refusal_of
from server.sequencer.answers import Answer
from server.sequencer.rows import WIDTH
from server.services.acts import Acts
from server.services.core import Core

_ACT, _TARGET = "SetMarginParameters", "market"
_PART = 8_192 * WIDTH  # bytes of one call's commands: a large set is prepared in several


class MarginDesk:
    """Puts parameters of scenario margin in force; one set at a time is prepared."""

    def __init__(self, core: Core, acts: Acts) -> None:
        self._core, self._acts, self._one = core, acts, asyncio.Lock()

    async def put(self, request: Any) -> Answer:
        """The answer to the commands that put them in force.

        Raises InvalidField for what is wrong with the file, with the contracts, or with both as the
        exchange sees them; then nothing has changed.
        """
        model = await asyncio.to_thread(_model, request.parameters)
        contracts = self._numbers(request.contracts, model.parameters.decimals)
        data = rows_in_force(model, contracts).tobytes()
        async with self._one:
            for row in self._acts.trial.reports(data):
                if row["reason"]:
                    raise InvalidField("parameters", "a set", f"not one {refusal_of(row).text}")
            if request.validate_only:
                return Answer(np.zeros(0, REPORT), 0, self._core.sequencer.clock())
            last = (len(data) - 1) // _PART * _PART
            early = type(request)(reason=request.reason)
            for begin in range(0, last, _PART):
                await self._acts.apply(early, data[begin : begin + _PART], _ACT, _TARGET)
            return await self._acts.apply(request, data[last:], _ACT, _TARGET)

    def _numbers(self, contracts: Mapping[str, str], decimals: int) -> dict[int, str]:
        """Numbers of instruments. Raises InvalidField, NotFound."""
        found = {}
        for symbol, contract in contracts.items():
            where = f"contracts[{symbol}]"
            scale = self._core.known.instrument(where, f"instruments/{symbol}")
            if scale.digits != decimals:
                allowed = f"parameters with {scale.digits} decimals, as the instrument's currency"
                raise InvalidField(where, f"{decimals} decimals", allowed)
            found[scale.number] = contract
        models = self._core.state.engine.table(Table.INSTRUMENT)[:, InstrumentAttr.MARGIN_MODEL]
        for number in np.flatnonzero(models == MarginModel.SCENARIO).tolist():
            if number not in found:
                absent = f"none for {self._core.known.scales[number].symbol}"
                raise InvalidField("contracts", absent, "one for each SCENARIO instrument")
        return found


def _model(data: bytes) -> Scenario:
    """Parameters from JSON or XML. Raises InvalidField."""
    if not data:
        raise InvalidField("parameters", "", "JSON as docs/margin.md has it, or SPAN XML")
    if data.lstrip()[:1] == b"<":
        return Scenario(read_span(data))
    return Scenario(read_json(data))
