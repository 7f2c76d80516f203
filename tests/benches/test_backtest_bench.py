"""The benchmark of back-tests runs, and its page says what the peers took."""

import json

import pytest

from benches.backtest import histories
from benches.backtest.__main__ import main

pytestmark = pytest.mark.compiled


def test_it_measures_all_forms_and_writes_the_page(tmp_path, capsys):
    words = "--bars 2000 --peer-bars 300 --events 500 --rounds 1 --json"
    main([*words.split(), str(tmp_path / "found")])
    found = json.loads((tmp_path / "found.json").read_text())
    names = [line["name"] for line in found["lines"]]
    assert names[:2] == ["gridworks, event-driven", "gridworks, compiled"]
    assert names[-1] == "gridworks, market maker on single orders"
    assert all(line["ns"] > 0 for line in found["lines"])
    assert found["lines"][0]["fills"] > 10
    assert (tmp_path / "found.md").read_text() == capsys.readouterr().out[:-1]


def test_the_flow_of_orders_never_names_an_order_that_is_gone():
    rows = next(histories.orders(3))[:20_000]
    live = set()
    for kind, ref in zip(rows["kind"].tolist(), rows["ref"].tolist()):
        live.add(ref) if kind == 1 else live.remove(ref)
    assert 100 < len(live) < 5_000
