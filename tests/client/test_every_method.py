"""Each method of each service has one of the client, which asks for it and reads its answer."""

import contextlib
import inspect
import re
from pathlib import Path

import pytest

from gridworks import api
from gridworks.api.admin.v1 import admin_service_pb2 as admin
from gridworks.api.indicators.v1 import indicator_service_pb2 as indicators
from gridworks.api.market_data.v1 import market_data_service_pb2 as market_data
from gridworks.api.risk.v1 import risk_service_pb2 as risk
from gridworks.api.sandbox.v1 import sandbox_service_pb2 as sandbox
from gridworks.api.trading.v1 import trading_service_pb2 as trading
from gridworks.api.types.v1.instrument_pb2 import Instrument
from gridworks.client import errors
from gridworks.client.client import Client
from gridworks.client.faces import Pager, Stream
from gridworks.client.options import Retry
from gridworks.client.wire.blocking import BlockingWire

SERVICES = {
    "trading": trading, "market_data": market_data, "risk": risk, "indicators": indicators,
    "admin": admin, "sandbox": sandbox,
}  # fmt: skip
# Names that people use where the method's own would say the service twice.
OWN = {
    "ComputeIndicator": "compute", "SubscribeIndicators": "subscribe",
}  # fmt: skip
# What a call needs; a method that is not here needs nothing, or a name.
NEEDS = {
    "submit_order": ("alice", "ACME", "BUY", 1), "submit_quote": ("alice", "ACME", (1, 1), None),
    "mass_quote": ("alice", {"ACME": ((1, 1), None)}), "advance_clock": (60,), "set_clock": (2.0,),
    "cancel_quote": ("alice", "ACME"), "get_quote": ("alice", "ACME"),
    "list_bars": ("ACME", 60), "subscribe": ("ACME", "L1"), "subscribe_bars": ("ACME", 60),
    "update_limits": ("alice", {"max_order_qty": 5}, "why"),
    "update_position_limits": ("nodes/alice/instruments/ACME/limits", {"max_position": 5}, "why"),
    "evaluate_orders": ("alice", [{"side": "BUY", "instrument": "ACME", "order_qty": 1}]),
    "evaluate_scenarios": ("alice", {"crash": {"*": -0.1}}),
    "engage_kill_switch": ("market", "why"), "release_kill_switch": ("market", "why"),
    "rearm_node": ("alice", "why"), "compute": ("rsi", {"close": [1.0, 2.0]}),
    "create_node": ("x", "ACCOUNT"), "create_algo": (7,), "set_phase": ("CONTINUOUS",),
    "set_margin_parameters": ("{}", {"ACME": "F"}),
    "update_instrument": ("ACME", {"min_qty": 1}), "update_calendar": ({"name": "calendars/X"},),
}  # fmt: skip
LIVE = {"indicators.subscribe": ([{"name": "rsi", "instrument": "ACME", "period": 60}],)}


def methods():
    for name, module in SERVICES.items():
        for service in module.DESCRIPTOR.services_by_name.values():
            for method in service.methods:
                own = OWN.get(method.name) or re.sub(r"(?<!^)(?=[A-Z])", "_", method.name).lower()
                yield pytest.param(name, own, method, id=method.name)


class Nowhere(BlockingWire):
    """A wire that keeps what was asked of it and says UNIMPLEMENTED."""

    def __init__(self):
        self.asked, self.streams = [], False

    def call(self, request, timeout):
        self.asked.append(request)
        if request.path.endswith("GetInstrument") and self.streams:
            sizes = Instrument(name="instruments/ACME", number=1, tick_size="1", lot_size="1")
            return sizes.SerializeToString()  # streams ask for them first
        raise errors.Unimplemented("not there yet")

    def open(self, request, both_ways):
        self.asked.append(request)
        raise errors.Unimplemented("not there yet")

    def background(self, plan):
        from gridworks.client.faces import run

        with contextlib.suppress(errors.CallError):
            run(self, plan)

    def put(self, inbox, item):
        inbox.put(item)

    def sleep(self, seconds):
        raise AssertionError("UNIMPLEMENTED is not to be repeated")


@pytest.fixture
def client():
    found = Client("nowhere.invalid:1", "gw_test_key", insecure=True, retry=Retry())
    wire = Nowhere()
    for name in SERVICES:
        getattr(found, name).wire = wire
    found._wire.close()
    found._wire = wire
    return found


def arguments(service, own, bound):
    found = LIVE.get(f"{service}.{own}") or NEEDS.get(own)
    if found is not None:
        return found
    spec = inspect.signature(bound).parameters.values()
    needed = [p for p in spec if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    return tuple("1" if p.name in ("amount",) else "name" for p in needed if p.name != "self")


def ask(bound, given):
    """Call a method and use what it gives."""
    made = bound(*given)
    if isinstance(made, Pager):
        list(made)
    elif isinstance(made, Stream):
        next(made)
    else:  # order_entry
        made.open()


@pytest.mark.parametrize(("service", "own", "method"), list(methods()))
def test_every_method_can_be_called_and_one_that_is_missing_says_so(service, own, method, client):
    bound = getattr(getattr(client, service), own)
    client._wire.streams = own == "subscribe"
    with pytest.raises(errors.Unimplemented) as found:
        ask(bound, arguments(service, own, bound))
    path = f"/{method.containing_service.full_name}/{method.name}"
    assert found.value.method == path
    last = client._wire.asked[-1]
    assert last.path == path
    assert last.metadata == (("authorization", "Bearer gw_test_key"),)
    asked = method.input_type._concrete_class.FromString(last.data)
    if "request_id" in method.input_type.fields_by_name:
        assert found.value.request_id == asked.request_id != ""
    assert bound.__doc__, "a public method without words"


@pytest.mark.parametrize("service", SERVICES)
def test_the_client_has_no_method_that_the_server_could_never_have(service, client):
    known = {param.values[1] for param in methods() if param.values[0] == service}
    more = {"scale", "books", "compute_on_bars"}  # made of the others
    own = {
        name for name in dir(type(getattr(client, service)))
        if not name.startswith("_") and name not in ("proto", "wire", "settings")
    }  # fmt: skip
    assert own - more == known - more


def answer_of(plan):
    """The response class that a method's source names."""
    return inspect.signature(plan).return_annotation


def test_no_service_is_forgotten():
    files = Path(api.__file__).parent.glob("*/v1/*_service_pb2.py")
    assert {file.parent.parent.name for file in files} == set(SERVICES)


STREAMS = ("order_entry", "drop_copy", "subscribe")  # give more than messages of the wire
PLAIN = [param for param in methods() if param.values[1] not in STREAMS]


@pytest.mark.parametrize(("service", "own", "method"), PLAIN)
def test_the_answer_that_a_method_promises_is_the_one_of_the_wire(service, own, method, client):
    promised = str(answer_of(getattr(getattr(client, service), own)))
    answer = method.output_type
    fields = [f for f in answer.fields if f.is_repeated and f.message_type is not None]
    if promised.startswith("Items") and not method.server_streaming:
        assert promised.endswith(f".{fields[0].message_type.name}]")
    else:
        assert promised.endswith(f".{answer.name}]")
