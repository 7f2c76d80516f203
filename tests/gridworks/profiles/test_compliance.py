"""docs/compliance.md says what the profiles say, and each test and check that it names exists."""

from __future__ import annotations

import json
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import gridworks as gw
from gridworks.profiles import table
from tests.gridworks.profiles.venue import Venue

PAGE = (Path(__file__).parents[3] / "docs" / "compliance.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| .* \(`(\w+)`\) \| .* \| (.*) \| `(test_\w+)` \| .+, \d{4}-\d\d-\d\d \|$", re.M
)


@pytest.mark.parametrize("name", gw.profiles.NAMES)
def test_the_page_has_each_control_with_a_check_and_a_test_that_exist(name: str) -> None:
    assert table.table(name) in PAGE, "python docs/make_compliance.py writes it again"
    tests = vars(import_module(f"tests.gridworks.profiles.test_{name}"))
    rows = [row for row in ROW.findall(PAGE) if row[2].startswith(f"test_{name}_")]
    assert [control for control, _, _ in rows] == list(gw.profiles.load(name).controls)
    for _, checks, test in rows:
        assert callable(tests[test])
        reasons = re.findall(r"`(\w+)`", checks)
        assert reasons
        assert all(reason in gw.Reason.__members__ for reason in reasons)


@pytest.mark.parametrize("name", gw.profiles.NAMES)
def test_a_whole_profile_can_be_applied_and_leaves_room_to_trade(name: str) -> None:
    venue = Venue(name)
    side = "BUY"
    assert venue.reason(side, 10, 10_000, algo_id=1) == "NONE"
    assert set(venue.profile.controls) == set(gw.profiles.load(name).controls)


def test_values_can_be_changed_and_accounts_left_alone() -> None:
    venue = Venue("india", keep=("order_rate",))
    venue.exchange.apply_profile("india", only=["alice"], order_rate={"order_burst": 2},
                                 **{n: None for n in gw.profiles.load("india").controls
                                    if n != "order_rate"})  # fmt: skip
    assert [venue.reason("BUY", 1, 9_000) for _ in range(3)][1:] == ["NONE", "ORDER_RATE"]
    others = [venue.reason("BUY", 1, 9_000, who="alice-2") for _ in range(10)]
    assert set(others) == {"NONE"}


def test_a_change_wins_over_values_by_symbol() -> None:
    changed = gw.profiles.load("india").changed({"freeze_quantity": {"freeze_qty": 5}})
    control = changed.controls["freeze_quantity"]
    assert dict(control.for_symbol("NIFTY-FUT")) == {"freeze_qty": 5}
    longest = gw.profiles.load("india").controls["freeze_quantity"].for_symbol("NIFTYNXT50-FUT")
    assert longest == {"freeze_qty": 600}


def edited(**fields: Any) -> dict[str, Any]:
    text = (Path(gw.profiles.__file__).parent / "eu.json").read_text(encoding="utf-8")
    profile = json.loads(text)
    for name, value in fields.items():
        if value is None:
            del profile["controls"][0][name]
        else:
            profile["controls"][0][name] = value
    return profile


@pytest.mark.parametrize(
    ("profile", "message"),
    [
        ("mars", "profile is 'mars'; allowed: india, us, eu"),
        ({}, "no 'profile'"),
        (edited(source=None), "control price_collar is \"no 'source'\""),
        (edited(date="yesterday"), "control price_collar: date is 'yesterday'"),
        (edited(scope="planet"), "control price_collar: scope is 'planet'"),
        (edited(checks=["LUCK"]), "control price_collar: checks is 'LUCK'"),
        (edited(types=["BOND"]), "control price_collar: types is 'BOND'"),
        (edited(settings={"luck": 1}), "control price_collar: settings is 'luck'"),
        (edited(settings={"fat_finger_bps": "5 %"}), "control price_collar: fat_finger_bps is"),
        (edited(id="order_value"), "controls is 'order_value'; allowed: each id once"),
    ],
)
def test_a_bad_profile_names_the_control(profile: Any, message: str) -> None:
    with pytest.raises(gw.InvalidField, match=message):
        gw.profiles.load(profile)


def test_a_profile_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(edited(settings={"fat_finger_bps": 100})), encoding="utf-8")
    assert gw.profiles.load(file).controls["price_collar"].settings == {"fat_finger_bps": 100}
    file.write_text("{", encoding="utf-8")
    with pytest.raises(gw.InvalidField, match="a JSON document"):
        gw.profiles.load(file)


def test_bad_changes_and_values_that_the_exchange_refuses() -> None:
    venue = Venue("eu", keep=("price_collar",))
    for message, changes in (
        ("control is 'luck'", {"luck": {}}),
        ("settings is 'luck'", {"price_collar": {"luck": 1}}),
        ("fat_finger_bps of alice", {"price_collar": {"fat_finger_bps": -1}}),
    ):
        with pytest.raises(gw.InvalidField, match=message):
            venue.exchange.apply_profile("eu", **changes)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (({"N": 0}, {"N": ["F"]}), r"limits\['N'\] is 0"),
        (({"N": 1}, {}), "instruments is \"no 'N'\""),
        (({"N": 1}, {"N": ["F"]}, 8_000, 9_000), "leave_bps is 9000"),
    ],
)
def test_bad_market_wide_limits(words: tuple[Any, ...], message: str) -> None:
    with pytest.raises(gw.InvalidField, match=message):
        gw.profiles.MarketWideLimit(*words)
