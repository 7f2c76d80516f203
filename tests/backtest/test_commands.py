"""`gridworks backtest` and `gridworks data`: what they say and how they end."""

import json

import pandas as pd
import pytest
from typer.testing import CliRunner

from gridworks.cli.main import build

STRATEGY = """
import gridworks as gw
from backtest.data import bars

class Hold(gw.backtest.Strategy):
    "Buys once."
    lots = 10
    share = 0.5
    mood = "calm"
    stop_at = 0

    def on_bar(self, bar):
        if not self.position():
            self.target(self.lots)
        if self.stop_at and bar.close > self.stop_at:
            raise RuntimeError("enough")

class Idle(gw.backtest.Strategy):
    pass
"""
HEADER = "date,open,high,low,close,volume\n"
LINES = [
    f"2024-03-{day:02},{100 + day},{101 + day},{99 + day},{100.5 + day},1000" for day in range(4, 9)
]
HOLD = ("hold.py", "--strategy", "Hold")
IDLE = ("hold.py", "--strategy", "Idle", "--data")
DATA = "prices.csv:tz=UTC,period=1D"


@pytest.fixture
def place(tmp_path, monkeypatch):
    (tmp_path / "hold.py").write_text(STRATEGY)
    (tmp_path / "prices.csv").write_text(HEADER + "\n".join(LINES) + "\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(code, *words):
    done = CliRunner().invoke(build(), [str(word) for word in words])
    assert done.exit_code == code, done.output
    return done.output


def test_a_run_as_json_as_a_table_and_as_a_page(place):
    words = ("backtest", "hold.py", "--strategy", "Hold", "--data", DATA, "--set", "lots=20")
    found = json.loads(said(0, *words, "--json", "--cash", "5000", "--seed", "3"))
    assert found["parameters"] == {"lots": 20, "share": 0.5, "mood": "calm", "stop_at": 0}
    assert (found["start_cash"], found["seed"], found["instruments"]) == (500_000, 3, ["prices"])
    assert found["equity"] == 500_000 + 20 * (10_850 - 10_500)  # bought at the second open
    later = json.loads(said(0, *words, "--json", "--from", "2024-03-06", "--to", "2024-03-08"))
    assert later["equity"] - later["start_cash"] == 20 * (10_750 - 10_600)
    text = said(0, *words, "--report", "out.html", "--fees", "taker_bps=10", "--latency", "1ms")
    assert "Net profit" in text
    assert text.splitlines()[-1].split() == ["report", "out.html"]
    assert "<html" in (place / "out.html").read_text()[:200]


def test_a_strategy_that_raises_keeps_what_it_had(place):
    words = ("backtest", *HOLD, "--data", DATA, "--set", "stop_at=106")
    text = said(1, *words)
    assert "the strategy stopped: " in text
    assert "enough" in text
    assert "Net profit" in text


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.py"], "no file is called 'none.py'"),
        (["hold.py"], "strategy is None; allowed: one of those in the file: Hold, Idle"),
        (["hold.py", "--strategy", "Hole"], "strategy is 'Hole'; allowed: Hold, Idle"),
        ([*HOLD], "data is None; allowed: a file or store, or a function"),
        ([*HOLD, "--set", "size=3"], "set is 'size'; allowed: lots, share"),
        ([*HOLD, "--set", "lots"], "allowed: name=value"),
        ([*HOLD, "--set", "lots=many"], "a value like its default, 10"),
        ([*HOLD, "--set", "lots=1.5"], "a value like its default, 10"),
        ([*IDLE, "none.csv"], "No such file or folder: none.csv"),
        ([*IDLE, "prices.csv"], "tz is None; allowed: times with"),
        ([*IDLE, "prices.csv:zone=UTC"], "option of prices.csv"),
        ([*IDLE, f"{DATA},format=ticks"], "format is 'ticks'"),
        ([*IDLE, f"{DATA},type=bond"], "type is 'bond'"),
        ([*IDLE, f"{DATA},decimals=x"], "decimals is 'x'"),
        ([*IDLE, "."], "a folder with a header.json"),
        ([*IDLE, DATA, "--from", "2030-01-01"], "no row in this"),
        ([*IDLE, DATA, "--from", "soon"], "from is 'soon'"),
        ([*IDLE, DATA, "--fees", "much"], "taker_bps is 'much'"),
        ([*IDLE, DATA, "--fees", "tax=1"], "option of --fees"),
        ([*IDLE, DATA, "--latency", "x"], "latency data is 'x'"),
        ([*IDLE, DATA, "--cash", "-1"], "cash is -1.0"),
        (["broken.py"], "broken.py, line 2"),
        (["raises.py"], "raises.py, line 2 is 'ZeroDivisionError'; allowed: "),
    ],
)  # fmt: skip
def test_bad_input_is_one_line(place, words, message):
    (place / "broken.py").write_text("x = 1\ndef f(:\n")
    (place / "raises.py").write_text("x = 1\nx / 0\n")
    text = said(2, "backtest", *words)
    assert message in text
    assert len(text.splitlines()) == 1
    assert text.startswith("gridworks: ")


