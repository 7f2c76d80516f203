"""`gridworks.Exchange`: an exchange in this process, with names, messages, reports and tables.

    >>> import gridworks as gw
    >>> exchange = gw.Exchange()
    >>> _ = exchange.add_instrument("ACME")
    >>> for name in ("alice", "bob"):
    ...     _ = exchange.add_account(name, cash=1_000_000)
    >>> _ = exchange.deposit("bob", 50, instrument="ACME", price=100)
    >>> _ = exchange.set_phase("CONTINUOUS")
    >>> _ = exchange.submit("bob", "ACME", "SELL", 10, 101, cl_ord_id=1)
    >>> reports = exchange.submit("alice", "ACME", "BUY", 4, 101, cl_ord_id=1)
    >>> [r.exec_type.name for r in reports], reports[-1].avg_px
    (['NEW', 'TRADE', 'TRADE'], Decimal('101'))
    >>> exchange.depth("ACME")
    ([], [(101, 6, 1)])

The engine below takes numbers only and the same rows always give the same reports; `apply` is the
way for rows. One thread at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from domain import layout, messages
from domain.attributes import InstrumentAttr, NodeAttr
from domain.codes import Feed, InstrumentType, OrdType, Phase, Scope, Side
from domain.errors import InvalidField, Unavailable
from domain.fields import Field, attributes_named, code_named
from domain.limits import INT64_MAX
from domain.messages import Id, Message, NewOrder, Node, Setting
from domain.tables import Table
from engine.exchange import Exchange as Engine
from gridworks.local import views
from gridworks.local.durable import Durable, Labels, parts_of, unpack
from gridworks.local.report import Newest, Report
from gridworks.local.sending import ORDER_CODES, not_taken, packed
from journal import Policy, Recovery

if TYPE_CHECKING:
    import pandas as pd

    from gridworks.profiles import Profile

Rows = np.ndarray[Any, Any]
_LEVELS = (messages.Account, messages.Desk, messages.Client, messages.Firm)
_NODES: dict[str, type[Node]] = {k.__name__.lower(): k for k in _LEVELS}


class Exchange:
    """An exchange in this process.

    Args:
        log: path of the command log; opening one that exists brings the state back. None: in
            memory only.
        policy: "disk": `apply` returns when the rows are on the device. "memory": at once.
        snapshot_every: write a snapshot into the log after so many commands; 0: only at `close`
            and `checkpoint`.
        feed: which MARKET rows `market()` gives.
        clock: gives ns since 1970 for messages without a transact_time, for example
            `time.time_ns`. None: they get the exchange's time, which then stands still.
        keep_reports: `reports()` and `trades()` show at least so many of the newest rows.

    Raises:
        InvalidField: an argument is something else.
        LogError: the log cannot be used; `domain.errors` has the cases.
    """

    def __init__(
        self,
        log: str | Path | None = None,
        *,
        policy: Policy = "disk",
        snapshot_every: int = 0,
        feed: Feed | str = Feed.NONE,
        clock: Callable[[], int] | None = None,
        keep_reports: int = 10_000,
    ) -> None:
        if policy not in get_args(Policy):
            raise InvalidField("policy", policy, " or ".join(get_args(Policy)))
        feed = Feed(Field("feed", 0, 0, Feed.ALL).check(code_named("feed", Feed, feed)))
        keep_reports = Field("keep_reports", 0, 0, INT64_MAX).check(keep_reports)
        self._durable: Durable | None = None
        self._engine, self._labels = Engine(feed=feed), Labels()
        if log is not None:
            self._durable = Durable(log, policy=policy, snapshot_every=snapshot_every, feed=feed)
            self._engine, self._labels = self._durable.engine, self._durable.labels
        self._feed, self._clock, self._closed = feed, clock, False
        self._newest = Newest(keep_reports)

    # ------------------------------------------------------------------ rows and messages

    def apply(self, commands: Rows, out: Rows | None = None) -> Rows:
        """COMMAND rows in, REPORT rows out; with a log they are durable before they are applied.

        With `out` the result may be a view of it, and `reports()` does not see the rows. Without a
        log one row takes about 3 us, a row of a large batch a tenth of that or less.

        >>> Exchange().apply(np.zeros(2, layout.COMMAND))["reason"].all()  # both are refused
        np.True_

        Raises:
            InvalidField: not rows of `domain.layout.COMMAND`.
            StorageFull: nothing was applied; free some space and repeat.
            Unavailable: closed, or a batch was cut short; open the log again.
        """
        if self._durable is not None:
            reports = self._durable.apply(commands, out)
        elif self._closed:
            raise Unavailable("the exchange was closed")
        else:
            engine = self._engine
            before, first = engine.population, engine.seq + 1
            reports = engine.apply(commands, out)
            if engine.population != before:
                self._labels.learn(commands, reports, first)
        if out is None and len(reports):
            self._newest.add(reports)
        return reports

    def send(self, *messages: Message) -> list[Report]:
        """Apply messages as one batch, about 7 us each; names are those known before the batch.

        >>> firm = messages.Firm(label="fund", entity=1)
        >>> [report.explain() for report in Exchange().send(firm, firm)]
        ['accepted', 'refused by ID_NOT_NEXT: limit 2, observed 1, headroom 0']

        Raises InvalidField for what is no message, a name that is not known, a clock's bad time.
        """
        data = packed(messages, self._labels.numbers, self._clock)
        rows = self.apply(np.ndarray(len(messages), layout.COMMAND, data))
        return [Report(rows, at) for at in range(len(rows))]

    def submit(
        self, account: Id | NewOrder, instrument: Id = 0, side: Side | str = Side.BUY,
        order_qty: int = 0, price: int = 0, *, cl_ord_id: int = 0, **more: Any,
    ) -> list[Report]:  # fmt: skip
        """A new order: a NewOrder, or its fields (price in ticks, order_qty in lots).

        Without a price it is a market order unless `ord_type` says otherwise. `more` are the
        other fields of NewOrder. Codes may be given by name, flags too if it is one.
        About 12 us, O(1) but for its fills. A refusal is a report; what is not understood raises
        InvalidField.
        """
        if isinstance(account, NewOrder):
            return self.send(account)
        if not price:
            more.setdefault("ord_type", OrdType.MARKET)
        for field, codes in ORDER_CODES.items():
            if field in more:
                more[field] = code_named(field, codes, more[field])
        return self.send(
            NewOrder(
                account=account, instrument=instrument, side=code_named("side", Side, side),
                order_qty=order_qty, price=price, cl_ord_id=cl_ord_id, **more,
            )
        )  # fmt: skip

    def cancel(self, account: Id, orig_cl_ord_id: int = 0, **more: Any) -> list[Report]:
        """Cancel an order by its client id, or by `order_id=`; reports. O(1), about 8 us."""
        return self.send(messages.Cancel(account=account, orig_cl_ord_id=orig_cl_ord_id, **more))

    def replace(self, account: Id, orig_cl_ord_id: int = 0, **more: Any) -> list[Report]:
        """Change an order: `order_qty` (the new total, lots), `price` (ticks), `cl_ord_id`, ...

        O(1) but for its fills, about 10 us. Less quantity keeps the place in the queue.
        """
        return self.send(messages.Replace(account=account, orig_cl_ord_id=orig_cl_ord_id, **more))

    # ------------------------------------------------------------------ setting up

    def add_instrument(
        self, symbol: str, type: InstrumentType | str = InstrumentType.EQUITY,  # noqa: A002
        *, tick: int = 1, **attributes: int,
    ) -> int:  # fmt: skip
        """Add an instrument and return its number; it is CLOSED until `set_phase`.

        When an attribute is refused the instrument is there: go on with `set_instrument`.

        `tick` is the price step in price units; `attributes` are those of
        `domain.attributes.InstrumentAttr` in lower case: lot_size, multiplier, margin_bps, ...
        Another step from a price of 100 on: `tick_from_2=100, tick_2=5`; there may be eight.
        """
        self._refuse_taken("instrument", symbol)
        wanted = attributes_named(InstrumentAttr, {"tick_1": tick, **attributes})
        number = len(self._engine.table(Table.INSTRUMENT))
        kind = code_named("type", InstrumentType, type)
        self._do(messages.Instrument(label=symbol, entity=number, type=kind))
        for attribute, value in sorted(wanted.items()):  # a step's first price before the step
            self._set(Scope.INSTRUMENT, number, attribute, value)
        return number

    def add_account(
        self, name: str, *, parent: Id = 0, cash: int = 0, level: str = "account", **limits: int
    ) -> int:
        """Add an account (or `level` "desk", "client", "firm") and return its number.

        `cash` in minor units; `limits` are those of `domain.attributes.NodeAttr` in lower case.
        """
        self._refuse_taken("node", name)
        if level not in _NODES:
            raise InvalidField("level", level, ", ".join(_NODES))
        cash = Field("cash", 0, 0, INT64_MAX).check(cash)
        wanted = attributes_named(NodeAttr, limits)
        number = len(self._engine.table(Table.NODE))
        self._do(_NODES[level](label=name, entity=number, parent=parent))
        for attribute, value in wanted.items():
            self._set(Scope.NODE, number, attribute, value)
        if cash:
            self.deposit(number, cash)
        return number

    def set_limit(self, node: Id, **limits: int) -> None:
        """Set limits of an account, desk, client or firm: `max_order_qty=100, order_rate=50`.

        0 takes a limit away. Raises InvalidField when the name or the value is not allowed.
        """
        for attribute, value in attributes_named(NodeAttr, limits).items():
            self._set(Scope.NODE, node, attribute, value)

    def set_instrument(self, instrument: Id, **attributes: int) -> None:
        """Set attributes of an instrument: `static_low=90, static_high=110`."""
        for attribute, value in sorted(attributes_named(InstrumentAttr, attributes).items()):
            self._set(Scope.INSTRUMENT, instrument, attribute, value)

    def apply_profile(
        self, profile: Any, only: Collection[Id] | None = None, **changes: Any
    ) -> Profile:
        """Set instruments and accounts to a jurisdiction's limits: `gridworks.profiles.apply`."""
        from gridworks.profiles import apply

        return apply(self, profile, only, changes)

    def deposit(self, account: Id, value: int, *, instrument: Id = 0, price: int = 0) -> Report:
        """Cash in minor units; with `instrument`, so many lots of it at `price` a lot."""
        scope = Scope.POSITION if instrument else Scope.MARKET
        place: dict[str, Any] = {"instrument": instrument, "price": price, "scope": scope}
        return self._do(messages.Deposit(account=account, value=value, **place))

    def withdraw(self, account: Id, value: int) -> Report:
        """Take out cash in minor units; a refusal (INSUFFICIENT_CASH) is in the report."""
        return self.send(messages.Withdraw(account=account, value=value))[0]

    def set_phase(self, phase: Phase | str, instrument: Id = 0) -> list[Report]:
        """Move the market, or one instrument, to a trading phase."""
        scope = Scope.INSTRUMENT if instrument else Scope.MARKET
        wanted = code_named("phase", Phase, phase)
        return self.send(messages.SetPhase(phase=wanted, scope=scope, entity=instrument))

    def _refuse_taken(self, kind: str, label: Any) -> None:
        if not label or not isinstance(label, str) or label in self._labels.numbers[kind]:
            raise InvalidField(f"name of the {kind}", label, "a text that is not in use as a name")

    def _set(self, scope: Scope, entity: Id, attribute: int, value: int) -> None:
        self._do(Setting(scope=scope, entity=entity, attribute=attribute, value=value))

    def _do(self, message: Message) -> Report:
        """Send what must succeed. Raises InvalidField with the reason when it is refused."""
        report = self.send(message)[0]
        if report.refused:
            raise not_taken(message, report)
        return report

    # ------------------------------------------------------------------ looking

    def number(self, kind: str, name: Id) -> int:
        """The number behind a name; `kind` is "instrument" or "node". Raises InvalidField."""
        if kind not in self._labels.numbers:
            raise InvalidField("kind", kind, "instrument or node")
        if not isinstance(name, str):
            return Field(kind, 0, 0, INT64_MAX, names=kind).check(name)
        found = self._labels.numbers[kind].get(name)
        if found is None:
            raise InvalidField(kind, name, "a name that was added to this exchange")
        return found

    def depth(
        self, instrument: Id, levels: int | None = None
    ) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
        """(bids, asks), best first: (price in ticks, displayed lots, orders). O(levels)."""
        bids, asks = self._engine.depth(self.number("instrument", instrument), levels)
        return [tuple(row) for row in bids.tolist()], [tuple(row) for row in asks.tolist()]

    def market(self) -> Rows:
        """The MARKET rows since the last call; `feed` says which are written. O(rows)."""
        return self._engine.market()

    def positions(self) -> pd.DataFrame:
        """Positions in lots of accounts, and their sums on desks, clients and firms. O(rows)."""
        return views.positions(self._engine, *self._texts())

    def orders(self, account: Id | None = None, instrument: Id | None = None) -> pd.DataFrame:
        """Live orders (ticks, lots), of one account or instrument when given. O(all orders)."""
        found = views.orders(self._engine, *self._texts())
        if account is not None:
            found = found[found["account"].isin([account, self._text("node", account)])]
        if instrument is not None:
            wanted = [instrument, self._text("instrument", instrument)]
            found = found[found["instrument"].isin(wanted)]
        return found.reset_index(drop=True)

    def accounts(self) -> pd.DataFrame:
        """Accounts, desks, clients and firms with cash, margin and profit in minor units."""
        return views.nodes(self._engine, self._labels.texts["node"])

    def instruments(self) -> pd.DataFrame:
        """Instruments with phase, last price and volume of the day."""
        return views.instruments(self._engine, self._labels.texts["instrument"])

    def reports(self) -> pd.DataFrame:
        """The newest report rows (`keep_reports`)."""
        return views.reports(self._newest.rows(), *self._texts())

    def trades(self) -> pd.DataFrame:
        """The fills among the newest report rows."""
        return views.trades(self._newest.rows(), *self._texts())

    def _texts(self) -> tuple[dict[int, str], dict[int, str]]:
        return self._labels.texts["node"], self._labels.texts["instrument"]

    def _text(self, kind: str, name: Id) -> Id:
        return self._labels.texts[kind].get(self.number(kind, name), name)

    # ------------------------------------------------------------------ state

    def table(self, table: Table | str) -> Any:
        """The rows of a table of the state (`domain.tables`), read-only; row 0 is unused."""
        return self._engine.table(code_named("table", Table, table))

    @property
    def seq(self) -> int:
        """How many commands have been applied."""
        return self._engine.seq

    @property
    def recovery(self) -> Recovery | None:
        """How the state came back when the log was opened; None without a log."""
        return self._durable.recovery if self._durable else None

    def state_hash(self) -> str:
        """SHA-256 of all state in hexadecimal; names are no part of it. O(memory in use)."""
        return self._engine.state_hash()

    def snapshot(self) -> dict[str, bytes]:
        """All state, with names and state hash, as named byte strings. O(memory in use).

        >>> copy = Exchange()
        >>> copy.restore(Exchange().snapshot())
        """
        return parts_of(self._engine, self._labels)

    def restore(self, parts: dict[str, bytes]) -> None:
        """Replace all state by a snapshot's; only without a log, which would contradict it.

        Raises InvalidField: damaged, or not of this layout; the state is as before.
        """
        if self._durable is not None:
            raise InvalidField("restore", "an exchange with a log", "an exchange without a log")
        engine, labels, same = unpack(parts, self._feed)
        if not same:
            raise InvalidField("snapshot", engine.state_hash(), "the state hash that it names")
        self._engine, self._labels = engine, labels

    def replay(self, batches: Iterable[Rows]) -> None:
        """Apply batches of commands, of any log, and drop their reports. As `apply`."""
        for batch in batches:
            self.apply(batch)
            self._engine.market()

    def checkpoint(self) -> None:
        """Write a snapshot into the log now. Raises StorageFull, LogFailed."""
        if self._durable is not None:
            self._durable.checkpoint()

    def flush(self) -> None:
        """Make durable what the policy "memory" still holds back."""
        if self._durable is not None:
            self._durable.log.flush()

    def close(self) -> None:
        """Write a snapshot into the log and let go of it; a second call does nothing."""
        if self._durable is not None and not self._closed:
            self._durable.close()
        self._closed = True

    def __enter__(self) -> Exchange:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Exchange seq={self.seq}>"
