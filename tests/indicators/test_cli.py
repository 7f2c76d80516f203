"""`gridworks indicators`."""

from __future__ import annotations

import pandas as pd
import typer
from typer.testing import CliRunner

from gridworks.cli import indicators as command
from tests.indicators.series import bars


def app() -> typer.Typer:
    out = typer.Typer()
    out.callback()(lambda: None)
    command.register(out)
    return out


def test_list_and_show() -> None:
    run = CliRunner().invoke
    assert "rsi" in run(app(), ["indicators", "list", "--group", "momentum"]).output
    assert run(app(), ["indicators", "list", "--group", "nothing"]).exit_code == 2
    assert "Wilder" in run(app(), ["indicators", "show", "rsi"]).output
    assert run(app(), ["indicators", "show", "nothing"]).exit_code == 2


def test_plot(tmp_path) -> None:
    file, out = tmp_path / "bars.csv", tmp_path / "picture.svg"
    data = {k: bars()[k] for k in ("open", "high", "low", "close", "volume")}
    pd.DataFrame(data).to_csv(file)
    run = CliRunner().invoke
    arguments = ["indicators", "plot", str(file), "-i", "macd", "-p", "fast=5", "--out", str(out)]
    done = run(app(), arguments)
    assert done.exit_code == 0, done.output
    assert out.stat().st_size > 1000
    assert run(app(), ["indicators", "plot", str(file), "-i", "nothing"]).exit_code == 2
    assert run(app(), ["indicators", "plot", str(file), "-p", "x"]).exit_code == 2
    assert run(app(), ["indicators", "plot", str(tmp_path / "none.csv")]).exit_code == 2
