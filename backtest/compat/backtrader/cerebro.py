"""`Cerebro`: data, strategies and the account put together and run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from backtest.compat.backtrader.feeds import PandasData
from backtest.compat.backtrader.house import House
from backtest.compat.histories import dataset_of
from backtest.data import merge
from backtest.results import Result
from backtest.settings import BarFills, Costs, Margin, Settings
from backtest.simulator import run
from domain.errors import InvalidField

ROOM = 0.9  # of the margin is checked by the exchange: prices may gap between order and open


class Account:
    """`cerebro.broker`: money before a run, and its end after one."""

    def __init__(self) -> None:
        self.cash, self.commission, self.value = 10_000.0, 0.0, 0.0
        self.slippage = 0.0

    def setcash(self, cash: float) -> None:
        """Cash at the start."""
        self.cash = cash

    def setcommission(self, commission: float = 0.0, **more: Any) -> None:
        """Commission as a part of each execution's value."""
        if any(more.values()):
            raise InvalidField("setcommission", sorted(more), "commission: see docs/migration.md")
        self.commission = commission

    def set_slippage_perc(self, perc: float) -> None:
        """What a market order pays beyond the price, as a part of it."""
        self.slippage = perc

    def getvalue(self) -> float:
        """Value at the end of the run, before one the cash."""
        return self.value or self.cash

    set_cash, get_value = setcash, getvalue


class Cerebro:
    """Put data and one strategy in, run, look at `result`."""

    def __init__(self, **_: Any) -> None:
        self.broker = Account()
        self.datas: list[PandasData] = []
        self._plan: tuple[Any, dict[str, Any]] | None = None
        self._sizer: Any = None
        self.result: Result | None = None

    def adddata(self, data: PandasData, name: str = "") -> PandasData:
        """Add a feed; its name is its symbol."""
        data._name = name or data._name or f"data{len(self.datas)}"
        self.datas.append(data)
        return data

    def addstrategy(self, strategy: Any, **parameters: Any) -> None:
        """The strategy to run, one for each Cerebro."""
        if self._plan is not None:
            raise InvalidField("addstrategy", strategy.__name__, "one for each Cerebro")
        self._plan = strategy, parameters

    def addsizer(self, sizer: Any, **settings: Any) -> None:
        """How many units an order has that names no size."""
        self._sizer = sizer(**settings)

    def run(self) -> list[Any]:
        """Run; returns the strategy in a list. Raises RuntimeError for what it raises."""
        if self._plan is None or not self.datas:
            raise InvalidField("Cerebro", "nothing to run", "adddata and addstrategy first")
        kind, parameters = self._plan
        house = House(kind, parameters, self.datas, self._sizer)
        bps, account = 10_000 * self.broker.commission, self.broker
        margin = int(10_000 * ROOM)
        settings = Settings(
            cash=account.cash, name=kind.__name__,
            costs=Costs(taker_bps=bps, maker_bps=bps, slippage_bps=10_000 * account.slippage),
            bars=BarFills(touch=True, volume_share=0),
            margin=Margin(initial_bps=margin, short_bps=margin),
        )  # fmt: skip
        parts = [dataset_of(data.frame, data._name) for data in self.datas]
        record = run(house, merge(*parts) if len(parts) > 1 else parts[0], settings=settings)
        if record.error:
            raise RuntimeError(record.error)
        self.result = Result(replace(record, parameters=vars(house.guest.params)))
        account.value = float(self.result.equity.iloc[-1])
        return [house.guest]

    def plot(self, filename: str | Path = "backtest.html", **_: Any) -> Path:
        """Write the report of the last run."""
        if self.result is None:
            raise InvalidField("plot", "before a run", "after run()")
        return self.result.report(filename)
