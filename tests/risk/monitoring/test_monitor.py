"""From a call to the insurance account: each step a command, the same again for the same state."""

from __future__ import annotations

import numpy as np
import pytest

import gridworks as gw
from domain.attributes import InstrumentAttr
from domain.codes import Command, Phase, ReportType, Scope
from domain.errors import InvalidField
from domain.messages import KillOff, Message, Rearm, Resume, SetPhase, Setting
from domain.tables import Table
from engine.exchange import Exchange as Engine
from risk.monitoring import Monitor, Policy, Status, end_of_day, variation
from risk.monitoring.rows import rows_of
from tests.properties.streams import seeded_stream


def _market(**future: int) -> gw.Exchange:
    """A future at 100 with 10 a lot; long 10 with little cash, short 10 with much, and a fund."""
    exchange = gw.Exchange()
    fields = {"margin_model": 1, "margin_per_lot": 10, "reference_price": 100, **future}
    exchange.add_instrument("F", "FUTURE", **fields)
    for name, cash in (("long", 120), ("short", 5_000), ("fund", 10_000), ("maker", 50_000)):
        exchange.add_account(name, cash=cash, rrm_enter_bps=9_000, rrm_leave_bps=8_500)
    exchange.set_phase("CONTINUOUS")
    exchange.submit("short", "F", "SELL", 10, 100, cl_ord_id=1)
    exchange.submit("long", "F", "BUY", 10, 100, cl_ord_id=1)
    return exchange


def _mark(exchange: gw.Exchange, price: int, now: int = 0) -> None:
    exchange.send(gw.messages.Tick(instrument="F", price=price, transact_time=now))


def _names(step: object) -> list[str]:
    return [Command(row["command"]).name for row in step.commands]  # type: ignore[attr-defined]


def _run(exchange: gw.Exchange, monitor: Monitor) -> list[str]:
    """All steps until nothing is to be done; the names of their commands."""
    taken: list[str] = []
    while len((step := monitor.step(exchange)).commands):
        taken += _names(step)
        exchange.apply(step.commands)
        assert len(taken) < 100
    return taken


def test_a_call_closes_the_account_until_it_is_met() -> None:
    exchange, monitor = _market(), Monitor(Policy(insurance=3))
    assert not len(monitor.step(exchange).commands)
    _mark(exchange, 99)  # collateral 110, margin 100: above 90 %, so the exchange itself reduces
    step = monitor.step(exchange)
    assert not len(step.commands)
    assert [(s.account, s.status) for s in step.accounts] == [(1, Status.REDUCING)]
    _mark(exchange, 97)  # collateral 90 against 100: called, 75 not yet reached
    step = monitor.step(exchange)
    assert _names(step) == ["SET"]
    called = step.accounts[0]
    assert (called.status, called.shortfall, called.maintenance) == (Status.CALLED, 10, 75)
    assert called.utilisation_bps == 11_111
    exchange.apply(step.commands)
    refused = exchange.submit("long", "F", "BUY", 1, 97, cl_ord_id=5)
    assert refused[0].reason.name == "CLOSE_ONLY"
    assert not len(monitor.step(exchange).commands)
    exchange.deposit("long", 50)
    step = monitor.step(exchange)
    assert _names(step) == ["SET"]
    exchange.apply(step.commands)
    assert exchange.submit("long", "F", "SELL", 1, 99, cl_ord_id=6)[0].reason.name == "NONE"


def test_an_unmet_call_is_liquidated_when_its_time_is_over() -> None:
    exchange, monitor = _market(), Monitor(Policy(grace_ns=1_000, insurance=3))
    _mark(exchange, 97, now=10)
    exchange.apply(monitor.step(exchange).commands)
    exchange.submit("maker", "F", "BUY", 50, 96, cl_ord_id=1)
    _mark(exchange, 97, now=1_009)
    assert not len(monitor.step(exchange).commands)
    _mark(exchange, 97, now=1_010)
    step = monitor.step(exchange)
    assert _names(step) == ["NEW_ORDER"]
    assert (step.commands["order_qty"][0], step.commands["price"][0]) == (3, 96)  # a quarter, 2 %
    exchange.apply(step.commands)
    assert _run(exchange, monitor) == ["SET"]  # 7 lots at 96: margin 70, collateral 80: healthy


