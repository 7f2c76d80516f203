"""`Strategy`: what user classes inherit from, with the names that backtrader has."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from backtest.compat.backtrader.feeds import PandasData
from backtest.compat.backtrader.lines import Clock
from backtest.compat.backtrader.orders import ExecType, Order, Position, Trade
from domain.errors import InvalidField

WAITING = (ExecType.Stop, ExecType.StopLimit)


class Strategy:
    """Override `__init__` (indicators), `next` and the notifications."""

    params: Any = ()

    def __new__(cls, *_: Any, **__: Any) -> Strategy:
        raise InvalidField(cls.__name__, "made by hand", "added to a Cerebro")

    def prepare(self, house: Any, datas: list[PandasData], parameters: dict[str, Any]) -> None:
        """Before `__init__`, which user classes write without calling this one's."""
        self._house = house
        self.datas, self.data, self.data0 = datas, datas[0], datas[0]
        for number, data in enumerate(datas):
            setattr(self, f"data{number}", data)
        self.dnames = SimpleNamespace(**{d._name: d for d in datas if d._name})
        known = defaults(type(self))
        for name in parameters:
            if name not in known:
                raise InvalidField("parameters", name, ", ".join(known) or "none")
        self.params = self.p = SimpleNamespace(**(known | parameters))
        self.broker, self.clock = house.broker_view, Clock()
        self.clock.sources = {n: getattr(datas[0], n) for n in ("open", "high", "low", "close")}

    def __len__(self) -> int:
        return len(self.data)

    # ------------------------------------------------------------------ to override

    def start(self) -> None:
        """Before the first bar."""

    def prenext(self) -> None:
        """A bar while an indicator has no value yet."""

    def nextstart(self) -> None:
        """The first bar with all values."""
        self.next()

    def next(self) -> None:
        """A bar with all values."""

    def stop(self) -> None:
        """After the last bar."""

    def notify_order(self, order: Order) -> None:
        """The status of an order has changed."""

    def notify_trade(self, trade: Trade) -> None:
        """A trade was opened, changed or closed."""

    # ------------------------------------------------------------------ orders

    def buy(self, data: Any = None, size: int | None = None, **terms: Any) -> Order | None:
        """Buy; `terms`: price, plimit, exectype, oco, trailamount, trailpercent."""
        order = self._house.order(1, data or self.data, size, **terms)
        assert order is None or isinstance(order, Order)
        return order

    def sell(self, data: Any = None, size: int | None = None, **terms: Any) -> Order | None:
        """Sell, beyond what is held: short; as `buy`."""
        order = self._house.order(-1, data or self.data, size, **terms)
        assert order is None or isinstance(order, Order)
        return order

    def close(self, data: Any = None, size: int | None = None, **terms: Any) -> Order | None:
        """End the position, or `size` of it."""
        held = self.getposition(data).size
        if not held:
            return None
        return (self.sell if held > 0 else self.buy)(data, size or abs(held), **terms)

    def buy_bracket(self, **terms: Any) -> list[Order]:
        """An entry with a stop and a target: size, price, exectype, stopprice, limitprice."""
        return list(self._house.bracketed(1, terms.pop("data", None) or self.data, **terms))

    def sell_bracket(self, **terms: Any) -> list[Order]:
        """As `buy_bracket`, short."""
        return list(self._house.bracketed(-1, terms.pop("data", None) or self.data, **terms))

    def cancel(self, order: Order) -> None:
        """Take an order back."""
        self._house.cancel(order.ref)

    def order_target_size(self, data: Any = None, target: int = 0, **terms: Any) -> Order | None:
        """What is missing to a position of `target`."""
        missing = target - self.getposition(data).size
        if not missing:
            return None
        return (self.buy if missing > 0 else self.sell)(data, abs(missing), **terms)

    def order_target_value(self, data: Any = None, target: float = 0, **terms: Any) -> Order | None:
        """What is missing to a position of that value at the last close."""
        units = int(abs(target) / (data or self.data).close[0])
        return self.order_target_size(data, units if target >= 0 else -units, **terms)

    def order_target_percent(
        self, data: Any = None, target: float = 0, **terms: Any
    ) -> Order | None:
        """What is missing to a position of that part (0.1: a tenth) of the account's value."""
        return self.order_target_value(data, target * self.broker.getvalue(), **terms)

    # ------------------------------------------------------------------ what is known

    @property
    def position(self) -> Position:
        """What is held in the first data."""
        return self.getposition()

    def getposition(self, data: Any = None) -> Position:
        """What is held in a data."""
        found = self._house.positions[(data or self.data).number]
        assert isinstance(found, Position)
        return found


def defaults(kind: type) -> dict[str, Any]:
    """Parameters of a class and of those that it inherits from."""
    found: dict[str, Any] = {}
    for base in reversed(kind.__mro__):
        own = vars(base).get("params", ())
        if not isinstance(own, property):
            found |= dict(own)
    return found
