"""IndicatorService: the unary calls."""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np

from domain.errors import InvalidField
from gridworks.api.indicators.v1 import indicator_service_pb2 as api
from gridworks.api.indicators.v1.indicator_service_pb2_grpc import IndicatorServiceServicer
from indicators.registry import Row, rows
from indicators.tables import groups
from server.codec.people.decimals import nanoseconds
from server.services.core import Core, page
from server.services.market.bars import period_of
from server.studies.live import Studies
from server.studies.parameters import bar_columns, numbers_of, row_of, shown
from server.studies.worker import Job

Array = np.ndarray[Any, Any]
MOST_ROWS = 1_000_000


class Indicators(IndicatorServiceServicer):
    """What there is, and its values over columns and bars."""

    def __init__(self, core: Core, studies: Studies) -> None:
        self._core, self._studies = core, studies

    async def GetIndicator(self, request: Any, context: Any) -> Any:
        await asyncio.to_thread(rows)  # the first call imports the catalogue
        return shown(row_of("name", request.name))

    async def ListIndicators(self, request: Any, context: Any) -> Any:
        found = (await asyncio.to_thread(rows)).values()
        if request.group and request.group not in groups():
            raise InvalidField("group", request.group, ", ".join(groups()))
        wanted = [row for row in found if request.group in ("", row.group)]
        chosen, token = page(enumerate(wanted, 1), request)
        listed = [shown(row) for row in chosen]
        return api.ListIndicatorsResponse(indicators=listed, next_page_token=token)

    async def ComputeIndicator(self, request: Any, context: Any) -> Any:
        await asyncio.to_thread(rows)
        row = row_of("name", request.name)
        numbers = numbers_of(row, request.parameters)
        source, times = request.WhichOneof("source"), list[int]()
        if source == "columns":
            columns = _posted(row, request.columns)
        elif source == "bars":
            columns, times = self._bars(row, request.bars)
        else:
            raise InvalidField("source", "none", "bars or columns")
        self._require_room(row, len(columns[0]))
        [done] = await self._studies.computing.run([Job(row.name, numbers, columns)])
        made = api.ComputeIndicatorResponse(times=times)
        for name, values in zip(row.results, done.outputs, strict=True):
            made.outputs.add(name=name, values=values.tolist())
        return made

    def _require_room(self, row: Row, count: int) -> None:
        """The answer must fit into a message. Raises InvalidField."""
        most = self._core.settings.answer_bytes // (8 * len(row.results) + 16)
        if count > min(most, MOST_ROWS):
            raise InvalidField("source", f"{count} rows", f"at most {min(most, MOST_ROWS)} rows")

    def _bars(self, row: Row, wish: api.BarRange) -> tuple[tuple[Array, ...], list[int]]:
        scale = self._core.known.instrument("bars.instrument", wish.instrument)
        period = period_of("bars.period", wish.period)
        low = nanoseconds("bars.start_time", wish.start_time)
        ends = wish.HasField("end_time")
        high = nanoseconds("bars.end_time", wish.end_time) if ends else 2**63 - 1
        bars = self._core.bars.closed((scale.number, period), low)
        bars = bars[bars["start"] < high]
        return bar_columns(row, scale, bars, "name"), bars["start"].tolist()


def _posted(row: Row, sent: api.Columns) -> tuple[Array, ...]:
    """The columns of the caller, in the indicator's order. Raises InvalidField."""
    found, wanted = dict[str, Array](), ", ".join(row.columns)
    for at, column in enumerate(sent.columns):
        path = f"columns.columns[{at}]"
        if column.name not in row.columns or column.name in found:
            raise InvalidField(f"{path}.name", column.name, f"each of {wanted} once")
        found[column.name] = np.array(column.values, np.float64)
        if len(column.values) != len(sent.columns[0].values):
            size = len(sent.columns[0].values)
            raise InvalidField(f"{path}.values", f"{len(column.values)} rows", f"{size} rows")
    lost = [name for name in row.columns if name not in found]
    if lost:
        raise InvalidField("columns", ", ".join(found) or "none", f"also {', '.join(lost)}")
    return tuple(found[name] for name in row.columns)