def test_the_whole_ladder() -> None:
    """Cancel, close what the book takes, transfer the rest, cover the debt."""
    exchange = _market()
    monitor = Monitor(Policy(insurance=3, attempts=2, share_bps=5_000, protection_bps=500))
    exchange.submit("long", "F", "SELL", 1, 130, cl_ord_id=9)
    exchange.submit("maker", "F", "BUY", 2, 76, cl_ord_id=1)
    cash = exchange.accounts()["cash"].sum()
    _mark(exchange, 80)  # collateral 120 - 200 = -80
    assert _run(exchange, monitor) == [
        "SET", "MASS_CANCEL",
        "NEW_ORDER",  # 5 lots: 2 trade at 76
        "NEW_ORDER", "NEW_ORDER",  # nobody buys at 73 or more: two attempts
        "WITHDRAW", "DEPOSIT",  # 8 lots to the fund at 76
        "WITHDRAW", "DEPOSIT",  # its debt
        "SET",  # it may trade again
    ]  # fmt: skip
    held = exchange.table(Table.POSITION)
    assert {(r["node"], r["qty"]) for r in held[1:]} >= {(1, 0), (2, -10), (3, 8), (4, 2)}
    fund, long = (exchange.accounts().set_index("node").loc[name] for name in ("fund", "long"))
    assert long["cash"] == 0
    assert fund["cash"] == 10_000 - (10 * 24 - 120)
    # the short has not realised its gain of 240: until then that is what cash is short of
    assert exchange.accounts()["cash"].sum() == cash - 240


def test_the_same_log_makes_the_same_commands() -> None:
    runs = []
    for _ in range(2):
        exchange, monitor, made = _market(), Monitor(Policy(insurance=3)), []
        _mark(exchange, 85)
        while len((step := monitor.step(exchange)).commands):
            made.append(step.commands.tobytes())
            exchange.apply(step.commands)
        runs.append((made, exchange.state_hash()))
    assert runs[0] == runs[1]


def test_without_an_insurance_account_and_without_a_market_it_waits() -> None:
    exchange, monitor = _market(), Monitor(Policy(attempts=1))
    exchange.set_phase("CLOSED")
    _mark(exchange, 80)
    assert _run(exchange, monitor) == ["SET"]
    exchange.set_phase("CONTINUOUS")
    assert _run(exchange, monitor) == ["NEW_ORDER"]
    exchange.submit("maker", "F", "BUY", 10, 80, cl_ord_id=1)
    assert monitor.step(exchange).accounts[0].status is Status.LIQUIDATING


@pytest.mark.parametrize("seed", range(4))
def test_after_any_day_the_ladder_ends_and_keeps_the_books(seed: int) -> None:
    """Random days, then everybody is liquidated: no step is refused but by the market itself."""
    exchange = Engine()
    exchange.apply(seeded_stream(seed, 300))
    fund, everybody = 10, range(1, len(exchange.table(Table.NODE)))
    again: list[Message] = [KillOff(scope=Scope.NODE, entity=node) for node in everybody]
    again += [Rearm(entity=node) for node in everybody]
    for at in (1, 2, 3):
        again.append(KillOff(scope=Scope.INSTRUMENT, entity=at))
        fixed = {"scope": Scope.INSTRUMENT, "entity": at, "value": 1}
        again.append(Setting(**fixed, attribute=InstrumentAttr.TRADABLE))
    again += [KillOff(), Resume(), SetPhase(phase=Phase.CONTINUOUS)]
    exchange.apply(rows_of(again))
    before = _books(exchange)
    policy = Policy(call_bps=1, maintenance_bps=10_000, grace_ns=0, attempts=1, insurance=fund)
    monitor, refused, steps = Monitor(policy, extra=lambda account: 10**12), set(), 0
    while len((step := monitor.step(exchange)).commands):
        reports = exchange.apply(step.commands)
        told = reports[reports["report"] == ReportType.ADMIN]
        refused |= set(told["reason"].tolist())
        steps += 1
        assert steps < 500
    assert refused == {0}
    assert steps >= 3  # cancel, close, transfer
    assert _books(exchange) == before
    held = exchange.table(Table.POSITION)
    left = held[(held["qty"] != 0) & (exchange.table(Table.NODE)["level"][held["node"]] == 1)]
    models = exchange.table(Table.INSTRUMENT)[:, InstrumentAttr.MARGIN_MODEL]
    assert all(row["node"] == fund or models[row["instrument"]] == 0 for row in left)


def _books(exchange: Engine) -> tuple[dict[int, int], int]:
    """Lots by instrument over all accounts, and cash with what positions and fees have made."""
    accounts = exchange.table(Table.NODE)["level"] == 1
    rows = exchange.table(Table.POSITION)
    mine = rows[accounts[rows["node"]]]
    lots = {}
    for row in mine:
        lots[int(row["instrument"])] = lots.get(int(row["instrument"]), 0) + int(row["qty"])
    nodes = exchange.table(Table.NODE)[accounts]
    models = exchange.table(Table.INSTRUMENT)[:, InstrumentAttr.MARGIN_MODEL]
    paid = models[mine["instrument"]] == 0
    made = int(mine["fifo_realised"][~paid].sum())
    cash = int(nodes["cash"].sum()) + int(mine["fees"].sum()) - made
    return lots, cash


