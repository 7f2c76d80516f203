"""Scenario margin on a running server: parameters in force at once, hedges count, faults say so."""

import json
from decimal import Decimal

import pytest

import gridworks as gw
from gridworks.client import word
from gridworks.client.errors import InvalidArgument, NotFound, PermissionDenied

NEAR, FAR = "JUN", "JUL"
CONTRACTS = {NEAR: "F-JUN", FAR: "F-JUL"}


def parameters(scan=10, **more):
    """Two months of one commodity: a lot loses `scan` a scenario at most, a spread costs 1."""
    return json.dumps({
        "date": "2026-01-02", "decimals": 2, **more,
        "commodities": [{
            "name": "F", "price_scan": scan,
            "calendar_spreads": [{"priority": 1, "charge": 1, "legs": [
                {"expiry": "2026-06-30", "side": "A"}, {"expiry": "2026-07-31", "side": "B"},
            ]}],
        }],
        "contracts": [
            {"name": "F-JUN", "commodity": "F", "kind": "FUTURE", "price": 100, "multiplier": 1,
             "expiry": "2026-06-30"},
            {"name": "F-JUL", "commodity": "F", "kind": "FUTURE", "price": 100, "multiplier": 1,
             "expiry": "2026-07-31"},
        ],
    })  # fmt: skip


@pytest.fixture(scope="module")
def client(server):
    with gw.Client(server.target, server.keys["operator"], insecure=True) as found:
        for symbol in CONTRACTS:
            found.admin.create_instrument(symbol, "1", "1", settings={"type": "FUTURE"})
            found.admin.set_phase("CONTINUOUS", f"instruments/{symbol}")
        found.admin.set_margin_parameters(parameters(), CONTRACTS, reason="a new day")
        yield found


def margin(client, node="alice"):
    return Decimal(client.risk.get_risk_state(node).margin)


def send(client, account, symbol, side, qty, price="100"):
    order = client.trading.submit_order(account, symbol, side, qty, price).order
    return word(order, "ord_status"), order.refusal.text


def test_a_hedge_costs_its_spread_and_a_pending_one_nothing_less(client):
    before = {name: margin(client, name) for name in ("alice", "bob", "north")}
    for account, side in (("alice", "SELL"), ("bob", "BUY")):
        send(client, account, NEAR, side, 2)
    assert margin(client) - before["alice"] == 20
    send(client, "alice", FAR, "BUY", 2)
    assert margin(client) - before["alice"] > 20  # pending: either may be there alone
    send(client, "bob", FAR, "SELL", 2)
    assert [margin(client, name) - before[name] for name in before] == [2, 2, 4]
    again = client.admin.set_margin_parameters(parameters(scan=20), CONTRACTS, reason="wilder")
    assert again.outcome.seq > 0
    assert margin(client) - before["alice"] == 2
    word_of = client.market_data.get_instrument(NEAR)
    assert word(word_of, "margin_model") == "SCENARIO"


def test_what_adds_too_much_is_refused(client):
    client.admin.set_margin_parameters(parameters(), CONTRACTS, reason="calm")
    client.risk.update_limits("carol", {"max_margin": "100"}, "small")
    assert send(client, "carol", NEAR, "BUY", 10, "90") == ("NEW", "")
    state, text = send(client, "carol", NEAR, "BUY", 1, "90")
    numbers = "limit 10000, observed 11000, headroom 0 (minor units)"
    assert (state, text) == ("REJECTED", f"refused by MARGIN_LIMIT of the account: {numbers}")
    client.trading.mass_cancel("carol")


def test_looking_changes_nothing_and_a_repeat_is_one_act(client):
    before = margin(client)
    looked = client.admin.set_margin_parameters(
        parameters(scan=50), CONTRACTS, reason="x", validate_only=True
    )
    assert looked.outcome.seq == 0
    assert margin(client) == before
    told = {"reason": "y", "request_id": "11111111-aaaa-3333-4444-555555555555"}
    first = client.admin.set_margin_parameters(parameters(), CONTRACTS, **told).outcome.seq
    assert client.admin.set_margin_parameters(parameters(), CONTRACTS, **told).outcome.seq == first
    acts = [e for e in client.admin.list_audit_entries() if e.method == "SetMarginParameters"]
    assert acts[0].reason == "y"


@pytest.mark.parametrize(
    ("given", "contracts", "words"),
    [
        ("", CONTRACTS, "parameters"),
        ("{", CONTRACTS, "JSON"),
        ("<spanFile><", CONTRACTS, "well-formed"),
        (parameters(decimals=3), CONTRACTS, "3 decimals"),
        (parameters(), {NEAR: "G", FAR: "G"}, "a contract of the parameters"),
        (parameters(), {NEAR: "F-JUN"}, "none for JUL"),
        (parameters(), {}, "none for JUN"),
        (parameters(scan=10**15), CONTRACTS, "amounts below"),
        (parameters(scan=10**14), CONTRACTS, "VALUE_OUT_OF_RANGE"),  # for what accounts hold
    ],
    ids=["empty", "not JSON", "not XML", "decimals", "contract", "one missing", "none", "large",
         "large for these accounts"],
)
def test_what_is_wrong_is_said_and_nothing_changes(client, given, contracts, words):
    before = margin(client)
    with pytest.raises(InvalidArgument, match=words):
        client.admin.set_margin_parameters(given, contracts, reason="wrong")
    assert margin(client) == before


def test_an_unknown_instrument_and_a_key_that_may_not(client, server):
    with pytest.raises(NotFound):
        client.admin.set_margin_parameters(parameters(), {"NONE": "F-JUN"}, reason="wrong")
    with (
        gw.Client(server.target, server.keys["trader"], insecure=True) as other,
        pytest.raises(PermissionDenied),
    ):
        other.admin.set_margin_parameters(parameters(), CONTRACTS)
