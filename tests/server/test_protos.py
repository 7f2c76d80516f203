"""The wire's description: fresh, linted, complete, and in step with the vocabulary of `domain`."""

import filecmp
import importlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from google.protobuf import descriptor

from domain import codes
from domain.attributes import InstrumentAttr, NodeAttr, PositionAttr
from gridworks.api.risk.v1 import resources_pb2 as risk
from gridworks.api.trading.v1 import order_entry_pb2, resources_pb2
from gridworks.api.types.v1 import codes_pb2, instrument_pb2

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".venv-protos" / "bin" / "python"
SERVICES = {
    "trading": "trading_service", "market_data": "market_data_service", "risk": "risk_service",
    "indicators": "indicator_service", "admin": "admin_service",
    "sandbox": "sandbox_service",
}  # fmt: skip
READS = re.compile(
    r"Get|List|Stream|Subscribe|Compute|Evaluate|VerifyLog$|OrderEntry$|DropCopy$"
)


@pytest.fixture(scope="module")
def tools() -> Path:
    if not TOOLS.exists():
        pytest.skip("the generator is not installed; `make protos` installs it")
    return TOOLS


def generate(tools: Path, folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [tools, folder / "generate.py", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def methods() -> list[descriptor.MethodDescriptor]:
    found = []
    for package, module in SERVICES.items():
        made = importlib.import_module(f"gridworks.api.{package}.v1.{module}_pb2")
        for service in made.DESCRIPTOR.services_by_name.values():
            found += service.methods
    return found


# ------------------------------------------------------------------------------ the tools


def test_the_committed_code_is_what_the_generator_makes(tools, tmp_path):
    done = generate(tools, ROOT / "protos", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    here, there = ROOT / "gridworks" / "api", tmp_path / "gridworks" / "api"

    def names(folder: Path) -> list[str]:
        made = (p for p in folder.rglob("*") if p.suffix in (".py", ".pyi"))
        return sorted(p.relative_to(folder).as_posix() for p in made)

    assert names(here) == names(there), "run `make protos`"
    _, stale, unreadable = filecmp.cmpfiles(here, there, names(here), shallow=False)
    assert stale + unreadable == [], "run `make protos`"


def test_the_protos_pass_the_linter_and_a_planted_violation_does_not(tools, tmp_path):
    done = generate(tools, ROOT / "protos", "--lint")
    assert done.returncode == 0, done.stdout + done.stderr
    copy = shutil.copytree(ROOT / "protos", tmp_path / "protos")
    planted = copy / "gridworks" / "api" / "types" / "v1" / "refusal.proto"
    text = planted.read_text(encoding="utf-8")
    planted.write_text(text.replace("  // Which check.\n", ""), encoding="utf-8")
    done = generate(tools, copy, "--lint")
    assert done.returncode == 1
    assert 'Field "reason" should have a non-empty comment' in done.stdout


def test_stubs_import_without_the_engine():
    names = [f"gridworks.api.{package}.v1.{m}_pb2_grpc" for package, m in SERVICES.items()]
    heavy = "{'numpy', 'numba', 'pandas', 'django'} & set(sys.modules)"
    code = f"import sys, {', '.join(names)}; print({heavy})"
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("set()\n", "")


# ------------------------------------------------------------------------------ the vocabulary


def prefix(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).upper() + "_"


@pytest.mark.parametrize("name", codes_pb2.DESCRIPTOR.enum_types_by_name)
def test_codes_are_those_of_the_domain(name):
    """Same names, same numbers; a 0 that means something is 48, one that means none is left out."""
    silent = {"NONE", "DEFAULT", "ALL"}
    wanted = {
        prefix(name) + code: int(value) or 48
        for code, value in getattr(codes, name).__members__.items()
        if code not in silent
    }
    found = dict(getattr(codes_pb2, name).items())
    assert found.pop(prefix(name) + "UNSPECIFIED") == 0
    assert found == wanted


def test_every_code_of_orders_and_reports_is_on_the_wire():
    there = set(codes_pb2.DESCRIPTOR.enum_types_by_name)
    mine = (c for c in vars(codes).values() if isinstance(c, type))
    assert {c.__name__ for c in mine if c.__module__ == codes.__name__} == there


# wire name of an attribute, where it is not its own in lower case
INSTRUMENT_NAMES = {
    "lot_size": "qty_step", "expiry": "expiry_time", "volatility_ns": "volatility_duration",
    "extension_ns": "extension_duration", "allowed_tifs": "allowed_times_in_force",
}  # fmt: skip
NODE_NAMES = {"duplicate_window_ns": "duplicate_window", "execution_window_ns": "execution_window"}


def test_every_attribute_can_be_set_over_the_wire():
    fields = set(instrument_pb2.Instrument.DESCRIPTOR.fields_by_name)
    for name in (n.lower() for n in InstrumentAttr.__members__ if n != "COLUMNS"):
        series = re.sub(r"_\d$", "", name)  # charge_buy_ppb_1, tick_from_1
        series = "tick_table" if series in ("tick", "tick_from") else series
        wire = INSTRUMENT_NAMES.get(name, series)
        assert wire in fields, name
    fields = set(risk.Limits.DESCRIPTOR.fields_by_name)
    for name in (n.lower() for n in NodeAttr.__members__ if n != "COLUMNS"):
        wire = NODE_NAMES.get(name, name)
        assert ("allow_buy" if name == "allowed_sides" else wire) in fields, name
    fields = set(risk.PositionLimits.DESCRIPTOR.fields_by_name)
    assert {n.lower() for n in PositionAttr.__members__} <= fields


# ------------------------------------------------------------------------------ the manners


@pytest.mark.parametrize("method", methods(), ids=lambda m: m.name)
def test_methods_have_the_fields_of_their_kind(method):
    fields = set(method.input_type.fields_by_name)
    if method.name.startswith("List"):
        assert {"page_size", "page_token"} <= fields
        assert "next_page_token" in method.output_type.fields_by_name
    if not READS.match(method.name):
        assert {"request_id", "validate_only"} <= fields
    assert ("update_mask" in fields) == method.name.startswith(("Update", "Replace"))


def test_only_the_hot_streams_carry_ticks_and_lots():
    """What people read is decimal text; what a kernel reads is a whole number."""
    text = descriptor.FieldDescriptor.TYPE_STRING
    for field in ("price", "order_qty", "stop_px", "display_qty", "min_qty", "offset"):
        assert resources_pb2.Order.DESCRIPTOR.fields_by_name[field].type == text
        assert order_entry_pb2.OrderCommand.DESCRIPTOR.fields_by_name[field].type != text


def test_the_protocol_page_is_fresh():
    made = subprocess.run(
        [sys.executable, ROOT / "docs" / "make_protocol.py", "--check"], cwd=ROOT, check=False
    )
    assert made.returncode == 0, "run docs/make_protocol.py"
