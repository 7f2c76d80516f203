"""The guide's programs run, in their order, against a real server; its tables are complete."""

import re
from pathlib import Path

import gridworks as gw
from gridworks.client import errors
from gridworks.client.options import ClientOptions
from tests.server.running import running

GUIDE = (Path(__file__).parent.parent.parent / "docs" / "client.md").read_text()
BLOCKS = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)


def test_every_program_of_the_guide_runs(tmp_path, sqlite, capsys):
    with running(tmp_path, sqlite()) as server:
        names = {}
        for block in BLOCKS:
            here = block.replace('"exchange.example:7400"', repr(server.target))
            here = here.replace('"gw_test_..."', repr(server.keys["operator"]))
            exec(here.replace('ca="certs/ca.pem"', "insecure=True, timeout=60.0"), names)
        names["client"].close()
    said = capsys.readouterr().out
    assert "INVALID_FIELD order.price" in said
    assert len(BLOCKS) == 8


def test_the_guide_lists_every_option_and_every_error():
    for name in ClientOptions.__annotations__:
        assert f"| `{name}` |" in GUIDE
    for kind in errors.CallError.__subclasses__():
        assert f"| `{kind.__name__}` |" in GUIDE
    for name in ("Client", "AsyncClient", "CallError", "Retry"):
        assert f"gw.{name}" in GUIDE
        assert getattr(gw, name)
