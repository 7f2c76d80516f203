"""A profile on a running server: what it sets refuses, what loosens waits, faults are said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

import gridworks as gw
from domain.errors import InvalidField
from gridworks.cli.main import build
from gridworks.client import word
from gridworks.client.errors import PermissionDenied
from gridworks.profiles import apply_to_server
from tests.server.running import Running

ALL_BUT_MARGIN = {"var_elm": None, "span_exposure": None}


@pytest.fixture
def client(server: Running) -> Iterator[gw.Client]:
    with gw.Client(server.target, server.keys["operator"], insecure=True) as found:
        yield found


def _command(server: Running, *words: str) -> tuple[int, str]:
    env = {"GRIDWORKS_API_KEY": server.keys["operator"]}
    given = ["profile", "apply", words[0], server.target, "--insecure", *words[1:]]
    found = CliRunner().invoke(build(), given, env=env)
    return found.exit_code, found.output


def test_checking_changes_nothing(client: gw.Client) -> None:
    before = client.risk.get_limits("alice")
    done = list(apply_to_server(client, "us", "a look", validate_only=True))
    assert {each.state for each in done} == {"CHECKED"}
    assert "nodes/alice/limits" in [each.target for each in done]
    assert client.risk.get_limits("alice") == before


def test_what_is_set_refuses(client: gw.Client) -> None:
    done = {each.target: each for each in apply_to_server(client, "india", "SEBI, 2026")}
    limits = client.risk.get_limits("alice")
    assert (limits.max_order_value, limits.max_order_qty) == ("100000000", 500_000)
    assert (limits.order_rate, limits.algo_required, limits.rrm_enter_bps) == (10, True, 9_000)
    acme = client.market_data.get_instrument("ACME")
    assert (acme.dynamic_bps, acme.elm_bps, word(acme, "margin_model")) == (1_000, 350, "VAR_ELM")
    assert done["instruments/ACME"].settings["margin_model"] == "margin_model_var_elm"
    assert set(done) == {"instruments/ACME", *(f"nodes/{n}/limits" for n in ("alice", "bob",
                                                                             "carol"))}  # fmt: skip
    refused = client.trading.submit_order("alice", "ACME", "BUY", 1, "1").order
    assert "ALGO_ID_REQUIRED of the account" in refused.refusal.text
    newest = next(e for e in client.admin.list_audit_entries() if e.method == "UpdateInstrument")
    assert newest.reason == "SEBI, 2026"


def test_the_same_again_changes_nothing_and_what_loosens_waits(client: gw.Client) -> None:
    again = apply_to_server(client, "india", "again", only=["alice"], changes=ALL_BUT_MARGIN)
    assert [each.state for each in again] == ["UNCHANGED"]
    wider = {**ALL_BUT_MARGIN, "order_quantity": {"max_order_qty": 50_000_000}}
    [found] = apply_to_server(client, "india", "wider", only=["alice"], changes=wider)
    assert found.state == "PENDING"
    assert found.change.startswith("nodes/alice/limitChanges/")
    assert client.risk.get_limits("alice").max_order_qty == 500_000


def test_charges_are_settings_too(client: gw.Client) -> None:
    profile = {
        "profile": "own", "title": "Own", "as_of": "2026-01-01", "currency": "INR",
        "controls": [{
            "id": "stt", "title": "Securities transaction tax", "scope": "instrument",
            "types": ["EQUITY"], "checks": ["BUYING_POWER"], "source": "own",
            "date": "2026-01-01", "settings": {"charge_sell_ppb_2": 1_000_000},
        }],
    }  # fmt: skip
    [done] = apply_to_server(client, profile, "tax", only=["ACME"])
    assert done.state == "APPLIED"
    assert list(client.market_data.get_instrument("ACME").charge_sell_ppb) == [0, 1_000_000, 0, 0]
    profile["controls"][0]["settings"] = {"type": 1}  # type: ignore[index]
    with pytest.raises(InvalidField, match="attribute is 'type'"):
        apply_to_server(client, profile, "no field")


def test_what_is_wrong_is_said_before_anything_is_set(client: gw.Client, server: Running) -> None:
    with pytest.raises(InvalidField, match="only is 'nobody'"):
        apply_to_server(client, "us", "x", only=["nobody"])
    with pytest.raises(InvalidField, match="control is 'none'"):
        apply_to_server(client, "us", "x", changes={"none": None})
    with (
        gw.Client(server.target, server.keys["trader"], insecure=True) as other,
        pytest.raises(InvalidField, match="a key that sees all nodes"),
    ):
        apply_to_server(other, "us", "x")
    with (
        gw.Client(server.target, server.keys["approver"], insecure=True) as other,
        pytest.raises(PermissionDenied),
    ):
        apply_to_server(other, "us", "x")


def test_the_command(server: Running) -> None:
    code, told = _command(server, "us", "--only", "bob", "--set", "locate=off", "--dry-run")
    assert code == 0, told
    assert told.startswith("CHECKED    nodes/bob/limits: max_open_value 5000000")
    assert "short_sale" not in told
    code, told = _command(server, "us", "--set", "locate.short_sale=x")
    assert (code, "CONTROL.SETTING=whole number" in told) == (1, True)
    code, told = _command(server, "mars")
    assert (code, "profile is 'mars'" in told) == (1, True)
    found = CliRunner().invoke(build(), ["profile", "list"])
    assert "india" in found.output
    found = CliRunner().invoke(build(), ["profile", "show", "eu"])
    assert "not enforced" in found.output
