"""The folder on disk: whole or not there, checked, and read without being loaded."""

import json
import subprocess
import sys

import numpy as np
import pytest

from backtest.data import Dataset, bars, listing, open_store, write_store
from backtest.data.store import read_header
from domain.errors import AlreadyExists, InvalidField
from tests.backtest.data.rows import DAY, bar, dataset

HELD = dataset(*(bar(d * DAY, 100 + d, 1 + d % 2) for d in range(1, 26)), symbols=("A", "B"))


def test_what_is_written_is_read(tmp_path):
    kept = write_store(HELD, tmp_path / "deep" / "store", segment=7)
    assert kept.events().tobytes() == HELD.events().tobytes()
    assert (kept.listings, kept.count, kept.span) == (HELD.listings, 25, (DAY, 25 * DAY))
    part = open_store(tmp_path / "deep" / "store").between(8 * DAY, 15 * DAY)
    assert part.events()["time"].tolist() == [d * DAY for d in range(8, 16)]
    segments = list(read_header(tmp_path / "deep" / "store").verify())
    assert [each.rows for each in segments] == [7, 7, 7, 4]
    second = np.load(tmp_path / "deep" / "store" / "000001.npy")
    assert second["price"].tolist() == [*range(108, 115)]
    empty = write_store(dataset(), tmp_path / "empty")
    assert (empty.count, empty.span, empty.events().tolist()) == (0, (0, 0), [])


def test_a_store_is_whole_or_not_there(tmp_path):
    write_store(HELD, tmp_path / "store")
    with pytest.raises(AlreadyExists):
        write_store(HELD, tmp_path / "store")

    def broken(chunks):
        yield next(iter(chunks))
        raise RuntimeError("the disk is on fire")

    with pytest.raises(RuntimeError):
        write_store(HELD.derived(broken), tmp_path / "other", segment=2)
    assert [each.name for each in tmp_path.iterdir()] == ["store"]
    with pytest.raises(InvalidField, match="segment"):
        write_store(HELD, tmp_path / "other", segment=0)


def damage(path, change):
    text = json.loads((path / "header.json").read_text())
    change(text)
    (path / "header.json").write_text(json.dumps(text))


def test_damage_is_named(tmp_path):
    store = tmp_path / "store"
    write_store(HELD, store, segment=10)
    file = store / "000001.npy"
    sound = file.read_bytes()
    file.write_bytes(sound[:-1] + b"\x01")
    with pytest.raises(InvalidField, match=r"000001\.npy, file: digest"):
        list(read_header(store).verify())
    file.write_bytes(sound[:200])
    with pytest.raises(InvalidField, match=r"000001\.npy"):
        open_store(store).events()
    np.save(file, np.zeros(3))
    with pytest.raises(InvalidField, match="rows is '3 rows of 8 bytes'; allowed: 10 rows"):
        open_store(store).events()
    for change, message in (
        (lambda h: h.update(version=9), "version 9"), (lambda h: h.pop("listings"), "header"),
        (lambda h: h.update(dtype=[]), "import it again"),
    ):  # fmt: skip
        held = (store / "header.json").read_text()
        damage(store, change)
        with pytest.raises(InvalidField, match=message):
            open_store(store)
        (store / "header.json").write_text(held)
    with pytest.raises(FileNotFoundError):
        open_store(tmp_path / "nowhere")


def test_columns_that_one_account_cannot_hold():
    assert listing("BTC", "0.01", "1e-8").decimals == 10
    assert listing("ES", "0.25", contract=50).multiplier == 1250
    with pytest.raises(InvalidField, match="decimals of X"):
        listing("X", "0.001", decimals=2)


STREAM = """
import resource, sys
import numpy as np
from backtest.data import Dataset, listing, open_store, write_store
from backtest.data.dataset import Held
from backtest.events import EVENT, EventKind

class Endless:
    def rows(self, first, last):
        for part in range({chunks}):
            rows = np.zeros(65_536, EVENT)
            rows["time"] = np.arange(part * 65_536, (part + 1) * 65_536)
            rows["kind"], rows["instrument"], rows["price"], rows["qty"] = EventKind.TRADE, 1, 5, 1
            yield rows
    def extent(self):
        return None

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024

write_store(Dataset((listing("X"),), Endless()), sys.argv[1])
written = peak()
total = sum(int(chunk["qty"].sum()) for chunk in open_store(sys.argv[1]).chunks())
print(written, peak(), total)
"""


def test_memory_does_not_grow_with_the_data(tmp_path):
    found = {}
    for chunks in (8, 64):
        program = STREAM.format(chunks=chunks)
        done = subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / str(chunks))], text=True,
            capture_output=True, check=True,
        )  # fmt: skip
        found[chunks] = [int(word) for word in done.stdout.split()]
        assert found[chunks][2] == chunks * 65_536
    grown = found[64][1] - found[8][1]
    assert 64 * 65_536 * 88 >> 20 == 352  # MB
    assert grown < 60, found


def test_a_store_of_a_csv(tmp_path):
    (tmp_path / "x.csv").write_text("time,open,high,low,close\n60,1,2,1,2\n120,2,3,2,3\n")
    data = bars(tmp_path / "x.csv", "X", unit="s")
    assert write_store(data, tmp_path / "s").events().tobytes() == data.events().tobytes()
    assert Dataset.of(data.events(), listing("X")).count == 2
