"""`import gridworks` is light, and every name that it promises exists."""

import subprocess
import sys

import pytest

import gridworks as gw
from gridworks.extras import EXTRA, hint

HEAVY = ("numpy", "numba", "pandas", "matplotlib", "grpc", "django", "rich", "typer")


def modules_after(code: str) -> set[str]:
    """Top-level modules that a fresh interpreter holds after running `code`."""
    tail = "\nimport sys; print(*{m.partition('.')[0] for m in sys.modules}, sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", code + tail], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split("\n"))


def test_importing_the_face_imports_nothing_heavy():
    assert modules_after("import gridworks").isdisjoint({*HEAVY, "domain", "engine"})


def test_the_codes_of_the_vocabulary_need_no_extra():
    assert modules_after("import gridworks; gridworks.Side.BUY").isdisjoint(HEAVY)


@pytest.mark.parametrize("name", gw.__all__)
def test_every_public_name_exists(name):
    assert getattr(gw, name) is not None
    assert name in dir(gw)


def test_a_name_is_the_object_of_its_home():
    from domain import codes

    assert gw.codes is codes
    assert gw.Side is codes.Side


def test_the_public_names_are_written_down_here_too():
    """Adding a name is cheap, taking one back breaks users: so it takes two edits."""
    assert set(gw.__all__) == {
        "__version__",
        *"codes Side OrdType TimeInForce OrdStatus ExecType Reason ExecInst Feed".split(),
        *"InstrumentType Phase Scope COMMAND REPORT MARKET messages NewOrder Cancel".split(),
        *"Replace Quote MassCancel money errors options GridWorksError InvalidField".split(),
        *"StorageFull Exchange Report backtest trade indicators portfolio risk profiles".split(),
        *"Client AsyncClient CallError Retry client margin monitoring".split(),
    }


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Exchanges'"):
        gw.Exchanges  # noqa: B018


def test_a_missing_package_names_the_extra_that_brings_it(monkeypatch):
    monkeypatch.setitem(gw.PUBLIC, "Exchange", "engine.exchange:Exchange")
    monkeypatch.delitem(vars(gw), "Exchange", raising=False)
    monkeypatch.setattr(gw, "import_module", without_numba)
    with pytest.raises(ImportError, match=r"pip install 'gridworks-infra\[engine\]'"):
        gw.Exchange  # noqa: B018


def without_numba(module: str) -> None:
    raise ModuleNotFoundError("No module named 'numba'", name="numba")


@pytest.mark.parametrize("missing", EXTRA)
def test_a_submodule_counts_as_its_package(missing):
    error = ModuleNotFoundError("No module named 'x'", name=f"{missing}.inner")
    assert f"gridworks-infra[{EXTRA[missing]}]" in hint(error)


def test_an_unknown_module_gets_no_advice():
    assert hint(ModuleNotFoundError("No module named 'x'", name="x")) == "No module named 'x'"
