"""The commands in docs/control-plane.md do what they say, in the order in which they stand."""

import re
import shlex
from pathlib import Path

from django.db import connections
from typer.testing import CliRunner

from gridworks.cli import main
from portal.names import SCOPES
from server.auth.rights import RIGHTS

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "control-plane.md"


def commands() -> list[list[str]]:
    blocks = re.findall(r"```console\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    return [shlex.split(line[2:]) for block in blocks for line in block.splitlines()]


def test_the_commands_of_the_guide(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    app, ran = main.build(), []
    environment = {"GRIDWORKS_CONTROL_URL": "", "GRIDWORKS_OPERATOR": "ann"}
    for program, *words in commands():
        assert program == "gridworks"
        done = CliRunner().invoke(app, words, env=environment)
        assert done.exit_code == 0, f"{shlex.join(words)}\n{done.output}"
        ran.append(words[0])
    connections.close_all()
    assert len(ran) > 20
    assert {"control", "partner", "plan", "key", "usage", "certs"} <= set(ran)
    assert (tmp_path / "control.db").exists()
    assert (tmp_path / "certs" / "client-bob.pem").exists()


def test_the_guide_names_every_scope():
    told = set(re.findall(r"^\| `(\w+:\w+)`", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))
    assert told == set(SCOPES) == {right.scope for right in RIGHTS.values()} - {None}
