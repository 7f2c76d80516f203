"""The client: `gw.Client` and `gw.AsyncClient`. docs/client.md is the guide.

Lives here: the five services as classes, plans (retry, pages, streams that resume) without I/O, two
wires that do them, errors, sessions, local books. Needs only the light install: grpcio, protobuf.

Does not live here: any rule of trading, rows, numpy. Prices are decimals, or ticks that an
instrument's published sizes explain.

Who may import it: users, examples, portal, sidecars, server, the command line. It imports domain
(errors, money) and gridworks.api.
"""

from gridworks.api.types.v1 import codes_pb2 as codes
from gridworks.client.client import AsyncClient, Client
from gridworks.client.errors import (
    Aborted,
    AlreadyExists,
    Backlog,
    CallError,
    Cancelled,
    DataLoss,
    DeadlineExceeded,
    FailedPrecondition,
    FieldViolation,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    ServerError,
    StreamGap,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from gridworks.client.faces import AsyncPager, AsyncStream, Pager, Stream
from gridworks.client.options import Retry, Settings
from gridworks.client.requests import word
from gridworks.client.scales import Scale
from gridworks.client.streams import orders
from gridworks.client.streams.book import Book, Level
from gridworks.client.streams.reports import Numbered
from gridworks.client.streams.session import Session

__all__ = [
    "Aborted", "AlreadyExists", "AsyncClient", "AsyncPager", "AsyncStream", "Backlog", "Book",
    "CallError", "Cancelled", "Client", "DataLoss", "DeadlineExceeded", "FailedPrecondition",
    "FieldViolation", "InvalidArgument", "Level", "NotFound", "Numbered", "Pager",
    "PermissionDenied", "ResourceExhausted", "Retry", "Scale", "ServerError", "Session", "Settings",
    "Stream", "StreamGap", "Unauthenticated", "Unavailable", "Unimplemented", "codes", "orders",
    "word",
]  # fmt: skip