def test_square_off_closes_everything() -> None:
    exchange, monitor = _market(tick=5, lot_size=5), Monitor()
    exchange.submit("maker", "F", "SELL", 20, 105, cl_ord_id=1)
    exchange.submit("maker", "F", "BUY", 20, 95, cl_ord_id=2)
    monitor = Monitor(Policy(protection_bps=900))
    for _ in range(2):
        step = monitor.square_off(exchange, [1, 2])
        exchange.apply(step.commands)
    assert {(r["node"], r["qty"]) for r in exchange.table(Table.POSITION)[1:]} == {
        (1, 0), (2, 0), (4, 0)
    }  # fmt: skip
    assert not len(monitor.square_off(exchange, [1, 2]).commands)


def test_orders_stay_inside_bands_and_sizes() -> None:
    exchange = _market(dynamic_bps=100, static_low=50)
    exchange.set_instrument("F", freeze_qty=2)
    _mark(exchange, 80)
    monitor = Monitor(Policy(protection_bps=5_000))
    exchange.apply(monitor.step(exchange).commands[:1])
    order = monitor.step(exchange).commands[0]
    assert (order["price"], order["order_qty"]) == (80, 2)  # 1 % of 80 is less than a tick
    reports = exchange.apply(np.array([order]))
    assert reports["reason"][0] == 0


def test_shares_are_transferred_against_their_price_and_short_ones_stay() -> None:
    exchange = gw.Exchange()
    exchange.add_instrument("S", "EQUITY", reference_price=100, multiplier=2)
    for name in ("owner", "seller", "fund"):
        exchange.add_account(name, cash=2_000)
    exchange.set_phase("CONTINUOUS")
    exchange.submit("seller", "S", "SELL", 5, 100, cl_ord_id=1)
    exchange.submit("owner", "S", "BUY", 5, 100, cl_ord_id=1)
    monitor, taken = Monitor(Policy(insurance=3, attempts=1)), []
    while len((step := monitor.square_off(exchange, [1])).commands):
        taken += _names(step)
        exchange.apply(step.commands)
    assert taken == ["NEW_ORDER", "WITHDRAW", "DEPOSIT", "WITHDRAW", "DEPOSIT"]
    assert exchange.accounts()["cash"].tolist() == [2_000, 3_000, 1_000]
    assert {(r["node"], r["qty"]) for r in exchange.table(Table.POSITION)[1:]} == {
        (1, 0), (2, -5), (3, 5)
    }  # fmt: skip
    exchange.apply(monitor.square_off(exchange, [2]).commands)
    assert not len(monitor.square_off(exchange, [2]).commands)


def test_variation_margin_at_the_end_of_a_day() -> None:
    exchange = _market(multiplier=3)
    exchange.submit("short", "F", "SELL", 4, 110, cl_ord_id=2, time_in_force="GTC")
    assert variation(exchange, {1: 103}) == {1: 90, 2: -90}
    before = exchange.accounts().set_index("node")["cash"]
    rows = end_of_day(exchange, {1: 103})
    reports = exchange.apply(rows)
    assert set(reports["reason"]) == {0}
    after = exchange.accounts().set_index("node")
    assert (after["cash"] - before).loc[["long", "short"]].tolist() == [90, -90]
    assert after["unrealised"].tolist() == [0, 0, 0, 0]
    lots = {r["node"]: r["qty"] for r in exchange.table(Table.POSITION)[1:]}
    assert (lots[1], lots[2]) == (10, -10)
    assert variation(exchange, {}) == {1: 0, 2: 0}
    assert len(exchange.orders()) == 1  # good till canceled


def test_the_engine_itself_can_be_monitored() -> None:
    assert not len(Monitor().step(Engine()).commands)
    assert len(end_of_day(Engine(), {})) == 1


@pytest.mark.parametrize(
    "fields", [{"call_bps": 0}, {"share_bps": 10_001}, {"attempts": 1.5}, {"insurance": True}]
)
def test_a_policy_checks_itself(fields: dict[str, int]) -> None:
    with pytest.raises(InvalidField, match=next(iter(fields))):
        Policy(**fields)


def test_marks_are_checked() -> None:
    exchange = _market()
    for marks in ({2: 100}, {1: 0}):
        with pytest.raises(InvalidField, match="instrument"):
            end_of_day(exchange, marks)
