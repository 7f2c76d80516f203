"""Any margin model from JSON: the field `model` says which."""

from __future__ import annotations

from typing import Any

from risk.scenario.facts import Contract, Model, contract_of
from risk.scenario.fields import Fields
from risk.scenario.models.crypto import Crypto, NotionalTier
from risk.scenario.models.equities import ValueAtRiskExtremeLoss
from risk.scenario.models.per_lot import LotRate, PerLot
from risk.scenario.models.price_moves import PriceClass, PriceMoves
from risk.scenario.models.regulation_t import Rates, RegulationT
from risk.scenario.parameters import parameters_of
from risk.scenario.readers.text import Source, json_of, read_contracts
from risk.scenario.span import Scenario

MODELS = ("scenario", "var_elm", "regulation_t", "price_moves", "per_lot", "crypto")
Contracts = tuple[Contract, ...]


def model_of(data: Any, contracts: Contracts = ()) -> Model:
    """A model from the data of its JSON, with `contracts` besides those that it lists.

    Raises InvalidField with the path of the first value that is not allowed.
    """
    row = Fields("", data)
    kind = row.choice("model", MODELS, "scenario")
    if kind == "scenario":
        return Scenario(parameters_of(data, contracts))
    row.text("name", "")
    decimals = row.whole("decimals", 2, most=12)
    if kind == "per_lot":
        rates = dict(row.rows("rates", _history))
        date, currency = row.day("date"), row.text("currency", "USD")
        row.done()
        return PerLot(rates, date, decimals, currency)
    contracts = (*row.rows("contracts", contract_of), *contracts)
    made = _with_contracts(kind, row, contracts, decimals)
    row.done()
    return made


def _with_contracts(kind: str, row: Fields, contracts: Contracts, decimals: int) -> Model:
    if kind == "var_elm":
        return ValueAtRiskExtremeLoss(contracts, decimals, row.text("currency", "INR"))
    if kind == "regulation_t":
        given = row.rows("indices", lambda item: item.text("name"))
        rates = row.rows("rates", _rates)
        return RegulationT(contracts, rates[0] if rates else None, given, decimals)
    if kind == "price_moves":
        classes, minimum = row.rows("classes", _class), row.number("minimum", 0.375)
        return PriceMoves(contracts, classes, row.day("date"), minimum, decimals)
    tiers = dict(row.rows("tiers", _tiers))
    mode = row.choice("mode", ("cross", "isolated"), "cross")
    return Crypto(contracts, tiers, mode, decimals, row.text("currency", "USDT"))


def _rates(row: Fields) -> Rates:
    fixed = Rates()
    return Rates(**{name: row.number(name, getattr(fixed, name)) for name in Rates.__slots__})


def _class(row: Fields) -> PriceClass:
    return PriceClass(
        row.text("name"), row.number("down", 15.0), row.number("up", 15.0), row.text("group", ""),
        row.number("offset", 0.0),
    )  # fmt: skip


def _history(row: Fields) -> tuple[str, tuple[LotRate, ...]]:
    return row.text("name"), row.rows("history", _lot_rate)


def _lot_rate(row: Fields) -> LotRate:
    return LotRate(row.day("date"), row.number("initial"), row.number("maintenance"))


def _tiers(row: Fields) -> tuple[str, tuple[NotionalTier, ...]]:
    return row.text("name"), row.rows("tiers", _tier)


def _tier(row: Fields) -> NotionalTier:
    return NotionalTier(
        row.number("notional", 0.0), row.number("leverage"), row.number("maintenance_percent")
    )


def read_model(source: Source, contracts: Source | None = None) -> Model:
    """A model from JSON (docs/margin.md), and from CSV those contracts that it does not list."""
    return model_of(json_of(source), () if contracts is None else read_contracts(contracts))
