"""Futures rolls against figures worked out by hand."""

import pytest

from backtest.data import Dataset, continuous, listing
from backtest.events import EventKind
from domain.codes import InstrumentType
from domain.errors import InvalidField
from tests.backtest.data.rows import bar, rows

CONTRACTS = [
    listing(name, "0.25", type=InstrumentType.FUTURE, contract=50) for name in ("H", "M", "U")
]
# day: (close, volume, open interest) of H, M, U
DAYS = {
    1: ((100, 900, 90), (110, 10, 10), None),
    2: ((102, 500, 80), (111, 600, 20), None),
    3: ((104, 300, 10), (115, 700, 50), (130, 5, 5)),
    4: ((105, 100, 5), (117, 800, 60), (131, 900, 61)),
    5: (None, (118, 300, 30), (133, 950, 70)),
}


def history():
    made = [
        bar(day, cell[0], number, length=1, qty=cell[1], qty_2=cell[2])
        for day, cells in DAYS.items()
        for number, cell in enumerate(cells, 1)
        if cell
    ]
    return Dataset.of(rows(*made), *CONTRACTS)


def leads(data):
    """(day, contract, close) of bars and (time, from, to) of rolls."""
    events = data.events()
    bars = events[events["kind"] == EventKind.BAR]
    shown = [(int(r["time"]), int(r["instrument"]), int(r["price"])) for r in bars]
    rolled = [
        (int(r["time"]), int(r["instrument"]), int(r["ref"]))
        for r in events
        if r["kind"] == EventKind.ROLL
    ]
    return shown, rolled


def test_by_volume_without_adjusting():
    shown, rolled = leads(continuous(history(), "volume"))
    # M trades more than H on day 2, which is known at its close; U more than M on day 4.
    assert rolled == [(3, 1, 2), (5, 2, 3)]
    assert shown == [
        (1, 1, 100), (2, 1, 102), (2, 2, 111), (3, 2, 115), (4, 2, 117), (4, 3, 131), (5, 3, 133),
    ]  # fmt: skip


def test_by_open_interest():
    _, rolled = leads(continuous(history(), "open_interest"))
    assert rolled == [(4, 1, 2), (5, 2, 3)]


def test_by_date():
    _, rolled = leads(continuous(history(), [1, 5]))
    assert rolled == [(2, 1, 2), (6, 2, 3)]
    with pytest.raises(InvalidField, match=r"roll from H to M is -1; allowed: a bar of both by 0"):
        continuous(history(), [0, 5])
    with pytest.raises(InvalidField, match="2 moments"):
        continuous(history(), [1])


def test_back_adjusted_by_difference():
    series = continuous(history(), "volume", "difference", "ES")
    shown, rolled = leads(series)
    # U - M at day 4: 131 - 117 = 14; M - H at day 2: 111 - 102 = 9, so H moves by 23, M by 14.
    assert shown == [(1, 1, 123), (2, 1, 125), (3, 1, 129), (4, 1, 131), (5, 1, 133)]
    assert rolled == []
    assert [each.symbol for each in series.listings] == ["ES"]


def test_back_adjusted_by_ratio():
    series = continuous(history(), "volume", "ratio")
    shown, _ = leads(series)
    up = 131 / 117
    assert shown == [
        (1, 1, round(100 * 111 / 102 * up)), (2, 1, round(102 * 111 / 102 * up)),
        (3, 1, round(115 * up)), (4, 1, 131), (5, 1, 133),
    ]  # fmt: skip
    assert series.listings[0].symbol == "H.continuous"


def test_a_contract_that_ends_is_left_at_its_last_common_bar():
    made = rows(bar(1, 10, qty=9), bar(1, 11, 2, qty=1), bar(2, 10, qty=9), bar(2, 12, 2, qty=1))
    _, rolled = leads(continuous(Dataset.of(made, *CONTRACTS[:2])))
    assert rolled == [(3, 1, 2)]


def test_what_cannot_be_rolled():
    data = history()
    with pytest.raises(InvalidField, match="roll is 'size'; allowed: volume or open_interest"):
        continuous(data, "size")
    with pytest.raises(InvalidField, match="adjust"):
        continuous(data, adjust="both")
    with pytest.raises(InvalidField, match="two contracts"):
        continuous(data.only("H"))
    falling = rows(bar(1, 5), bar(2, 100), bar(2, 50, 2, qty=500), bar(3, 51, 2))
    with pytest.raises(InvalidField, match=r"adjusted price is -45.*ratio"):
        continuous(Dataset.of(falling, *CONTRACTS[:2]), adjust="difference").events()
    mixed = Dataset.of(falling, CONTRACTS[0], listing("M", "0.5"))
    with pytest.raises(InvalidField, match="the same tick"):
        continuous(mixed, adjust="ratio")
