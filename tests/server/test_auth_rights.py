"""Method × role × whose account: the table is complete, points at real fields, and is enforced."""

import importlib

import pytest

from domain.errors import InvalidField
from portal import names
from server.auth import rights
from server.auth.denial import NotPermitted
from server.auth.gate import Gate
from server.auth.keyring import NEVER, Entry, Keyring
from server.auth.principal import Limits, Names, Principal

SERVICES = {
    "trading": "trading_service", "market_data": "market_data_service", "risk": "risk_service",
    "indicators": "indicator_service", "admin": "admin_service",
    "sandbox": "sandbox_service",
}  # fmt: skip

# The roles that a person would name, and by hand what each may call: the second opinion.
ROLES = {
    "auditor": {"trading:read", "risk:read"},
    "trader": {"trading:read", "trading:write", "market_data:read"},
    "quant": {"market_data:read", "indicators:read"},
    "risk officer": {"risk:read", "risk:write"},
    "second risk officer": {"risk:read", "risk:approve"},
    "treasurer": {"funds:write"},
    "tester": {"sandbox:write"},
    "watcher": {"admin:read"},
    "operator": {"admin:read", "admin:write", "market_data:read"},
    "nobody": set(),
}
MAY = {
    "auditor": "GetOrder ListOrders ListExecutions GetQuote ListQuotes DropCopy GetNode ListNodes "
    "GetLimits GetPositionLimits ListLimitChanges GetPosition ListPositions GetRiskState "
    "ListUtilisations StreamRisk EvaluateOrders EvaluateScenarios "
    "ListKillSwitches",
    "trader": "SubmitOrder CancelOrder ReplaceOrder MassCancel SubmitQuote MassQuote CancelQuote "
    "GetOrder ListOrders ListExecutions GetQuote ListQuotes OrderEntry DropCopy GetInstrument "
    "ListInstruments GetBook ListTrades ListBars Subscribe SubscribeBars GetCalendar "
    "ListCalendars ListScheduledPhases GetSandbox",
    "quant": "GetInstrument ListInstruments GetBook ListTrades ListBars Subscribe SubscribeBars "
    "GetIndicator ListIndicators ComputeIndicator SubscribeIndicators GetCalendar ListCalendars "
    "ListScheduledPhases GetSandbox",
    "risk officer": "GetNode ListNodes GetLimits GetPositionLimits ListLimitChanges GetPosition "
    "ListPositions GetRiskState ListUtilisations StreamRisk EvaluateOrders EvaluateScenarios "
    "ListKillSwitches "
    "UpdateLimits UpdatePositionLimits EngageKillSwitch ReleaseKillSwitch RearmNode",
    "second risk officer": "GetNode ListNodes GetLimits GetPositionLimits ListLimitChanges "
    "GetPosition ListPositions GetRiskState ListUtilisations StreamRisk EvaluateOrders "
    "EvaluateScenarios ListKillSwitches ApproveLimitChange RejectLimitChange",
    "treasurer": "Deposit Withdraw",
    "tester": "ResetSandbox OpenAccount",
    "watcher": "ListSnapshots VerifyLog GetSystemStatus ListAuditEntries",
    "operator": "ListSnapshots VerifyLog GetSystemStatus ListAuditEntries CreateInstrument "
    "UpdateInstrument CreateNode CreateAlgo UpdateCalendar SetMarginParameters SetPhase "
    "HaltTrading ResumeTrading Uncross EndDay CreateSnapshot SetClock AdvanceClock GetInstrument "
    "ListInstruments GetBook ListTrades ListBars Subscribe SubscribeBars GetCalendar ListCalendars "
    "ListScheduledPhases GetSandbox",
    "nobody": "",
}


def described():
    """Full method name -> descriptor, of every method of every service."""
    found = {}
    for package, module in SERVICES.items():
        made = importlib.import_module(f"gridworks.api.{package}.v1.{module}_pb2")
        for service in made.DESCRIPTOR.services_by_name.values():
            found |= {f"/{service.full_name}/{m.name}": m for m in service.methods}
    return found


