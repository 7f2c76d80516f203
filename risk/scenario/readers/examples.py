"""Parameter sets that come with the package."""

from __future__ import annotations

from importlib.resources import files

from domain.errors import InvalidField
from risk.scenario.parameters import Parameters
from risk.scenario.readers.text import read_json

EXAMPLES = ("index_futures", "index_options")


def example(name: str) -> Parameters:
    """"index_futures" or "index_options": made-up parameters in the documented format."""
    if name not in EXAMPLES:
        raise InvalidField("example", name, ", ".join(EXAMPLES))
    folder = files("risk.scenario") / "data"
    contracts = folder / f"{name}.csv"
    given = contracts.read_text(encoding="utf-8") if contracts.is_file() else None
    return read_json((folder / f"{name}.json").read_text(encoding="utf-8"), given)
