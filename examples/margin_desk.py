"""A day at a margin desk: an order refused, a hedge that enters, a call, a liquidation.

    python examples/margin_desk.py

The market is in this process. Margin is that of scenarios, so a hedge may enter where another
order may not; the monitor's steps are commands like any others.
"""

import gridworks as gw

CONTRACTS = ("NIFTY-JUN", "NIFTY-JUL")
LAKH = 100_000_00  # 100,000 rupees in paise


def market():
    """An exchange with two futures, a trader, a maker with deep pockets, and a fund."""
    exchange = gw.Exchange()
    for name in CONTRACTS:
        exchange.add_instrument(name, "FUTURE", multiplier=7_500)
    for name, cash in (("trader", 4 * LAKH), ("maker", 1_000 * LAKH), ("fund", 50 * LAKH)):
        exchange.add_account(name, cash=cash)
    exchange.set_phase("CONTINUOUS")
    return exchange


def held(exchange, model):
    """What the trader's portfolio needs, by part; the exchange holds the same amount."""
    rows = exchange.positions()
    mine = rows[rows["node"] == "trader"]
    return model.margin([
        gw.margin.Position(row.instrument, int(row.qty), int(row.open_buy), int(row.open_sell))
        for row in mine.itertuples()
    ])


def main():
    exchange = market()
    model = gw.margin.Scenario(gw.margin.example("index_futures"))
    gw.margin.put_in_force(exchange, model, {name: name for name in CONTRACTS})
    for at, name in enumerate(CONTRACTS):
        exchange.submit("maker", name, "SELL", 9, 24_000, cl_ord_id=10 + at)
        exchange.submit("maker", name, "BUY", 9, 23_990, cl_ord_id=20 + at)
    orders = (
        ("NIFTY-JUN", "BUY", 24_000),
        ("NIFTY-JUL", "BUY", 24_000),  # no money for a second lot
        ("NIFTY-JUL", "SELL", 23_990),  # a hedge
    )
    for number, (contract, side, price) in enumerate(orders, 1):
        report = exchange.submit("trader", contract, side, 1, price, cl_ord_id=number)[0]
        print(f"order {number}: {report.explain() if report.refused else 'enters'}")
    for part, amount in held(exchange, model).rows():
        print(f"    {part:22} {amount:>12,}")

    print("June falls by 5,200 points, July by 100: the spread has lost. The maker is gone.")
    exchange.send(gw.MassCancel(account="maker"))
    for name, price in (("NIFTY-JUN", 18_800), ("NIFTY-JUL", 23_900)):
        exchange.send(gw.messages.Tick(instrument=name, price=price))
    monitor = gw.monitoring.Monitor(gw.monitoring.Policy(insurance=3, attempts=1))
    while len((step := monitor.step(exchange)).commands):
        for state in step.accounts:
            missing = state.shortfall / 100
            print(f"account {state.account} is {state.status.value}: {missing:,.2f} short")
        for row in step.commands:
            print(f"    {gw.codes.Command(row['command']).name}")
        exchange.apply(step.commands)

    exchange.apply(gw.monitoring.end_of_day(exchange, {1: 18_850, 2: 23_900}))
    print(exchange.accounts()[["node", "cash", "unrealised", "margin"]].to_string(index=False))


if __name__ == "__main__":
    main()
