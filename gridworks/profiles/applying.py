"""A profile becomes settings: SET commands for the instruments and accounts of an exchange."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Scope
from domain.errors import InvalidField
from domain.messages import Id, Setting
from gridworks.profiles.reading import CLIENT, Profile, Settings, load

if TYPE_CHECKING:
    import pandas as pd

    from gridworks.profiles.venue import Venue


def apply(
    exchange: Venue,
    profile: str | Path | Mapping[str, Any],
    only: Collection[Id] | None = None,
    changes: Mapping[str, Settings | None] | None = None,
) -> Profile:
    """Set all instruments and accounts, or those in `only`, to the limits of a jurisdiction.

    profile: "india", "us", "eu", or what `load` takes. changes: control -> settings that win, or
    None to leave it out. Gives the profile as applied; its monitors are yours to run.

    A margin model cannot change while an instrument has orders or positions: apply before trading.
    Raises InvalidField for an unknown control or attribute, and for a value that the exchange
    refuses (the first one is named; the others are set).
    """
    made = load(profile).changed(changes or {})
    wanted = settings(made, exchange.instruments(), exchange.accounts(), only)
    reports = exchange.send(*wanted) if wanted else []
    for report in reports:
        if report.refused:
            setting = wanted[report.seq - reports[0].seq]
            raise InvalidField(_named(setting), setting.value, report.explain())
    return made


def _named(setting: Setting) -> str:
    codes = InstrumentAttr if setting.scope == Scope.INSTRUMENT else NodeAttr
    return f"{codes(setting.attribute).name.lower()} of {setting.entity}"


def settings(
    profile: Profile,
    instruments: pd.DataFrame,
    accounts: pd.DataFrame,
    only: Collection[Id] | None = None,
) -> list[Setting]:
    """SET messages, in the order of controls.

    instruments, accounts: as `Exchange.instruments()` and `accounts()` give them; only: names or
    numbers of those to set; None: all.
    """
    found = []
    for control in profile.controls.values():
        if control.scope == "instrument":
            for symbol, kind in zip(instruments["instrument"], instruments["type"], strict=True):
                if kind in control.types and (only is None or symbol in only):
                    wanted = control.for_symbol(str(symbol))
                    found += _of(Scope.INSTRUMENT, symbol, InstrumentAttr, wanted)
        elif control.scope == "account":
            for at in range(len(accounts)):
                name, level = accounts["node"].iloc[at], accounts["level"].iloc[at]
                if level == "ACCOUNT" and (only is None or name in only):
                    wanted = {
                        key: _client(accounts, at) if value == CLIENT else value
                        for key, value in control.settings.items()
                    }
                    found += _of(Scope.NODE, name, NodeAttr, wanted)
    return found


def _of(
    scope: Scope, entity: Id, attributes: type[InstrumentAttr] | type[NodeAttr], wanted: Settings
) -> list[Setting]:
    return [
        Setting(scope=scope, entity=entity, attribute=attributes[name.upper()], value=int(value))
        for name, value in wanted.items()
    ]


def _client(accounts: pd.DataFrame, at: int) -> int:
    """The number of the client above an account, or its own. Nodes are numbered 1, 2, 3, ..."""
    names = accounts["node"].tolist()
    here = at
    while accounts["level"].iloc[here] != "CLIENT":
        parent = accounts["parent"].iloc[here]
        if parent not in names:
            return at + 1
        here = names.index(parent)
    return here + 1
