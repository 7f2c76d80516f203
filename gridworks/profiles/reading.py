"""`load`: a profile by name, from a file of one's own, or from a mapping."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import InstrumentType, Reason
from domain.errors import InvalidField

NAMES = ("india", "us", "eu")
Settings = Mapping[str, int | str]

CLIENT = "client"  # a value of stp_group: the number of the client that the account belongs to
# what a control is about -> the attributes that it may set; None: anything, read by a monitor
_ATTRIBUTES = {
    "instrument": {a.name.lower() for a in InstrumentAttr},
    "account": {a.name.lower() for a in NodeAttr},
    "monitor": None,
    "command": set[str](),
}


@dataclass(frozen=True, slots=True)
class Control:
    """One rule of a jurisdiction.

    scope: "instrument" or "account" (settings of all of them, instruments of `types` only),
    "monitor" (parameters of a class in `monitors`), "command" (a command that people give).
    by_symbol: settings that win for symbols that begin so, the longest beginning counts.
    checks: names of the Reasons that show it.
    """

    id: str
    title: str
    scope: str
    settings: Settings
    checks: tuple[str, ...]
    source: str
    date: str
    note: str = ""
    types: tuple[str, ...] = ()
    by_symbol: Mapping[str, Settings] | None = None

    def for_symbol(self, symbol: str) -> Settings:
        """The settings of one instrument."""
        begun = [prefix for prefix in self.by_symbol or {} if symbol.startswith(prefix)]
        own = (self.by_symbol or {})[max(begun, key=len)] if begun else {}
        return {**self.settings, **own}


@dataclass(frozen=True, slots=True)
class Profile:
    """A jurisdiction: its controls by id, and what is known not to be enforced."""

    name: str
    title: str
    as_of: str
    currency: str
    controls: Mapping[str, Control]
    not_enforced: tuple[tuple[str, str], ...]

    def changed(self, changes: Mapping[str, Settings | None]) -> Profile:
        """With other settings of some controls (merged in), or without them (None)."""
        controls = dict(self.controls)
        for name, settings in changes.items():
            if name not in controls:
                raise InvalidField("control", name, ", ".join(self.controls))
            if settings is None:
                del controls[name]
                continue
            old = controls[name]
            new = replace(old, settings={**old.settings, **settings})
            if old.by_symbol is not None:  # a change is for all symbols
                kept = {s: {**own, **settings} for s, own in old.by_symbol.items()}
                new = replace(new, by_symbol=kept)
            _check(new)
            controls[name] = new
        return replace(self, controls=controls)


def load(source: str | Path | Mapping[str, Any]) -> Profile:
    """A profile: "india", "us", "eu"; a path of a JSON file; or its content.

    Raises InvalidField with the control and what is wrong with it.
    """
    if isinstance(source, Mapping):
        return _profile(source)
    if source in NAMES:
        text = files("gridworks.profiles").joinpath(f"{source}.json").read_text(encoding="utf-8")
    elif Path(source).suffix == ".json" and Path(source).exists():
        text = Path(source).read_text(encoding="utf-8")
    else:
        raise InvalidField("profile", str(source), f"{', '.join(NAMES)}, or a .json file")
    try:
        return _profile(json.loads(text))
    except json.JSONDecodeError as error:
        raise InvalidField("profile", str(error), "a JSON document") from error


def _profile(held: Mapping[str, Any]) -> Profile:
    controls: dict[str, Control] = {}
    for name in ("profile", "title", "as_of", "currency", "controls"):
        if name not in held:
            raise InvalidField("profile", f"no {name!r}", "profile, title, as_of, controls")
    for row in held["controls"]:
        control = _control(row)
        if control.id in controls:
            raise InvalidField("controls", control.id, "each id once")
        controls[control.id] = control
    missing = tuple((row["title"], row["why"]) for row in held.get("not_enforced", ()))
    head = (held["profile"], held["title"], held["as_of"], held["currency"])
    return Profile(*head, controls, missing)


def _control(row: Mapping[str, Any]) -> Control:
    try:
        made = Control(
            id=row["id"], title=row["title"], scope=row["scope"], settings=row["settings"],
            checks=tuple(row["checks"]), source=row["source"], date=row["date"],
            note=row.get("note", ""), types=tuple(row.get("types", ())),
            by_symbol=row.get("by_symbol"),
        )  # fmt: skip
        datetime.date.fromisoformat(made.date)
    except KeyError as error:
        name = row.get("id", "without an id")
        raise InvalidField(f"control {name}", f"no {error.args[0]!r}", "all fields") from error
    except ValueError as error:
        raise InvalidField(f"control {row['id']}: date", row["date"], "YYYY-MM-DD") from error
    _check(made)
    return made


def _check(control: Control) -> None:
    where = f"control {control.id}"
    if control.scope not in _ATTRIBUTES:
        raise InvalidField(f"{where}: scope", control.scope, ", ".join(_ATTRIBUTES))
    for name in control.checks:
        if name not in Reason.__members__:
            raise InvalidField(f"{where}: checks", name, "names of domain.codes.Reason")
    for kind in control.types:
        if kind not in InstrumentType.__members__:
            allowed = ", ".join(InstrumentType.__members__)
            raise InvalidField(f"{where}: types", kind, allowed)
    known = _ATTRIBUTES[control.scope]
    for settings in (control.settings, *(control.by_symbol or {}).values()):
        for name, value in settings.items():
            if known is not None and name not in known:
                raise InvalidField(f"{where}: settings", name, f"attributes of {control.scope}s")
            whole = isinstance(value, int) and not isinstance(value, bool)
            if not (whole or (name == "stp_group" and value == CLIENT)):
                raise InvalidField(f"{where}: {name}", value, "a whole number")
