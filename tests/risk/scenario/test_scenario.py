"""Scenario margin against the obvious reference, order by order, and its laws."""

from __future__ import annotations

import numpy as np
import pytest

from domain.errors import InvalidField
from risk.scenario import PARTS, Incremental, Position, Scenario, example
from tests.risk.scenario.markets import drawn
from tests.risk.scenario.reference import margin_parts

pytestmark = pytest.mark.nojit


def _seeds(count: int) -> list[object]:
    """Seeds; only the first runs uncompiled, where pricing the options takes seconds."""
    return [0, *(pytest.param(seed, marks=pytest.mark.compiled) for seed in range(1, count))]


def _positions(draw: np.random.Generator, count: int, pending: bool) -> dict[int, tuple[int, ...]]:
    rows = draw.choice(count, int(draw.integers(1, 8)), replace=False)
    most = 12 if pending else 1
    return {
        int(row): (int(draw.integers(-20, 21)), *map(int, draw.integers(0, most, 2)))
        for row in rows
    }


@pytest.mark.parametrize("seed", _seeds(12))
def test_the_kernels_agree_with_the_reference(seed: int) -> None:
    model, draw = Scenario(drawn(seed)), np.random.default_rng(seed)
    accounts = [_positions(draw, len(model.tables.place), at % 2 == 1) for at in range(40)]
    rows = [(row, *p) for account in accounts for row, p in account.items()]
    bounds = np.cumsum([0] + [len(account) for account in accounts])
    found = model.margins(bounds, *np.array(rows, np.int64).T)
    for account, parts in zip(accounts, found.tolist(), strict=True):
        assert parts == margin_parts(model, account), account


@pytest.mark.parametrize("seed", _seeds(6))
def test_after_each_order_the_margin_is_that_worked_out_anew(seed: int) -> None:
    model, draw = Scenario(drawn(seed)), np.random.default_rng(100 + seed)
    names = list(model.tables.place)
    account, book = Incremental(model), {row: [0, 0, 0] for row in range(len(names))}
    for _ in range(60):
        row, kind = int(draw.integers(len(names))), int(draw.integers(3))
        change = [0, 0, 0]
        change[kind] = int(draw.integers(-9, 10)) if kind == 0 else int(draw.integers(1, 9))
        if kind and draw.random() < 0.5:
            change[kind] = -int(draw.integers(0, book[row][kind] + 1))
        before, asked = account.total, account.what_if(names[row], *change)
        assert account.total == before
        book[row] = [a + b for a, b in zip(book[row], change, strict=True)]
        assert account.change(names[row], *change) == before + asked
        wanted = margin_parts(model, {r: tuple(p) for r, p in book.items()})
        assert account.parts == dict(zip(PARTS, wanted, strict=True))
        assert account.position(names[row]) == Position(names[row], *book[row])
    changes = [(row, 0, 3, 0) for row in range(len(names))]
    each = account.what_if_each(changes)
    assert each.tolist() == [account.what_if(names[row], 0, 3, 0) for row in range(len(names))]


@pytest.mark.compiled
@pytest.mark.parametrize("seed", range(4))
def test_pending_orders_count_at_their_worst(seed: int) -> None:
    """Whichever of them are filled, scan risk, minimum and exposure were covered before."""
    data = drawn(seed)
    model, draw = Scenario({**data, "credits": []}), np.random.default_rng(seed)
    names = list(model.tables.place)
    held = _positions(draw, len(names), True)
    pending = model.margin([Position(names[r], *p) for r, p in held.items()])
    for _ in range(30):
        filled = []
        for row, (quantity, buys, sells) in held.items():
            bought, sold = (int(draw.integers(0, most + 1)) for most in (buys, sells))
            filled.append(Position(names[row], quantity + bought - sold))
        after = model.margin(filled)
        assert after.parts["scan_risk"] <= pending.parts["scan_risk"]
        assert after.parts["exposure"] <= pending.parts["exposure"]


@pytest.mark.compiled
def test_laws() -> None:
    """A hedge never costs more than both alone; larger is dearer; twice the lots, twice as much."""
    model, draw = Scenario(example("index_options")), np.random.default_rng(3)
    names = list(model.tables.place)

    def margin(lots: np.ndarray) -> int:
        return model.margin(dict(zip(names, lots.tolist(), strict=True))).initial

    for _ in range(40):
        one, hedge = draw.integers(-9, 10, (2, len(names)))
        assert margin(one + hedge) <= margin(one) + margin(hedge)
        single = np.zeros(len(names), np.int64)
        at = int(draw.integers(len(names)))
        single[at] = one[at]
        assert margin(2 * single) >= margin(single)
        assert margin(3 * one) == pytest.approx(3 * margin(one), abs=20)
        assert margin(one) >= 0


def test_groups_add_up_to_the_account_but_for_option_value() -> None:
    model = Scenario(example("index_futures"))
    found = model.margin({"NIFTY-JUN": 4, "NIFTY-JUL": -1, "BANKNIFTY-JUN": -2})
    for part in PARTS:
        assert found.parts[part] == sum(group[part] for group in found.groups.values())
    assert set(found.groups) == {"NIFTY", "BANKNIFTY"}
    assert found.parts["inter_commodity_credit"] < 0


