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
    found = run(app(), ["indicators", "list", "keltner"])
    assert "kc" in found.output
    assert "rsi" not in found.output
    assert run(app(), ["indicators", "list", "no such thing"]).exit_code == 2
    assert "TA-Lib" in run(app(), ["indicators", "show", "CDL2CROWS"]).output
    for command_ in ("list", "show", "plot"):
        assert run(app(), ["indicators", command_, "--help"]).exit_code == 0


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


def test_plot_says_what_is_wrong(tmp_path) -> None:
    run = CliRunner().invoke
    good, empty, header, words = (tmp_path / n for n in ("good.csv", "e.csv", "h.csv", "w.csv"))
    dates = pd.date_range("2024-01-01", periods=400)
    pd.DataFrame({"Date": dates, "Close": bars()["close"]}).to_csv(good, index=False)
    empty.write_text("")
    header.write_text("open,high,low,close\n")
    words.write_text("close\nup\ndown\n")
    picture = str(tmp_path / "p.png")
    for arguments, said in (
        ([str(tmp_path)], "no file"),
        ([str(empty)], "no CSV"),
        ([str(header)], "no rows"),
        ([str(words)], "numeric"),
        ([str(good), "-i", "atr"], "high"),
        ([str(good), "-p", "length=0"], "length"),
        ([str(good), "-p", "wave=3"], "wave"),
        ([str(good), "--out", str(tmp_path / "p.none")], "cannot write"),
    ):
        done = run(app(), ["indicators", "plot", *arguments])
        assert done.exit_code == 2, done.output
        assert said in " ".join(done.output.replace("\u2502", " ").split()), done.output
    assert run(app(), ["indicators", "plot", str(good), "--out", picture]).exit_code == 0
