"""Tables and files to rows: the same from everywhere, and bad input named with its place."""

import pickle
import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backtest.data import bars, closes, levels, listing, orders, quotes, trades
from backtest.data import write_store as store
from backtest.data.sources import files
from backtest.events import EVENT, EventKind
from domain.codes import Side
from domain.errors import InvalidField
from tests.backtest.data.rows import DAY, PRICES, S

FRAME = pd.DataFrame(
    {
        "Open": [10.0, 10.5, 11.07], "High": [10.6, 11.0, 11.2], "Low": [9.9, 10.4, 11.0],
        "Close": [10.5, 10.9, 11.1], "Volume": [100, 200, 300],
    },
    index=pd.DatetimeIndex(["2024-03-07", "2024-03-08", "2024-03-11"], name="Date"),
)  # fmt: skip
QUOTED = ("bid", "bid_qty", "ask", "ask_qty")
NEW_YORK = "America/New_York"


def forms(tmp_path):
    """The same bars in every form that is understood."""
    flat = FRAME.reset_index()
    texts = flat.assign(Date=flat["Date"].dt.strftime("%Y-%m-%d"))
    flat.to_parquet(tmp_path / "bars.parquet")
    texts.to_csv(tmp_path / "bars.csv", index=False)
    texts.to_csv(tmp_path / "bars.csv.gz", index=False)
    return {
        "pandas": FRAME, "polars": pl.from_pandas(flat), "lazy": pl.from_pandas(flat).lazy(),
        "pyarrow": pa.Table.from_pandas(flat), "dict": flat.to_dict("list"),
        "numpy": FRAME.to_records(), "csv": tmp_path / "bars.csv",
        "gz": str(tmp_path / "bars.csv.gz"), "parquet": tmp_path / "bars.parquet",
    }  # fmt: skip


def test_every_form_gives_the_same_rows(tmp_path):
    made = {name: bars(form, "X", tz=NEW_YORK) for name, form in forms(tmp_path).items()}
    wanted = made["pandas"].events()
    for name, data in made.items():
        assert data.events().tobytes() == wanted.tobytes(), name
        assert (data.count, data.span) == (3, (int(wanted["time"][0]), int(wanted["time"][-1])))
    assert wanted["open"].tolist() == [1000, 1050, 1107]
    assert wanted["price"].tolist() == [1050, 1090, 1110]
    assert wanted["qty"].tolist() == [100, 200, 300]
    days = (wanted["time"] - wanted["start"]) / DAY
    assert days.tolist() == [1, 1, 1]
    for name in ("pandas", "csv", "parquet"):
        assert pickle.loads(pickle.dumps(made[name])).events().tobytes() == wanted.tobytes()
    later = made["csv"].between(int(wanted["time"][1]), int(wanted["time"][1]))
    assert later.events()["price"].tolist() == [1090]


