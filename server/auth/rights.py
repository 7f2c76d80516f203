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
COLLECTIONS = ("accounts", "nodes")


class Right(NamedTuple):
    """What a call of one method takes."""

    scope: str | None  # None: a good key is enough
    accounts: tuple[str, ...] = ()
    many: bool = False  # "accounts/-" may be asked for
    session: bool = False  # a stream: the servicer checks the accounts in its messages


PUBLIC = Right(None)  # no key at all; compared by identity


def _service(name: str, **methods: Right) -> dict[str, Right]:
    return {f"/{name}/{method}": right for method, right in methods.items()}


READ, WRITE = "trading:read", "trading:write"

TRADING = _service(
    f"{API}.trading.v1.TradingService",
    SubmitOrder=Right(WRITE, ("parent",)),
    CancelOrder=Right(WRITE, ("name",)),
    ReplaceOrder=Right(WRITE, ("order.name",)),
    MassCancel=Right(WRITE, ("parent",)),
    SubmitQuote=Right(WRITE, ("quote.name",)),
    CancelQuote=Right(WRITE, ("name",)),
    GetOrder=Right(READ, ("name",)),
    ListOrders=Right(READ, ("parent",), many=True),
    ListExecutions=Right(READ, ("parent",), many=True),
    GetQuote=Right(READ, ("name",)),
    ListQuotes=Right(READ, ("parent",)),
    OrderEntry=Right(WRITE, session=True),
    DropCopy=Right(READ, ("firm", "accounts")),
)

# Standard services: a load balancer has no key; what the API looks like is for partners; what
# goes on inside is for operators.
REFLECTION = Right(None)
STANDARD = {
    "/grpc.health.v1.Health/Check": PUBLIC,
    "/grpc.health.v1.Health/Watch": PUBLIC,
    "/grpc.health.v1.Health/List": PUBLIC,
    "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo": REFLECTION,
    "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": REFLECTION,
    **_service(
        "grpc.channelz.v1.Channelz",
        GetTopChannels=Right("admin:read"),
        GetServers=Right("admin:read"),
        GetServer=Right("admin:read"),
        GetServerSockets=Right("admin:read"),
        GetChannel=Right("admin:read"),
        GetSubchannel=Right("admin:read"),
        GetSocket=Right("admin:read"),
    ),
}

RIGHTS: dict[str, Right] = {**TRADING, **STANDARD}
SCOPES = tuple(sorted({r.scope for r in RIGHTS.values() if r.scope is not None}))


def accounts_of(method: str, request: Any) -> Iterator[str]:
    """The account and node names that a request (a protobuf message) is about.

    `EVERY` for "accounts/-" where the method allows it. Raises InvalidField for a name that is
    not understood, KeyError for a method that is not in the table.
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
    if collection not in COLLECTIONS or not account or (account == EVERY and not many):
        raise InvalidField(path, name, "accounts/{account} or nodes/{node}")
    return account
