"""The demo runs to its proofs."""

from typer.testing import CliRunner

from gridworks.cli import main


def test_the_demo_proves_what_it_says():
    done = CliRunner().invoke(main.build(), ["demo", "--commands", "4000"])
    assert done.exit_code == 0, done.output
    assert done.output.count("yes") == 4
    assert "VOLATILITY_AUCTION" in done.output
    assert "NODE_KILLED" in done.output
    for reason in ("FAT_FINGER_BPS", "ORDER_QTY_LIMIT", "ORDER_VALUE_LIMIT", "POSITION_LIMIT"):
        assert reason in done.output
