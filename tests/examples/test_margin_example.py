"""The margin desk: what is refused, and who has what at the end of the day."""

import runpy
from pathlib import Path

PROGRAM = Path(__file__).parents[2] / "examples" / "margin_desk.py"


def test_the_margin_desk(capsys):
    runpy.run_path(str(PROGRAM), run_name="__main__")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "order 1: enters"
    assert lines[1].startswith("order 2: refused by BUYING_POWER at account level")
    assert lines[2] == "order 3: enters"
    steps = [line.strip() for line in lines if line.startswith("    ") and line.isupper()]
    assert steps == "SET NEW_ORDER WITHDRAW DEPOSIT NEW_ORDER DEPOSIT WITHDRAW SET".split()
    cash = [int(line.split()[1]) for line in lines[-3:]]
    fall, rise, mark = 5_200 * 7_500, 90 * 7_500, 50 * 7_500
    assert cash[0] == 40_000_000 - fall + rise
    assert cash[2] == 500_000_000 + mark
    assert sum(cash) == 10_540_000_000
