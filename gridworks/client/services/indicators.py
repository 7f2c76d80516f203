"""Technical indicators: what there is, and their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Unpack

from gridworks.api.indicators.v1 import indicator_service_pb2 as api
from gridworks.client.faces import Items, M, call, pager, stream
from gridworks.client.plans import Plan
from gridworks.client.requests import under
from gridworks.client.service import Listing, Options, Remote
from gridworks.client.streams.bars import Live

Parameters = Mapping[str, float | str]


class Indicators(Remote[M]):
    """`client.indicators`. Values are floats in price units; a row without a value is NaN."""

    proto = api.DESCRIPTOR.services_by_name["IndicatorService"]

    @call
    def get_indicator(self, name: str, **options: Unpack[Options]) -> Plan[api.Indicator]:
        """An indicator of the catalogue."""
        return self._call("GetIndicator", api.Indicator, options, name=under("indicators", name))

    @pager
    def list_indicators(
        self, group: str = "", **options: Unpack[Listing]
    ) -> Items[api.Indicator]:
        """The catalogue, or one group of it."""
        return self._list(
            "ListIndicators", api.ListIndicatorsResponse, "indicators", options, group=group
        )

    @call
    def compute(
        self, name: str, columns: Mapping[str, Iterable[float]],
        parameters: Parameters | None = None, **options: Unpack[Options],
    ) -> Plan[api.ComputeIndicatorResponse]:  # fmt: skip
        """Values over columns of your own, such as {"close": [...]}."""
        sent = [{"name": key, "values": list(column)} for key, column in columns.items()]
        return self._call(
            "ComputeIndicator", api.ComputeIndicatorResponse, options,
            name=under("indicators", name), parameters=parameter_values(parameters),
            columns={"columns": sent},
        )  # fmt: skip

    @call
    def compute_on_bars(
        self, name: str, instrument: str, period: timedelta | float,
        parameters: Parameters | None = None, *, start_time: datetime | int | None = None,
        end_time: datetime | int | None = None, **options: Unpack[Options],
    ) -> Plan[api.ComputeIndicatorResponse]:  # fmt: skip
        """Values over the bars of an instrument; `times` are the starts of the bars."""
        bars = {
            "instrument": under("instruments", instrument), "period": period,
            "start_time": start_time, "end_time": end_time,
        }  # fmt: skip
        return self._call(
            "ComputeIndicator", api.ComputeIndicatorResponse, options,
            name=under("indicators", name), parameters=parameter_values(parameters), bars=bars,
        )  # fmt: skip

    @stream
    def subscribe(
        self, indicators: Sequence[Mapping[str, Any]], *, include_open: bool = False
    ) -> Items[api.SubscribeIndicatorsResponse]:
        """Values as bars close. Each line: name, instrument, period and, if wanted, parameters.

        Goes on by itself after a loss; each closed bar comes once.
        """
        lines = [
            {
                **line, "name": under("indicators", line.get("name")),
                "instrument": under("instruments", line.get("instrument")),
                "parameters": parameter_values(line.get("parameters")),
            }
            for line in indicators
        ]  # fmt: skip
        request = self._request(
            "SubscribeIndicators", {}, {"indicators": lines, "include_open": include_open}
        )
        return self._follow(lambda: Live(self._path("SubscribeIndicators"), request))


def parameter_values(parameters: Parameters | None) -> dict[str, Any]:
    """Numbers and choices as the wire wants them."""
    return {
        name: {"choice": value} if isinstance(value, str) else {"number": value}
        for name, value in (parameters or {}).items()
    }