METHODS = described()


def message_of(method):
    from google.protobuf import message_factory

    return message_factory.GetMessageClass(METHODS[method].input_type)()


def about(method, *values):
    """The method's request with each value in each place that names an account."""
    request = message_of(method)
    for path in rights.RIGHTS[method].accounts:
        *parents, last = path.split(".")
        holder = request
        for parent in parents:
            holder = getattr(holder, parent)
        if isinstance(getattr(holder, last), str):
            setattr(holder, last, values[0])
        else:
            getattr(holder, last).extend(values)
    return request


def caller(scopes=(), accounts=("acme-*",), own=None) -> Principal:
    only = None if own is None else Names(own)
    return Principal(
        7, "gw_test_aaaa…zzzz", 3, "acme", "test", frozenset(scopes), Names(accounts), only,
        Limits("quantum"),
    )  # fmt: skip


def gate_for(principal, secret):
    import hashlib

    entry = Entry(principal, (), NEVER, NEVER, False, True)
    ring = Keyring(1, [(hashlib.sha256(secret.encode()).digest(), entry)])
    return Gate("test", lambda: ring)


def entering(gate, method, secret):
    try:
        return "enters" if gate.enter(method, f"Bearer {secret}", "ipv4:127.0.0.1:5") else "open"
    except NotPermitted as denied:
        return denied.reason


def above(name):
    return {"acme-1": ("acme-desk", "house"), "rival-1": ("rival",)}.get(name, ())


def test_every_method_has_a_line_and_every_line_a_method():
    ours = {name for name in rights.RIGHTS if name.startswith("/gridworks.api.")}
    assert len(METHODS) > 60
    assert ours == METHODS.keys()


def test_the_portal_sells_the_scopes_that_the_server_knows():
    assert set(names.SCOPES) == set(rights.SCOPES)
    assert len(names.SCOPES) == len(set(names.SCOPES))


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.rpartition("/")[2])
def test_the_fields_that_name_accounts_are_there_and_none_is_missed(method):
    """A field that is called after an account, a node or a parent holds one; few do not."""
    right = rights.RIGHTS[method]
    fields = METHODS[method].input_type.fields_by_name
    for path in right.accounts:
        kind = METHODS[method].input_type
        *parents, last = path.split(".")
        for parent in parents:
            kind = kind.fields_by_name[parent].message_type
        assert kind.fields_by_name[last].type == kind.fields_by_name[last].TYPE_STRING
    suspects = {"parent", "account", "accounts", "node", "nodes", "firm"} & set(fields)
    # Parents that are instruments or calendars; a node that an operator adds is nobody's yet.
    others = {"ListTrades", "ListBars", "GetBook", "ListScheduledPhases", "CreateNode"}
    if METHODS[method].name not in others:
        assert suspects <= set(right.accounts)


def test_every_method_for_every_role():
    for role in ROLES:
        secret = "gw_test_" + "a" * 43
        gate = gate_for(caller(ROLES[role]), secret)
        allowed = set(MAY[role].split())
        assert allowed <= {m.rpartition("/")[2] for m in METHODS}, role
        for method in METHODS:
            wanted = "enters" if method.rpartition("/")[2] in allowed else "SCOPE_MISSING"
            assert entering(gate, method, secret) == wanted, (role, method)


WITH_ACCOUNTS = [m for m in METHODS if rights.RIGHTS[m].accounts]


