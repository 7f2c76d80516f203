"""Names and parameters of messages into rows of the registry and numbers, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from domain.errors import InvalidField, NotFound
from gridworks.api.indicators.v1 import indicator_service_pb2 as api
from indicators.registry import Param, Row, rows
from server.codec.people.decimals import Scale
from server.codec.people.names import segments

Array = np.ndarray[Any, Any]
OF_BARS = ("open", "high", "low", "close", "volume")
MOST_TEXT = 64


def row_of(field: str, name: str) -> Row:
    """The row of "indicators/{name}". Raises InvalidField, NotFound."""
    [found] = segments(field, name, "indicators/*")
    row = rows().get(found)
    if row is None:
        raise NotFound("indicator", name)
    return row


def numbers_of(
    row: Row, given: Mapping[str, api.ParameterValue], path: str = ""
) -> tuple[float, ...]:
    """The parameters as the kernel takes them, defaults filled in. Raises InvalidField."""
    known, values = {param.name: param for param in row.params}, dict[str, Any]()
    for name, value in given.items():
        field = f"{path}parameters[{name[:MOST_TEXT]}]"
        param = known.get(name)
        if param is None:
            allowed = ", ".join(known) or "no parameter"
            raise InvalidField(field, _plain(value), f"one of {row.name}'s parameters: {allowed}")
        plain = _plain(value)
        if isinstance(plain, str) != bool(param.choices):
            raise InvalidField(field, plain, _allowed(param))
        try:
            param.number(row.name, plain)
        except (TypeError, ValueError):
            raise InvalidField(field, plain, _allowed(param)) from None
        values[name] = plain
    try:
        return row.numbers(values)
    except ValueError as error:  # two that do not go together
        shown = ", ".join(f"{name} {value}" for name, value in values.items())
        raise InvalidField(f"{path}parameters", shown, str(error)) from None


def _plain(value: api.ParameterValue) -> float | str:
    return value.choice if value.WhichOneof("kind") == "choice" else value.number


def _allowed(param: Param) -> str:
    if param.choices:
        return ", ".join(param.choices)
    kind = "a whole number" if param.integer else "a number"
    return f"{kind} from {param.low:g} to {param.high:g}"


def shown(row: Row) -> api.Indicator:
    """A row of the registry as the catalogue shows it."""
    return api.Indicator(
        name=f"indicators/{row.name}", display_name=row.title, group=row.group,
        inputs=row.columns, outputs=row.results, warmup=row.lookback(), formula=row.formula,
        source=row.source, seeding=row.seeding, parameters=[_parameter(p) for p in row.params],
    )  # fmt: skip


def _parameter(param: Param) -> api.Parameter:
    made = api.Parameter(
        name=param.name, description=param.meaning, integer=param.integer, choices=param.choices
    )
    if isinstance(param.default, str):
        made.default_choice = param.default
    else:
        made.default_value = param.default
        made.min_value, made.max_value = param.low, param.high
    return made


def bar_columns(row: Row, scale: Scale, bars: Array, field: str) -> tuple[Array, ...]:
    """The columns that an indicator reads, out of bars. Raises InvalidField."""
    lost = [name for name in row.columns if name not in OF_BARS]
    if lost:
        allowed = f"an indicator that reads bars; {row.name} reads {', '.join(row.columns)}"
        raise InvalidField(field, f"indicators/{row.name}", allowed)
    return tuple(
        doubles(bars[name], scale.lot_size if name == "volume" else scale.tick_size)
        for name in row.columns
    )


def doubles(whole: Array, step: Any) -> Array:
    """Ticks or lots as doubles: each the nearest to the decimal, as its text would be read.

    (Up to 2 ** 53 units of the last decimal place: a product of whole numbers and one division by
    a power of ten, which is exact up to 10 ** 22.)
    """
    plain = step.normalize()
    places = max(-int(plain.as_tuple().exponent), 0)
    found: Array = (whole * float(plain.scaleb(places))) / 10.0**places
    return found