def test_the_day_on_which_clocks_change_is_shorter():
    spring = FRAME.set_index(pd.DatetimeIndex(["2024-03-09", "2024-03-10", "2024-03-11"]))
    rows = bars(spring, "X", tz=NEW_YORK).events()
    assert ((rows["time"] - rows["start"]) // (3600 * S)).tolist() == [24, 23, 24]
    ends = bars(spring, "X", tz=NEW_YORK, stamp="end").events()
    assert ((ends["time"] - ends["start"]) // (3600 * S)).tolist() == [24, 24, 23]


def test_other_names_and_lengths():
    told = {"close": "Adj Close"}
    frame = FRAME.assign(**{"Adj Close": FRAME["Close"] - 0.1, "open_interest": [5, 6, 7]})
    rows = bars(frame, "X", tz="UTC", columns=told, period="12h").events()
    assert rows["price"].tolist() == [1040, 1080, 1100]
    assert rows["qty_2"].tolist() == [5, 6, 7]
    assert set(rows["time"] - rows["start"]) == {DAY // 2}
    with pytest.raises(InvalidField, match="column Adj"):
        bars(FRAME, "X", tz="UTC", columns=told)


def test_many_instruments_in_one_table():
    both = pd.concat([FRAME.assign(symbol="A"), FRAME.assign(symbol="B") * 1]).sort_index()
    data = bars(both, [listing("A"), listing("B", tick="0.005")], tz="UTC")
    rows = data.events()
    assert rows["price"][rows["instrument"] == 2].tolist() == [2100, 2180, 2220]
    with pytest.raises(InvalidField, match="row 0, symbol is 'A'"):
        bars(both, ["C", "D"], tz="UTC")
    with pytest.raises(InvalidField, match="column symbol"):
        bars(FRAME, ["A", "B"], tz="UTC")


def test_ticks_levels_and_orders():
    times = [1.5, 2.0, 3.25]
    stamps = {"time": [int(t * 1000) for t in times]}
    row = quotes(
        stamps | {"bid": [9.99, np.nan, 0], "bid_size": [5, 0, 0], "ask": [10.01, 10.0, 10.02],
                  "ask_size": [7, 8, 9]},
        "X", unit="ms",
    ).events()  # fmt: skip
    assert row["time"].tolist() == [int(t * S) for t in times]
    assert row[["price", "qty", "price_2", "qty_2"]].tolist() == [
        (999, 5, 1001, 7), (0, 0, 1000, 8), (0, 0, 1002, 9),
    ]  # fmt: skip
    row = trades(
        stamps | {"price": ["1.00", "1.01", "1.02"], "size": [1, 2, 3], "side": ["buy", "S", None],
                  "trade_id": [11, 12, 13]},
        "X", unit="ms",
    ).events()  # fmt: skip
    assert row["side"].tolist() == [Side.BUY, Side.SELL, 0]
    assert row["ref"].tolist() == [11, 12, 13]
    row = levels(
        stamps | {"side": [1, -1, -1], "price": [1.0, 1.5, 2.5], "qty": [3, 4, 0]}, "X", unit="ms"
    ).events()
    assert row["side"].tolist() == [Side.BUY, Side.SELL, Side.SELL]
    row = orders(
        stamps | {"action": ["add", "replace", "execute"], "id": [1, 1, 2], "side": "b b b".split(),
                  "price": [1.0, 1.01, 1.01], "qty": [5, 4, 3], "new_id": [0, 2, 0]},
        "X", unit="ms",
    ).events()  # fmt: skip
    assert row["kind"].tolist() == [EventKind.ADD, EventKind.REPLACE, EventKind.EXECUTE]
    assert row["qty_2"].tolist() == [0, 2, 0]


def test_closes_alone(tmp_path):
    wide = pd.DataFrame(
        {"A": [1.5, np.nan, 1.7], "B": [2.0, 2.1, 2.2]}, index=FRAME.index.rename(None)
    )
    data = closes(wide, tz="UTC", volume=9)
    assert [each.symbol for each in data.listings] == ["A", "B"]
    rows = data.events()
    assert rows["instrument"].tolist() == [1, 2, 2, 1, 2]
    for name in ("open", "high", "low", "price"):
        assert rows[name].tolist() == [150, 200, 210, 170, 220]
    assert set(rows["qty"]) == {9}
    wide.to_csv(tmp_path / "wide.csv", index_label="Date")
    again = closes(tmp_path / "wide.csv", tz="UTC", volume=9, columns={"time": "Date"})
    assert again.events().tobytes() == rows.tobytes()
    for form in (pl.from_pandas(wide.reset_index(names="date")).lazy(), pa.table(wide)):
        assert closes(form, tz="UTC", volume=9).events().tobytes() == rows.tobytes()
    with pytest.raises(InvalidField, match="one for each instrument"):
        closes({"time": [1, 2]}, unit="s")


BROKEN = [
    ({"Low": 10.8, "Close": 10.9}, r"row 1, high is Decimal\('10.70'\); allowed: at least the low"),
    ({"Open": 12.0}, "row 1, open is .*12.00.*; allowed: low to high"),
    ({"Close": 9.0}, "row 1, close is .*9.00.*; allowed: low to high"),
    ({"Low": 0.0}, "row 1, low is .*0.00.*; allowed: 1 to"),
    ({"Low": -1.0}, "row 1, low is"),
    ({"Volume": -5}, "row 1, volume is .*-5.*; allowed: 0 to"),
    ({"Open": np.nan}, "row 1, open is None; allowed: a number"),
    ({"Open": 10.511}, "row 1, open is 10.511; allowed: a multiple of 0.01"),
]


@pytest.mark.parametrize(("cells", "message"), BROKEN)
def test_bad_bars(tmp_path, cells, message):
    frame = FRAME.copy()
    frame.loc[frame.index[1], "High"] = 10.7
    frame.loc[frame.index[1], "Close"] = 10.6
    for name, value in cells.items():
        frame.loc[frame.index[1], name] = value
    with pytest.raises(InvalidField, match=message):
        bars(frame, "X", tz="UTC")
    frame.to_csv(tmp_path / "bad.csv")
    with pytest.raises(InvalidField, match=r"bad\.csv, row 1"):
        bars(tmp_path / "bad.csv", "X", tz="UTC").events()
    if "Open" in cells and cells["Open"] == 10.511:
        return
    with pytest.warns(UserWarning, match="1 of 3 rows are left out"):
        assert bars(frame, "X", tz="UTC", bad="drop").count == 2
    if not any(value != value for value in cells.values()):
        assert bars(frame, "X", tz="UTC", bad="keep").count == 3


def test_bad_tables():
    def made(frame, **how):
        return bars(frame, "X", **({"tz": "UTC"} | how))

    with pytest.raises(InvalidField, match="column high is None; allowed: a column high or h"):
        made(FRAME.drop(columns="High"))
    with pytest.raises(InvalidField, match=r"row 1, time is '2024-03-09.*sort=True"):
        made(FRAME.iloc[[2, 1, 0]], period="1D")
    assert made(FRAME.iloc[[2, 0, 1]], sort=True).events()["price"].tolist() == [1050, 1090, 1110]
    twice = FRAME.iloc[[0, 1, 1, 2]]
    with pytest.raises(InvalidField, match=r"row 2, time .* one bar for each time"):
        made(twice)
    with pytest.warns(UserWarning, match="1 of 4"):
        assert made(twice, bad="drop").count == 3
    with pytest.raises(InvalidField, match="tz is None"):
        made(FRAME, tz=None)
    with pytest.raises(InvalidField, match="period is None"):
        made(FRAME.iloc[:1])
    for how, message in (
        ({"bad": "ignore"}, "bad is 'ignore'"), ({"stamp": "left"}, "stamp"),
        ({"period": "x"}, "period"), ({"zone": "UTC"}, "option is 'zone'; allowed: tz, unit"),
        ({"rounding": "up!"}, "rounding"), ({"tick": 0}, "tick"),
    ):  # fmt: skip
        with pytest.raises(InvalidField, match=message):
            made(FRAME, **how)
    with pytest.raises(InvalidField, match="table is 'int'"):
        made(3)
    double = pd.DataFrame([[1.0] * 5] * 3, FRAME.index, [*PRICES, "Close"])
    with pytest.raises(InvalidField, match="columns is 'close'; allowed: each name once"):
        made(double)
    stamps = {"time": [1, 2], "qty": [1, 1]}
    with pytest.raises(InvalidField, match=r"column price is \(1,\); allowed: 2 values"):
        trades(stamps | {"price": [1.0]}, "X", unit="s")
    with pytest.raises(InvalidField, match="listing is 3"):
        trades(stamps | {"price": [1.0, 2.0]}, 3, unit="s")
    with pytest.raises(InvalidField, match=r"bid is .*; allowed: below the ask"):
        quotes({n: [2 - (n != "bid")] for n in ("time", *QUOTED)}, "X", unit="s")
    with pytest.raises(InvalidField, match="row 0, side is 'up'; allowed: buy"):
        levels({"time": [1], "side": ["up"], "price": [1.0], "qty": [1]}, "X", unit="s")
    with pytest.raises(InvalidField, match="row 0, side is 0; allowed: buy or sell"):
        levels({"time": [1], "side": [0], "price": [1.0], "qty": [1]}, "X", unit="s")


def test_bad_files(tmp_path):
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "ragged.csv").write_text("time,open\n1,2\n1,2,3\n")
    (tmp_path / "cut.parquet").write_bytes(b"PAR1 and then nothing")
    for name in ("empty.csv", "ragged.csv", "cut.parquet"):
        with pytest.raises(InvalidField, match=name):
            bars(tmp_path / name, "X", tz="UTC").events()
    with pytest.raises(FileNotFoundError):
        bars(tmp_path / "none.csv", "X", tz="UTC").events()


def test_a_file_in_pieces_is_the_file(tmp_path, monkeypatch):
    index = pd.date_range("2024-01-01", periods=50, freq="min")
    frame = pd.DataFrame(dict.fromkeys(PRICES, np.arange(50) + 100.0), index)
    frame.loc[index[33], "close"] = 1.0
    whole = bars(frame, "X", tz="UTC", bad="keep").events()
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_csv(tmp_path / "a.csv", index_label="time")
    monkeypatch.setattr(files, "PIECE", 7)
    frame[::-1].to_csv(tmp_path / "back.csv", index_label="time")
    back = bars(tmp_path / "back.csv", "X", tz="UTC", bad="keep", sort=True)
    assert back.events().tobytes() == whole.tobytes()
    frame.reset_index(names="time").to_parquet(tmp_path / "b.parquet")
    for name in ("a.csv", "b.parquet"):
        data = bars(tmp_path / name, "X", tz="UTC", bad="keep")
        assert data.events().tobytes() == whole.tobytes()
        with pytest.raises(InvalidField, match=f"{name}, row 33, close"):
            bars(tmp_path / name, "X", tz="UTC").events()


ticks = st.integers(1, 10**9)


@given(
    st.lists(st.tuples(ticks, ticks, ticks, ticks, st.integers(0, 10**9)), min_size=2, max_size=20),
    st.sampled_from(["0.01", "0.00001", "0.25"]),
)
def test_a_frame_survives_the_store(tmp_path_factory, made, tick):
    step = Decimal(tick)
    index = pd.date_range("2020-01-01", periods=len(made), freq="h", tz="UTC")
    cells = [(sorted(each[:4]), each[4]) for each in made]
    frame = pd.DataFrame(
        [(float(p[1] * step), float(p[3] * step), float(p[0] * step), float(p[2] * step), volume)
         for p, volume in cells],
        columns=["open", "high", "low", "close", "volume"], index=index,
    )  # fmt: skip
    data = bars(frame, listing("X", tick=tick, decimals=5))
    kept = store(data, tmp_path_factory.mktemp("store") / "s", segment=7)
    rows = kept.events()
    assert rows.tobytes() == data.events().tobytes()
    assert kept.listings == data.listings
    assert rows.dtype == EVENT
    assert rows["price"].tolist() == [p[2] for p, _ in cells]
    assert rows["start"].tolist() == index.as_unit("ns").asi8.tolist()
    assert kept.count == len(made)


def test_nothing_warns_about_good_data():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert bars(FRAME, "X", tz="UTC", bad="drop").count == 3
