"""The table of rights: for every method of every service, which scope it takes and whose accounts.

The interceptors ask this table and nothing else; a method without a line is refused. A test holds
it against the .proto files, so that a new method cannot be forgotten.

`accounts` names the fields of the request that hold resource names of accounts or nodes:
"parent" of {parent: "accounts/alice"}, "order.name" of {order {name: "accounts/alice/orders/7"}}.
Each of them must be the caller's. The collection "accounts/-" passes where `many` allows it: the
servicer then answers with the caller's accounts only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from domain.errors import InvalidField

API = "gridworks.api"
EVERY = "-"
MARKET = "*"  # covered only by a key that covers every account


class Right(NamedTuple):
    """What a call of one method takes."""

    scope: str | None  # None: any scope will do
    accounts: tuple[str, ...] = ()
    many: bool = False  # "accounts/-", or nothing, may be asked for
    session: bool = False  # a stream: the servicer checks the accounts in its messages
    key: bool = True  # False: open to everybody


PUBLIC = Right(None, key=False)


def _service(name: str, **methods: Right) -> dict[str, Right]:
    return {f"/{API}.{name}/{method}": right for method, right in methods.items()}


READ, WRITE = "trading:read", "trading:write"
TRADING = _service(
    "trading.v1.TradingService",
    SubmitOrder=Right(WRITE, ("parent",)),
    CancelOrder=Right(WRITE, ("name",)),
    ReplaceOrder=Right(WRITE, ("order.name",)),
    MassCancel=Right(WRITE, ("parent",)),
    SubmitQuote=Right(WRITE, ("quote.name",)),
    MassQuote=Right(WRITE, ("parent",)),
    CancelQuote=Right(WRITE, ("name",)),
    GetOrder=Right(READ, ("name",)),
    ListOrders=Right(READ, ("parent",), many=True),
    ListExecutions=Right(READ, ("parent",), many=True),
    GetQuote=Right(READ, ("name",)),
    ListQuotes=Right(READ, ("parent",), many=True),
    OrderEntry=Right(WRITE, session=True),
    DropCopy=Right(READ, ("parent",)),
)

DATA = Right("market_data:read")
MARKET_DATA = _service(
    "market_data.v1.MarketDataService",
    GetInstrument=DATA,
    ListInstruments=DATA,
    GetBook=DATA,
    ListTrades=DATA,
    ListBars=DATA,
    Subscribe=DATA,
    SubscribeBars=DATA,
)

STUDY = Right("indicators:read")
INDICATORS = _service(
    "indicators.v1.IndicatorService",
    GetIndicator=STUDY,
    ListIndicators=STUDY,
    ComputeIndicator=STUDY,
    SubscribeIndicators=STUDY,
)

# Who asks for a looser limit and who agrees to it hold different scopes; so does who moves money.
SEE, SET, AGREE, FUND = "risk:read", "risk:write", "risk:approve", "funds:write"
RISK = _service(
    "risk.v1.RiskService",
    GetNode=Right(SEE, ("name",)),
    ListNodes=Right(SEE, ("parent",), many=True),
    GetLimits=Right(SEE, ("name",)),
    GetPositionLimits=Right(SEE, ("name",)),
    ListLimitChanges=Right(SEE, ("parent",), many=True),
    GetPosition=Right(SEE, ("name",)),
    ListPositions=Right(SEE, ("parent",)),
    GetRiskState=Right(SEE, ("node",)),
    ListUtilisations=Right(SEE, ("parent",)),
    StreamRisk=Right(SEE, ("nodes",)),
    EvaluateOrders=Right(SEE, ("parent",)),
    EvaluateScenarios=Right(SEE, ("parent",)),
    ListKillSwitches=Right(SEE),
    UpdateLimits=Right(SET, ("limits.name",)),
    UpdatePositionLimits=Right(SET, ("position_limits.name",)),
    EngageKillSwitch=Right(SET, ("name",)),
    ReleaseKillSwitch=Right(SET, ("name",)),
    RearmNode=Right(SET, ("name",)),
    ApproveLimitChange=Right(AGREE, ("name",)),
    RejectLimitChange=Right(AGREE, ("name",)),
    Deposit=Right(FUND, ("parent",)),
    Withdraw=Right(FUND, ("parent",)),
)

LOOK, RUN = Right("admin:read"), Right("admin:write")
ADMIN = _service(
    "admin.v1.AdminService",
    GetCalendar=DATA,
    ListCalendars=DATA,
    ListScheduledPhases=DATA,
    ListSnapshots=LOOK,
    VerifyLog=LOOK,
    GetSystemStatus=LOOK,
    ListAuditEntries=LOOK,
    CreateInstrument=RUN,
    UpdateInstrument=RUN,
    CreateNode=RUN,
    CreateAlgo=RUN,
    UpdateCalendar=RUN,
    SetMarginParameters=RUN,
    SetPhase=RUN,
    HaltTrading=RUN,
    ResumeTrading=RUN,
    Uncross=RUN,
    EndDay=RUN,
    CreateSnapshot=RUN,
    ResetSandbox=Right("sandbox:write"),
)

# Time is everybody's, so it takes an operator.
SANDBOX = _service(
    "sandbox.v1.SandboxService",
    GetSandbox=DATA,
    SetClock=RUN,
    AdvanceClock=RUN,
    OpenAccount=Right("sandbox:write", ("name",)),
)

# Standard services: a load balancer has no key; what the API looks like is for partners; what
# goes on inside is for operators.
WITH_KEY = Right(None)
CHANNELZ = (
    "GetTopChannels", "GetServers", "GetServer", "GetServerSockets", "GetChannel",
    "GetSubchannel", "GetSocket",
)  # fmt: skip
STANDARD = {
    "/grpc.health.v1.Health/Check": PUBLIC,
    "/grpc.health.v1.Health/Watch": PUBLIC,
    "/grpc.health.v1.Health/List": PUBLIC,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": WITH_KEY,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": WITH_KEY,
    **{f"/grpc.channelz.v1.Channelz/{method}": LOOK for method in CHANNELZ},
}

RIGHTS: dict[str, Right] = {
    **TRADING, **MARKET_DATA, **INDICATORS, **RISK, **ADMIN, **SANDBOX, **STANDARD,
}  # fmt: skip
SCOPES = tuple(sorted({r.scope for r in RIGHTS.values() if r.scope is not None}))


def accounts_of(method: str, request: Any) -> Iterator[str]:
    """The account and node names that a request (a protobuf message) is about.

    `EVERY` for "accounts/-" or nothing where the method allows it, `MARKET` for a kill switch of
    more than one node. Raises InvalidField for a name that is not understood, and KeyError for a
    method that is not in the table.
    """
    right = RIGHTS[method]
    for path in right.accounts:
        *parents, last = path.split(".")
        holder = request
        for parent in parents:
            holder = getattr(holder, parent)
        value = getattr(holder, last)
        for name in (value,) if isinstance(value, str) else value:
            yield _account(path, name, right.many)


def _account(path: str, name: str, many: bool) -> str:
    collection, _, rest = name.partition("/")
    account = rest.partition("/")[0]
    if many and name in ("", "accounts/-", "nodes/-"):
        return EVERY
    if collection == "killSwitches" and rest:
        kind, dash, node = rest.partition("-")
        return node if kind == "node" and dash else MARKET
    if collection not in ("accounts", "nodes") or account in ("", EVERY, MARKET):
        raise InvalidField(path, name, "accounts/{account} or nodes/{node}")
    return account
