"""`gridworks margin`: a table for a portfolio, one line for what is wrong."""

from pathlib import Path
from zipfile import ZipFile

from typer.testing import CliRunner

from gridworks.cli.main import build
from tests.risk.scenario.test_readers import FILE

DATA = Path(__file__).parents[2] / "risk" / "scenario" / "data"


def run(*arguments: str):
    return CliRunner().invoke(build(), ["margin", *arguments])


def test_the_parts_of_a_portfolio(tmp_path):
    file = tmp_path / "held.csv"
    file.write_text("contract,quantity\nNIFTY-JUN,1\nNIFTY-JUL,-1\n")
    shown = run(str(file), "--parameters", str(DATA / "index_futures.json"), "--groups")
    assert shown.exit_code == 0, shown.output
    for line in ("scan risk", "837.00", "calendar charge", "9,000.00", "22,519.40", "NIFTY: scan"):
        assert line in shown.output
    options = run(
        str(file), "--parameters", str(DATA / "index_options.json"),
        "--contracts", str(DATA / "index_options.csv"),
    )  # fmt: skip
    assert "(INR)" in options.output


def test_a_span_file_and_what_is_wrong_with_it(tmp_path):
    held, span = tmp_path / "held.csv", tmp_path / "nse.spn"
    held.write_text("contract,quantity\nGOLD,1\n")
    span.write_text("<spanFile><pointInTime/></spanFile>")
    shown = run(str(held), "--parameters", str(span))
    assert shown.exit_code == 1
    assert "<pointInTime><date> in line 1" in shown.output
    shown = run(str(tmp_path / "none.csv"), "--parameters", str(span))
    assert shown.exit_code == 1
    assert "none.csv" in shown.output
    shown = run(str(held), "--parameters", str(DATA / "index_futures.json"))
    assert "position GOLD is 1; allowed: a contract of the parameters" in shown.output


def test_a_span_file_in_an_archive(tmp_path):
    held, archive = tmp_path / "held.csv", tmp_path / "span.zip"
    held.write_text("contract,quantity\nBANK-20260630,-2\n")
    with ZipFile(archive, "w") as made:
        made.writestr("readme.txt", "x")
        made.writestr("nsccl.spn", FILE.encode("latin-1"))
    shown = run(str(held), "--parameters", str(archive))
    assert "10,800.00" in shown.output, shown.output
    with ZipFile(archive, "a") as made:
        made.writestr("more.xml", "<a/>")
    assert "one .spn or .xml file" in run(str(held), "--parameters", str(archive)).output
    archive.write_text("no archive")
    assert "a zip archive" in run(str(held), "--parameters", str(archive)).output
