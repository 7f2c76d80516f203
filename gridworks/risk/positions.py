"""Positions of people become arrays by label, or an error that names the position."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from domain.errors import InvalidField
from risk.options.inputs import BOUNDS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Table = pd.DataFrame | Mapping[str, Any] | Iterable[Mapping[str, Any]]

# type -> (is it an option, is its underlying a future)
TYPES = {
    "equity": (False, False), "fx": (False, False), "crypto": (False, False),
    "future": (False, True), "option": (True, False), "future_option": (True, True),
}  # fmt: skip
DAYS = 365.0  # of a year, for options
_NUMBERS = {
    "quantity": None, "multiplier": 1.0, "strike": np.nan, "time": np.nan, "rate": np.nan,
    "dividend_yield": 0.0, "volatility": np.nan, "price": np.nan,
}  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Positions:
    """Positions in columns, one value each; numbers about options are 0 for what is none."""

    labels: list[str]
    types: list[str]
    underlying: list[str]
    quantity: Floats
    multiplier: Floats
    is_option: Flags
    is_future: Flags  # itself or what an option is on: no money is paid for it
    kind: list[str]  # "call" or "put"
    american: Flags
    strike: Floats
    time: Floats  # years to expiry
    rate: Floats
    dividend_yield: Floats
    volatility: Floats  # NaN: to be implied by `price`
    price: Floats  # of the option, where the table has one; else NaN
    size: Floats = field(init=False)  # quantity times multiplier

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", self.quantity * self.multiplier)

    def __len__(self) -> int:
        return len(self.labels)

    def owners(self) -> dict[str, str]:
        """Underlying -> how an error calls the first position in it; in order of positions."""
        named: dict[str, str] = {}
        for label, underlying in zip(self.labels, self.underlying, strict=True):
            named.setdefault(underlying, f"positions[{label!r}]")
        return named


def place(label: str, column: str) -> str:
    """How an error calls a value of a position."""
    return f"positions[{label!r}].{column}"


def positions_of(table: Table, today: pd.Timestamp | None, rate: float) -> Positions:
    """A table of positions, checked.

    Columns: `position` (its name; else the index of a frame, else underlying and number), `type`
    (default equity, with a `strike` option), `underlying` (default: the name), `quantity`,
    `multiplier` (1). Options also: `kind` (call, put), `strike`, `expiry` (a date) or `time`
    (years), `volatility` or `price`, `rate` (the portfolio's), `dividend_yield` (0), `style`
    (european, american).
    """
    frame = table if isinstance(table, pd.DataFrame) else pd.DataFrame(
        table if isinstance(table, Mapping) else list(table)
    )  # fmt: skip
    if frame.empty:
        raise InvalidField("positions", "none", "at least one position")
    labels = _labels(frame)
    numbers = {name: _numbers(frame, labels, name, least) for name, least in _NUMBERS.items()}
    struck = np.isfinite(numbers["strike"])
    types = _words(frame, "type", ["option" if s else "equity" for s in struck])
    kinds, styles = (_words(frame, name, [""] * len(frame)) for name in ("kind", "style"))
    underlying = [str(u) for u in _texts(frame, "underlying", labels)]
    for at, label in enumerate(labels):
        _one_of(place(label, "type"), types[at], tuple(TYPES))
        if TYPES[types[at]][0]:
            kinds[at] = {"c": "call", "p": "put"}.get(kinds[at], kinds[at])
            _one_of(place(label, "kind"), kinds[at], ("call", "put"))
            _one_of(place(label, "style"), styles[at], ("", "european", "american"))
    is_option = np.array([TYPES[t][0] for t in types])
    is_future = np.array([TYPES[t][1] for t in types])
    rates = np.where(np.isnan(numbers["rate"]), rate, numbers["rate"])
    american = np.array([s == "american" for s in styles]) & is_option
    _within_bounds(labels, is_option, {**numbers, "rate": rates}, american)
    carry = np.where(is_future, rates, numbers["dividend_yield"])  # a future costs nothing to hold
    return Positions(
        labels, types, underlying, numbers["quantity"], numbers["multiplier"], is_option,
        is_future, kinds, american,
        _strikes(labels, is_option, numbers["strike"]),
        _times(frame, labels, is_option, numbers["time"], today),
        rates, carry, _volatilities(labels, is_option, numbers), numbers["price"],
    )  # fmt: skip


def _labels(frame: pd.DataFrame) -> list[str]:
    if "position" in frame.columns:
        labels = [str(name) for name in frame["position"]]
    elif not isinstance(frame.index, pd.RangeIndex):
        labels = [str(name) for name in frame.index]
    elif "underlying" in frame.columns:
        labels = [f"{name} {at + 1}" for at, name in enumerate(frame["underlying"])]
    else:
        raise InvalidField("positions", "no column 'position' and no 'underlying'", "one of them")
    again = pd.Index(labels).duplicated()
    if again.any():
        raise InvalidField("positions", labels[int(np.argmax(again))], "a name for each position")
    return labels


def _texts(frame: pd.DataFrame, name: str, default: list[str]) -> list[str]:
    if name not in frame.columns:
        return list(default)
    given = frame[name].tolist()
    return [d if v is None or v != v else str(v) for v, d in zip(given, default, strict=True)]


def _words(frame: pd.DataFrame, name: str, default: list[str]) -> list[str]:
    return [text.strip().lower() for text in _texts(frame, name, default)]


def _one_of(where: str, word: str, allowed: tuple[str, ...]) -> None:
    if word not in allowed:
        raise InvalidField(where, word, ", ".join(name for name in allowed if name))


def _numbers(
    frame: pd.DataFrame, labels: list[str], name: str, default: float | None
) -> Floats:
    """A column of numbers. NaN is allowed only where the column has a default."""
    if name not in frame.columns:
        if default is None:
            raise InvalidField("positions", f"no column {name!r}", "quantity for each position")
        return np.full(len(frame), default)
    try:
        found = np.asarray(pd.to_numeric(frame[name]), np.float64).copy()
    except (TypeError, ValueError) as error:
        bad = pd.to_numeric(frame[name], errors="coerce").isna() & frame[name].notna()
        at = int(np.argmax(bad.to_numpy()))
        where = place(labels[at], name)
        raise InvalidField(where, frame[name].iloc[at], "a finite number") from error
    gaps = np.isnan(found)
    if default is not None:
        found[gaps] = default
        gaps[:] = False
    wrong = np.flatnonzero(gaps | np.isinf(found))
    if len(wrong):
        at = int(wrong[0])
        raise InvalidField(place(labels[at], name), float(found[at]), "a finite number")
    return found


def _strikes(labels: list[str], is_option: Flags, strike: Floats) -> Floats:
    for at in np.flatnonzero(is_option & ~(strike > 0.0)):
        raise InvalidField(place(labels[at], "strike"), float(strike[at]), "a number above 0")
    return np.where(is_option, strike, 0.0)


def _times(
    frame: pd.DataFrame, labels: list[str], is_option: Flags, time: Floats,
    today: pd.Timestamp | None,
) -> Floats:  # fmt: skip
    """Years to expiry of options, out of `time` or else `expiry`."""
    found = np.where(is_option, time, 0.0)
    given = frame["expiry"].tolist() if "expiry" in frame.columns else [None] * len(frame)
    for at in np.flatnonzero(is_option):
        if np.isnan(found[at]):
            found[at] = _years(place(labels[at], "expiry"), given[at], today)
        elif not found[at] > 0.0:
            raise InvalidField(place(labels[at], "time"), float(found[at]), "years above 0")
    return found


def _years(where: str, given: Any, today: pd.Timestamp | None) -> float:
    if today is None:
        raise InvalidField(where, given, "a `time` in years, where neither prices nor today date")
    allowed = f"a date after {today:%Y-%m-%d}"
    if given is None or given != given:
        raise InvalidField(where, "missing", f"{allowed}, or a `time` in years")
    try:
        expiry = pd.Timestamp(given).tz_localize(None)
    except (TypeError, ValueError) as error:
        raise InvalidField(where, given, allowed) from error
    if not expiry > today:
        raise InvalidField(where, f"{expiry:%Y-%m-%d}, expired", allowed)
    return float((expiry - today) / pd.Timedelta(days=DAYS))


def _within_bounds(
    labels: list[str], is_option: Flags, numbers: dict[str, Floats], american: Flags
) -> None:
    """What pricing would refuse is refused by the name of its position; NaN is for others."""
    for name in ("rate", "dividend_yield", "volatility", "time"):
        least, most, allowed = BOUNDS[name]
        for at in np.flatnonzero(is_option & ~np.isnan(numbers[name])):
            if not least <= numbers[name][at] <= most:
                raise InvalidField(place(labels[at], name), float(numbers[name][at]), allowed)
    for at in np.flatnonzero(american & (numbers["rate"] < 0.0)):
        rate = float(numbers["rate"][at])
        raise InvalidField(place(labels[at], "rate"), rate, "0 or more for an American option")
    for at in np.flatnonzero(~(numbers["multiplier"] > 0.0)):
        where = place(labels[at], "multiplier")
        raise InvalidField(where, float(numbers["multiplier"][at]), "a number above 0")


def _volatilities(labels: list[str], is_option: Flags, numbers: dict[str, Floats]) -> Floats:
    sigma, price = numbers["volatility"], numbers["price"]
    for at in np.flatnonzero(is_option):
        if np.isnan(sigma[at]) and np.isnan(price[at]):
            where = place(labels[at], "volatility")
            raise InvalidField(where, "missing", "a volatility above 0, or a price of the option")
        if sigma[at] <= 0.0:
            where = place(labels[at], "volatility")
            raise InvalidField(where, float(sigma[at]), "a fraction a year above 0")
    return np.where(is_option, sigma, 0.0)
