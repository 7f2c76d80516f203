"""Packed batches give back their rows, whatever these are; what is no packed batch is refused."""

import random
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import LogCorrupt
from journal import database, verify
from journal.packing import LEAST, pack, unpack
from tests.journal.rows import LAYOUT, ROW, blob_of, content, fill, open_log


@given(st.data(), st.sampled_from((8, 24, 192)), st.integers(1, 60))
def test_rows_come_back(data, size, count):
    """Rows that agree in some bytes; all, none and any number of them."""
    first = data.draw(st.binary(min_size=size, max_size=size))
    places = data.draw(st.sets(st.integers(0, size - 1)))
    dice = random.Random(data.draw(st.integers(0, 2**32)))
    rows = [bytearray(first) for _ in range(count)]
    for row in rows:
        for place in places:
            row[place] = dice.randrange(256)
    blob = b"".join(rows)
    stored = bytes(pack(blob, count, size))
    assert unpack(stored, count, size) == blob
    assert len(stored) <= len(blob)
    if count >= LEAST:
        assert len(stored) <= size // 8 + size + count * len(places)


@given(st.binary(max_size=400), st.integers(1, 40))
def test_any_bytes_are_rows_or_refused(stored, count):
    found = unpack(stored, count, 16)
    assert found is None or len(found) == count * 16


def test_rows_of_an_odd_size_are_stored_as_they_are():
    assert pack(bytes(13 * 100), 100, 13) == bytes(13 * 100)
    assert unpack(bytes(13 * 99), 100, 13) is None


def blobs(path):
    with closing(database.open_reader(path)) as db:
        return [blob for (blob,) in db.execute("SELECT blob FROM batches ORDER BY first_seq")]


def test_a_log_is_much_smaller_than_its_rows(tmp_path):
    path = tmp_path / "commands.db"
    with open_log(path) as log:
        fill(log, [1, LEAST, 1000])
        assert content(log) == blob_of(1, 1001 + LEAST)
    sizes = [len(blob) for blob in blobs(path)]
    assert sizes[0] == ROW
    assert sizes[1] < LEAST * ROW
    assert sizes[2] < 1000 * ROW / 3
    assert verify(path).ok


def test_a_log_of_the_first_format_is_read_and_goes_on_unpacked(tmp_path):
    path = tmp_path / "commands.db"
    database.create(path, database.Meta(ROW, LAYOUT, 1))
    for count in (300, 200):
        with open_log(path) as log:
            fill(log, [count])
    with open_log(path) as log:
        assert content(log) == blob_of(1, 500)
    assert [len(blob) for blob in blobs(path)] == [300 * ROW, 200 * ROW]
    assert verify(path).ok


def test_a_packed_batch_that_lies_about_its_count_is_named(tmp_path):
    """The digest is right: somebody wrote the chain anew."""
    from journal.chain import genesis, link
    from tests.journal.rows import tamper

    path = tmp_path / "commands.db"
    with open_log(path) as log:
        fill(log, [100])
    (stored,) = blobs(path)
    digest = link(genesis(ROW, LAYOUT).digest, 1, 90, stored)
    tamper(path, "UPDATE batches SET count = 90, digest = ?", digest)
    with pytest.raises(LogCorrupt, match="90 rows"), open_log(path):
        pass