@pytest.mark.compiled
def test_an_american_option_is_priced_as_one() -> None:
    data = drawn(1)
    for contract in data["contracts"]:
        contract.update(exercise="american", rate=0.1)
    early = Scenario(data)
    for contract in data["contracts"]:
        contract["exercise"] = "european"
    late = Scenario(data)
    name = "RICE-2026-08-31-put"
    one, two = (model.margin({name: -1}).parts["scan_risk"] for model in (early, late))
    assert two < one < 1.1 * two


def _with(**changes: object) -> dict[str, object]:
    option = {"name": "X", "commodity": "C", "kind": "OPTION", "right": "call", "strike": 100,
              "price": 4, "underlying_price": 100, "volatility": 0.2, "expiry": "2026-07-01",
              **changes}  # fmt: skip
    commodity = {"name": "C", "price_scan": 10, "volatility_scan": 0.05}
    return {"date": "2026-06-01", "commodities": [commodity], "contracts": [option]}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"expiry": "2026-05-31"}, r"contracts\[X\].expiry"),
        ({"expiry": "2026-06-01"}, r"contracts\[X\].expiry"),
        ({"expiry": ""}, r"contracts\[X\].expiry"),
        ({"expiry": "2026-05-31", "delta": 1, "risk_array": [0] * 16}, r"contracts\[X\].expiry"),
        ({"kind": "FUTURE", "expiry": "2026-05-31"}, r"contracts\[X\].expiry"),
        ({"kind": "EQUITY", "price": -1}, r"contracts\[X\].price"),
        ({"volatility": -0.1}, r"contracts\[X\].volatility"),
        ({"volatility": float("nan")}, r"contracts\[X\].volatility"),
        ({"price": -1}, r"contracts\[X\].price"),
        ({"price": float("inf")}, r"contracts\[X\].price"),
        ({"volatility": 0, "price": 101}, r"contracts\[X\].price"),
        ({"underlying_price": 0}, r"contracts\[X\].underlying_price"),
        ({"strike": 0}, r"contracts\[X\].strike"),
        ({"commodity": "D"}, r"contracts\[X\].commodity"),
        ({"right": "straddle"}, r"contracts\[X\].right"),
        ({"strkie": 3}, r"contracts\[X\].strkie"),
        ({"risk_array": [1, 2]}, r"contracts\[X\].risk_array"),
        ({"multiplier": 1e15, "price": 99}, r"contracts\[X\]"),
    ],
)
def test_bad_parameters_name_the_contract(changes: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidField, match=field):
        Scenario(_with(**changes))


@pytest.mark.compiled
def test_a_volatility_of_0_is_implied_by_the_price() -> None:
    from risk.options import black_scholes_price

    years = 30 / 365
    price = float(black_scholes_price("call", 100, 100, years, 0.0, 0.2))
    given, implied = (Scenario(_with(price=price, volatility=v)) for v in (0.2, 0.0))
    assert given.margin({"X": -1}) == implied.margin({"X": -1})


def test_what_is_there_may_be_nothing_or_a_price_below_zero() -> None:
    import pandas as pd

    model = Scenario(_with(kind="FUTURE", price=-37.63))
    assert model.margin({}).initial == 0
    assert model.margin(pd.Series({"X": -2})).parts["scan_risk"] == 2000
    assert model.margins([0, 0], np.zeros(0, int), np.zeros(0, int)).sum() == 0
    assert Scenario({"date": "2026-06-01"}).margin([]).rows()[0] == ("initial", 0)


@pytest.mark.parametrize(
    ("positions", "field"),
    [
        ([Position("Y", 1)], "position Y"),
        ([Position("X", 1), Position("X", 2)], "position X"),
        ([Position("X", 2**39)], "position X"),
    ],
)
def test_bad_positions_are_named(positions: list[Position], field: str) -> None:
    model = Scenario(_with(price=99_999_999, underlying_price=1e9, strike=1))
    with pytest.raises(InvalidField, match=field):
        model.margin(positions)


@pytest.mark.parametrize(
    "fields",
    [{"quantity": 1.5}, {"quantity": float("nan")}, {"open_buy": -1}, {"open_sell": 2**41},
     {"leverage": 0}, {"premium_due": float("inf")}],
)  # fmt: skip
def test_a_position_checks_itself(fields: dict[str, float]) -> None:
    with pytest.raises(InvalidField, match="position X"):
        Position("X", **fields)  # type: ignore[arg-type]


def test_bad_batches() -> None:
    model = Scenario(example("index_futures"))
    for arguments in (
        ([0, 2], [0], [1]), ([1], [0], [1]), ([0, 1], [99], [1]), ([0, 1], [0], [1.5]),
        ([0, 1], [0.0], [1]), ([0, 1], [0], [1], [-1]), ([0, 1], [0], [2**42]),
    ):  # fmt: skip
        with pytest.raises(InvalidField):
            model.margins(*arguments)
    with pytest.raises(InvalidField, match="contract"):
        model.places(["NIFTY-SEP"])
    account = Incremental(model, {"NIFTY-JUN": 1})
    for row in ([[0, 0, -1, 0]], [[99, 0, 0, 0]], [[0, 2**39, 0, 0]], [0]):
        with pytest.raises(InvalidField):
            account.what_if_each(row)
    with pytest.raises(InvalidField):
        account.change("NIFTY-JUN", open_buy=-1)
    with pytest.raises(InvalidField, match="position GOLD"):
        account.change("GOLD", 1)
    assert account.what_if_each(np.zeros((0, 4), int)).tolist() == []
    assert account.total == model.margin({"NIFTY-JUN": 1}).maintenance