def test_values_become_what_the_default_is(place):
    words = ("backtest", "hold.py", "--strategy", "Hold", "--data", DATA, "--json")
    found = json.loads(said(0, *words, "--set", "share=1", "--set", "mood=3"))
    assert found["parameters"]["share"] == 1.0
    assert found["parameters"]["mood"] == "3"


def test_a_file_may_bring_its_data_and_settings(place):
    more = (
        "\ndel Idle\n\ndef data():\n"
        f"    return bars({str(place / 'prices.csv')!r}, 'P', tz='UTC')\n"
        "\nsettings = gw.backtest.Settings(cash=7_000)\n"
    )
    (place / "whole.py").write_text(STRATEGY + more)
    found = json.loads(said(0, "backtest", "whole.py", "--json"))
    shown = found["strategy"], found["start_cash"], found["instruments"]
    assert shown == ("Hold", 700_000, ["P"])


def test_import_and_check(place):
    frame = pd.read_csv("prices.csv")
    frame.assign(date=pd.to_datetime(frame["date"])).to_parquet("more.parquet")
    text = said(0, "data", "import", "prices.csv", "more.parquet", "--tz", "UTC", "--out", "store")
    assert "store: 10 rows of prices, more, 2024-03-05 00:00 to 2024-03-09 00:00 UTC" in text
    text = said(0, "data", "check", "store")
    assert "1 segments, all as they were written" in text
    assert "nothing wrong" in text
    assert "exists" in said(2, "data", "import", "prices.csv", "--tz", "UTC", "--out", "store")
    (place / "bad.csv").write_text(HEADER + "2024-03-04,10,9,9,10,1\n2024-03-05,10,10,10,10,1\n")
    text = said(1, "data", "check", "bad.csv", "--tz", "UTC")
    assert "close outside high and low" in text
    text = said(2, "data", "import", "bad.csv", "--tz", "UTC", "--out", "b")
    assert "allowed: low to high" in text
    assert not (place / "b").exists()
    file = place / "store" / "000000.npy"
    file.write_bytes(file.read_bytes()[:-1] + b"\x07")
    assert "digest" in said(2, "data", "check", "store")


def test_market_data_files(vectors, tmp_path):
    file = vectors("order_flow/itch50_artificial.bin")
    source = f"{file}:instruments=CHAR+ALC"
    text = said(2, "data", "check", f"{file}:colour=red", "--format", "itch")
    assert "option of itch is 'colour'; allowed: instruments" in text
    text = said(0, "data", "import", source, "--format", "itch", "--out", tmp_path / "store")
    assert "rows of ALC, CHAR" in text
    text = said(2, "data", "check", f"{file}:instruments=ALPHA", "--format", "itch")
    assert "number of rows is 0; allowed: 1 or more in " in text
