"""What the five services share: from a method's name and values to a plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypedDict, TypeVar
from uuid import uuid4

from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from domain.errors import InvalidField
from gridworks.client.faces import Items, M, Service, Wire
from gridworks.client.options import Settings
from gridworks.client.plans import Followed, Link, Metadata, Plan, Request, attempts, follow, pages
from gridworks.client.requests import build

Answer = TypeVar("Answer", bound=Message)


class Options(TypedDict, total=False):
    """What every call takes."""

    timeout: float  # seconds for the call with all its tries


class Mutation(Options, total=False):
    """What every call that changes something takes."""

    request_id: str  # a UUID; the client makes one unless it is the repetition of an earlier call
    validate_only: bool  # ask what would happen and change nothing


class Listing(Options, total=False):
    """What every call that lists takes."""

    page_size: int


class Remote(Service[M]):
    """A service of the server."""

    proto: ClassVar[ServiceDescriptor]

    def __init__(self, wire: Wire, settings: Settings) -> None:
        super().__init__(wire)
        self.settings = settings

    @property
    def _metadata(self) -> Metadata:
        return (("authorization", f"Bearer {self.settings.api_key}"),)

    def _path(self, name: str) -> str:
        return f"/{self.proto.full_name}/{name}"

    def _request(self, name: str, options: Mapping[str, Any], fields: Mapping[str, Any]) -> Any:
        """The message of a method. Raises InvalidField."""
        kind: Any = self.proto.methods_by_name[name].input_type
        allowed = {"timeout", *kind.fields_by_name}
        for given in options:
            if given not in allowed:
                raise InvalidField(given, options[given], ", ".join(sorted(allowed)))
        values = {**options, **fields}
        values.pop("timeout", None)
        if "request_id" in kind.fields_by_name and not values.get("request_id"):
            values["request_id"] = str(uuid4())  # once: every try carries the same
        return build(GetMessageClass(kind), values)

    def _call(
        self, method: str, answer: type[Answer], options: Mapping[str, Any], /, **fields: Any
    ) -> Plan[Answer]:
        """One call of a method."""
        return self._send(method, answer, self._request(method, options, fields), options)

    def _send(
        self, name: str, answer: type[Answer], message: Any, options: Mapping[str, Any]
    ) -> Plan[Answer]:
        token = str(getattr(message, "request_id", ""))
        request = Request(self._path(name), message.SerializeToString(), self._metadata, token)
        timeout = self._timeout(options)
        data = yield from attempts(request, self.settings.retry, timeout)
        return answer.FromString(data)

    def _timeout(self, options: Mapping[str, Any]) -> float:
        timeout = options.get("timeout", self.settings.timeout)
        if isinstance(timeout, bool) or not isinstance(timeout, (int, float)) or not timeout > 0:
            raise InvalidField("timeout", timeout, "more than 0 seconds")
        return float(timeout)

    def _list(
        self, method: str, answer: type[Message], items: str, options: Mapping[str, Any], /,
        **fields: Any,
    ) -> Items[Any]:  # fmt: skip
        """All pages of a list whose items are in the field `items`."""
        first = self._request(method, options, fields)

        def ask(token: str) -> Plan[Any]:
            message = type(first)()
            message.CopyFrom(first)
            message.page_token = token
            return self._send(method, answer, message, options)

        return Items(lambda: pages(ask, items))

    def _follow(self, stream: Callable[[], Followed]) -> Items[Any]:
        """A stream that comes back by itself."""
        made = self.settings
        return Items(lambda: follow(stream(), self._metadata, made.retry, made.patience))

    def _stream(
        self, method: str, answer: type[Answer], /, means: str = "", **fields: Any
    ) -> Items[Answer]:
        """A stream that begins anew with the same request after a loss.

        `means` is the field without which a message is a heartbeat.
        """
        request = self._request(method, {}, fields)
        return self._follow(lambda: Plain(self._path(method), request, answer, means))


class Plain:
    """A stream without a place to go on from: each connection sends the same request."""

    both_ways = False

    def __init__(self, path: str, request: Message, answer: type[Message], means: str) -> None:
        self.path, self._request, self._answer, self._means = path, request, answer, means

    def request(self) -> Message:
        """The request."""
        return self._request

    def opened(self, link: Link) -> None:
        """Nothing to do."""

    def take(self, data: bytes) -> list[Any]:
        """The message, unless it is a heartbeat."""
        message = self._answer.FromString(data)
        return [message] if not self._means or message.HasField(self._means) else []

    def lost(self, error: Exception) -> None:
        """Nothing to do."""
