"""A day at a margin desk: orders held back, a call, a liquidation, the settlement.

    python examples/margin_desk.py

The market is in this process. Margin is that of scenarios, so a hedge may enter where another
order may not; the monitor's steps are commands like any others.
"""

import numpy as np

import gridworks as gw

CONTRACTS = ("NIFTY-JUN", "NIFTY-JUL")
LAKH = 100_000_00  # 100,000 rupees in paise


def market():
    """An exchange with two futures, a trader, a maker with deep pockets, and a fund."""
    exchange = gw.Exchange()
    for name in CONTRACTS:
        exchange.add_instrument(name, "FUTURE", multiplier=7_500, margin_model=1)
    for name, cash in (("trader", 4 * LAKH), ("maker", 1_000 * LAKH), ("fund", 50 * LAKH)):
        exchange.add_account(name, cash=cash)
    exchange.set_phase("CONTINUOUS")
    return exchange


def order(exchange, account, contract, side, lots, price, number):
    """A limit order as a row."""
    message = gw.NewOrder(
        account=exchange.number("node", account), side=gw.Side[side], order_qty=lots, price=price,
        instrument=exchange.number("instrument", contract), cl_ord_id=number,
    )  # fmt: skip
    return np.frombuffer(message.pack(), gw.COMMAND)


def offered(exchange, gate, rows):
    """Send orders through the gate and say what became of them."""
    for row in rows:
        answer = gate.ask(row[0])
        gate.apply(row)
        said = "enters" if answer.allowed else "is held back"
        print(f"order {row['cl_ord_id'][0]} {said}: adds {answer.added / 100:,.2f} to the margin")


def main():
    exchange = market()
    model = gw.margin.Scenario(gw.margin.example("index_futures"))
    gate = gw.margin.Gate(model, exchange, dict(enumerate(CONTRACTS, 1)))
    for at, name in enumerate(CONTRACTS):
        gate.apply(order(exchange, "maker", name, "SELL", 9, 24_000, 10 + at))
        gate.apply(order(exchange, "maker", name, "BUY", 9, 23_990, 20 + at))
    offered(exchange, gate, [
        order(exchange, "trader", "NIFTY-JUN", "BUY", 1, 24_000, 1),
        order(exchange, "trader", "NIFTY-JUL", "BUY", 1, 24_000, 2),  # no money for a second lot
        order(exchange, "trader", "NIFTY-JUL", "SELL", 1, 23_990, 3),  # a hedge
    ])  # fmt: skip
    for part, amount in gate.margin(1).rows():
        print(f"    {part:16} {amount:>12,}")

    print("June falls by 5,200 points, July by 100: the spread has lost. The maker is gone.")
    withdrawn = np.frombuffer(gw.MassCancel(account=2).pack(), gw.COMMAND)
    gate.apply(withdrawn)
    for number, price in ((1, 18_800), (2, 23_900)):
        exchange.send(gw.messages.Tick(instrument=number, price=price))
    policy = gw.monitoring.Policy(insurance=3, attempts=1)
    monitor = gw.monitoring.Monitor(policy, extra=lambda account: gate.book(account).total)
    while len((step := monitor.step(exchange)).commands):
        for state in step.accounts:
            missing = state.shortfall / 100
            print(f"account {state.account} is {state.status.value}: {missing:,.2f} short")
        for row in step.commands:
            print(f"    {gw.codes.Command(row['command']).name}")
        gate.apply(step.commands)

    exchange.apply(gw.monitoring.end_of_day(exchange, {1: 18_850, 2: 23_900}))
    print(exchange.accounts()[["node", "cash", "unrealised", "margin"]].to_string(index=False))


if __name__ == "__main__":
    main()
