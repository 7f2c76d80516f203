"""The benchmark of the indicators runs, keeps what it did not measure and counts right."""

import json

import pytest
from typer.testing import CliRunner

from benches.indicators import PARTS, merged, missing, page, summary
from gridworks.cli import main

pytestmark = pytest.mark.skipif(bool(missing()), reason="needs TA-Lib, ta and talipp")
RECORDS = [
    {"name": "a", "1000": [1.0, 2.0, 0.5, 0.4]},
    {"name": "b", "1000": [3.0, 1.0, 3.0, 1.2]},
    {"name": "c", "1000": [1.0, 1.0, 1.0, 1.6]},
]


def test_ratios_above_the_bound_are_named() -> None:
    found = summary(RECORDS, 1_000)
    assert (found["functions"], found["median"], found["median_of_fastest"]) == (3, 1.0, 1.2)
    assert found["over_1.5"] == ["b 3.00"]
    assert found["over_1.5_of_fastest"] == ["c 1.60"]


def test_sizes_measured_before_are_kept() -> None:
    new = merged(RECORDS, [{"name": "a", "100000": [2.0, 2.0, 1.0, 1.0]}])
    assert new == [RECORDS[0] | {"100000": [2.0, 2.0, 1.0, 1.0]}]


def test_a_part_lands_on_the_page_and_the_rest_stays(tmp_path) -> None:
    file = tmp_path / "found.json"
    file.write_text(json.dumps({"talib": RECORDS}))
    arguments = ["indicators", "bench", "--quick", "--part", "cores", "--json", str(file)]
    done = CliRunner().invoke(main.build(), arguments)
    assert done.exit_code == 0, done.output
    found = json.loads(file.read_text())
    assert found["talib"] == RECORDS
    assert found["cores"]["one_s"] > 0.0
    assert file.with_suffix(".md").read_text() == page(found)
    assert "| b | 3.00 / 1.00 = 3.00 (1.20) |" in page(found)


def test_a_part_that_does_not_exist_is_refused() -> None:
    done = CliRunner().invoke(main.build(), ["indicators", "bench", "--part", "nothing"])
    assert done.exit_code == 2
    assert PARTS[0] in done.output
