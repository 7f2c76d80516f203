"""Many sources on one clock: any way of cutting them, and any number of them, gives the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data import Dataset, listing, merge
from backtest.data.merging import merged
from backtest.events import EventKind
from domain.errors import InvalidField
from tests.backtest.data.rows import bar, dataset, event, plainly_merged, rows

KINDS = (
    EventKind.SPLIT, EventKind.PHASE, EventKind.HALT, EventKind.ADD, EventKind.QUOTE,
    EventKind.LEVEL, EventKind.EXECUTE, EventKind.TRADE, EventKind.BAR,
)  # fmt: skip
sequences = st.lists(
    st.lists(st.tuples(st.integers(1, 6), st.sampled_from(KINDS)), max_size=12).map(
        lambda each: sorted(each, key=lambda pair: pair[0])
    ),
    min_size=1, max_size=5,
)  # fmt: skip


def numbered(drawn):
    """Rows that can all be told apart."""
    count = iter(range(1, 10_000))
    return [rows(*(event(t, kind, qty=next(count)) for t, kind in each)) for each in drawn]


def pieces(data, each):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(each)), max_size=4)))
    return iter(np.split(each, cuts))


@given(sequences, st.data())
def test_any_cutting_gives_the_same_rows(drawn, data):
    made = numbered(drawn)
    wanted = plainly_merged(made)
    got = list(merged([pieces(data, each) for each in made]))
    together = np.concatenate(got) if got else rows()
    assert together.tobytes() == wanted.tobytes()


@given(sequences, st.integers(0, 4), st.integers(1, 7))
def test_merging_merged_data_changes_nothing(drawn, split, size):
    made = [Dataset.of(each, listing("X")) for each in numbered(drawn)]
    flat = merge(*made)
    nested = merge(merge(*made[:split]), *made[split:]) if split else flat
    held = merge(Dataset.of(merge(*made[:split]).events(), listing("X")), *made[split:])
    assert flat.events().tobytes() == nested.events().tobytes() == held.events().tobytes()
    assert all(len(chunk) <= size for chunk in flat.chunks(size))
    assert b"".join(chunk.tobytes() for chunk in flat.chunks(size)) == flat.events().tobytes()


def test_what_happens_first_at_one_nanosecond():
    made = [dataset(event(5, kind)) for kind in reversed(KINDS)]
    order = [int(kind) for kind in merge(*made).events()["kind"]]
    first, book = {EventKind.SPLIT, EventKind.PHASE, EventKind.HALT}, set(KINDS[3:7])
    assert set(order[:3]) == first
    assert set(order[3:7]) == book
    assert order[7:] == [EventKind.TRADE, EventKind.BAR]


def test_one_source_keeps_its_own_order():
    book = dataset(event(5, EventKind.TRADE, qty=1), event(5, EventKind.ADD, qty=2))
    other = dataset(event(5, EventKind.QUOTE, qty=3))
    assert merge(book, other).events()["qty"].tolist() == [3, 1, 2]


def test_a_time_that_falls_is_named_with_its_row():
    chunks = iter([rows(event(5), event(7)), rows(event(6))])
    with pytest.raises(InvalidField, match=r"row 2, time is 6; allowed: at or after 7"):
        list(merged([chunks]))
    with pytest.raises(InvalidField, match="row 1, time"):
        dataset(event(2), event(1))


def test_symbols_are_numbered_in_the_order_of_first_mention():
    one = dataset(bar(10, 100), bar(20, 101, instrument=2), symbols=("A", "B"))
    two = dataset(bar(15, 50, instrument=2), symbols=("A", "C"))
    both = merge(one, two)
    assert [each.symbol for each in both.listings] == ["A", "B", "C"]
    assert both.events()["instrument"].tolist() == [1, 3, 2]
    assert (both.count, both.span) == (3, (10, 20))
    with pytest.raises(InvalidField, match="listing of A"):
        merge(one, Dataset.of(rows(), listing("A", tick="0.05")))


def test_parts_of_a_data_set():
    data = dataset(
        event(10, EventKind.ROLL, 1, ref=2), *(bar(t, t, 1 + t % 2) for t in range(11, 21)),
        symbols=("A", "B"),
    )  # fmt: skip
    part = data.between(12, 15)
    assert (part.count, part.span) == (4, (12, 15))
    assert (data.known_count, part.known_count) == (11, 0)
    assert merge(part, data.between(17, 17)).events()["time"].tolist() == [12, 13, 14, 15, 17]
    swapped = data.only("B", "A").events()
    assert swapped["instrument"][0] == 2
    assert swapped["ref"][0] == 1
    alone = data.only("B")
    assert alone.count == 5
    assert set(alone.events()["instrument"]) == {1}
    assert data.between(30, 40).span == (0, 0)
    with pytest.raises(InvalidField, match="between"):
        data.between(2, 1)
    with pytest.raises(InvalidField, match=r"symbol is 'Z'; allowed: A, B"):
        data.only("Z")


def test_rows_that_are_no_events():
    with pytest.raises(InvalidField, match="EVENT"):
        Dataset.of(np.zeros(3), listing("X"))
    with pytest.raises(InvalidField, match="row 0, instrument"):
        Dataset.of(rows(event(1, instrument=2)), listing("X"))
    with pytest.raises(InvalidField, match="each symbol once"):
        Dataset.of(rows(), listing("X"), listing("X"))
    with pytest.raises(InvalidField, match="rows is 0"):
        list(dataset(event(1)).chunks(0))