@pytest.mark.parametrize("method", WITH_ACCOUNTS, ids=lambda m: m.rpartition("/")[2])
def test_own_accounts_pass_and_foreign_ones_do_not(method):
    gate, who = gate_for(caller(), "gw_test_a"), caller()
    one = caller(own=("acme-1",))
    tail = "/limits" if "imit" in method else "/orders/7"

    def ask(principal, *accounts):
        gate.require_accounts(method, about(method, *accounts), principal, above)

    def denied(principal, *accounts):
        with pytest.raises(NotPermitted) as refused:
            ask(principal, *accounts)
        assert refused.value.reason == "ACCOUNT_DENIED"
        return str(refused.value)

    switch = "KillSwitch" in method
    form = "killSwitches/node-{}" if switch else "nodes/{}" + tail
    ask(who, form.format("acme-1"))
    ask(who, form.format("acme-2"))
    ask(one, form.format("acme-1"))
    foreign = denied(who, form.format("rival-1"))
    unknown = denied(who, form.format("rival-9"))
    assert foreign.replace("rival-1", "rival-9") == unknown  # existence is not told
    denied(one, form.format("acme-2"))  # the partner's, not the key's
    denied(caller(own=("rival-1",)), form.format("rival-1"))  # the key's list only narrows
    denied(caller(accounts=()), form.format("acme-1"))
    ask(caller(accounts=("house",)), form.format("acme-1"))  # a firm covers what is below it
    ask(caller(accounts=("*",)), form.format("rival-1"))
    if not switch:
        for odd in ("acme-1", "nodes/", "nodes", "instruments/acme-1", "nodes/*", "/acme-1"):
            with pytest.raises(InvalidField):
                ask(who, odd)


@pytest.mark.parametrize("method", WITH_ACCOUNTS, ids=lambda m: m.rpartition("/")[2])
def test_all_accounts_at_once_only_where_the_answer_is_filtered(method):
    gate = gate_for(caller(), "gw_test_a")
    lists = {"ListOrders", "ListExecutions", "ListQuotes", "ListNodes", "ListLimitChanges"}
    for name in ("accounts/-", "nodes/-", ""):
        request = about(method, name)
        if METHODS[method].name in lists:
            gate.require_accounts(method, request, caller(), above)
            assert list(rights.accounts_of(method, request)) == [rights.EVERY]
        elif "KillSwitch" not in method:
            with pytest.raises(InvalidField):
                gate.require_accounts(method, request, caller(), above)


@pytest.mark.parametrize("switch", ["market", "instrument-ACME", "algo-7", "node"])
def test_a_switch_of_the_market_takes_a_key_for_every_account(switch):
    method = next(m for m in METHODS if m.endswith("/EngageKillSwitch"))
    request = about(method, f"killSwitches/{switch}")
    gate = gate_for(caller(), "gw_test_a")
    for who in (caller(), caller(accounts=("acme-1", "house")), caller(("*",), own=("acme-1",))):
        with pytest.raises(NotPermitted):
            gate.require_accounts(method, request, who, above)
    gate.require_accounts(method, request, caller(accounts=("*",)), above)


def test_several_nodes_must_all_be_ones_own():
    method = next(m for m in METHODS if m.endswith("/StreamRisk"))
    gate = gate_for(caller(), "gw_test_a")
    gate.require_accounts(method, about(method, "nodes/acme-1", "nodes/acme-2"), caller(), above)
    with pytest.raises(NotPermitted):
        gate.require_accounts(
            method, about(method, "nodes/acme-1", "nodes/rival-1"), caller(), above
        )


def test_methods_without_a_key_and_methods_that_nobody_listed():
    gate = gate_for(caller(ROLES["watcher"]), "gw_test_aa")
    for name in ("Check", "Watch"):
        assert gate.enter(f"/grpc.health.v1.Health/{name}", None, "") is None
    with pytest.raises(NotPermitted, match="no line in the table"):
        gate.enter("/gridworks.api.trading.v1.TradingService/Steal", "Bearer gw_test_aa", "")
    reflection = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    assert gate.enter(reflection, "Bearer gw_test_aa", "") is not None
    assert gate.enter("/grpc.channelz.v1.Channelz/GetServers", "Bearer gw_test_aa", "") is not None
    with pytest.raises(NotPermitted):
        gate_for(caller(), "gw_test_aa").enter(
            "/grpc.channelz.v1.Channelz/GetServers", "Bearer gw_test_aa", ""
        )
