"""The command line starts at once and lists what is there."""

import subprocess
import sys
import tomllib
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest
from typer.testing import CliRunner

import gridworks
from gridworks.cli import main
from gridworks.demo.house import Broken
from gridworks.extras import EXTRA

HEAVY = (
    "numpy", "numba", "pandas", "matplotlib", "grpc", "django", "psycopg", "cryptography", "rich",
)  # fmt: skip
PRESENT = [name for name in main.COMMANDS if find_spec(f"gridworks.cli.{name}")]


def test_help_imports_nothing_heavy():
    code = (
        "import sys; sys.argv[1:] = ['--help']\n"
        "from gridworks.cli.main import run\n"
        "try: run()\n"
        f"finally: sys.stderr.write(' '.join(m for m in {HEAVY} if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Usage" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize("name", [*PRESENT, "version"])
def test_help_lists_the_command_and_the_command_has_help(name):
    runner = CliRunner()
    assert name in runner.invoke(main.build(), ["--help"]).output
    assert runner.invoke(main.build(), [name, "--help"]).exit_code == 0


def test_what_a_command_is_for_fits_into_a_line_of_a_narrow_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    runner, app = CliRunner(), main.build()
    groups = [group.typer_instance.info.name or group.name for group in app.registered_groups]
    assert len(groups) > 5
    for name in [[], *([group] for group in groups)]:
        listed = runner.invoke(app, [*name, "--help"]).output.partition("Commands:")[2]
        assert listed, name
        assert "..." not in listed, listed


@pytest.mark.parametrize("name", PRESENT)
def test_a_command_module_registers_itself(name):
    assert callable(import_module(f"gridworks.cli.{name}").register)


def test_version():
    for word in ("version", "--version"):
        assert CliRunner().invoke(main.build(), [word]).output.strip() == gridworks.__version__


@pytest.mark.parametrize("words", [
    "bench --json", "replay x --format itch --plot", "backtest x.py --report",
    "risk report x.csv --html", "load x --json", "indicators bench --json",
])  # fmt: skip
def test_where_nothing_can_be_written_is_said_before_the_work(words):
    done = CliRunner().invoke(main.build(), [*words.split(), "nowhere/x.png"])
    assert done.exit_code == 2
    assert "there is no folder nowhere" in done.output


def test_a_hint_names_an_extra_that_has_the_module():
    project = tomllib.loads(Path("pyproject.toml").read_text())["project"]
    for module, extra in EXTRA.items():
        wanted = project["optional-dependencies"][extra]
        assert any(name.startswith(module.replace("_", "-")) for name in wanted), module


def test_what_the_demo_says_of_a_server_that_did_not_start_is_whole(monkeypatch):
    said = "No module named 'cryptography'; install it with: pip install 'gridworks-infra[server]'"

    @contextmanager
    def no_house():
        raise Broken(said)
        yield

    monkeypatch.setattr("gridworks.demo.house.house", no_house)
    done = CliRunner().invoke(main.build(), ["demo"])
    assert done.exit_code == 1
    assert said in done.output


def test_a_missing_extra_is_one_line_and_not_a_traceback(monkeypatch, capsys):
    def needs_numba() -> None:
        raise ModuleNotFoundError("No module named 'numba'", name="numba")

    monkeypatch.setattr(main, "build", lambda: needs_numba)
    with pytest.raises(SystemExit) as stopped:
        main.run()
    assert stopped.value.code == 1
    assert capsys.readouterr().err == (
        "gridworks: No module named 'numba'; "
        "install it with: pip install 'gridworks-infra[engine]'\n"
    )
