"""The margin benchmark runs, and its workload is what it says."""

import numpy as np

from benches.portfolio.margin import HELD, POSITIONS, Accounts, market, measure, one_account, orders


def test_the_workload():
    model = market()
    many, one = Accounts(model, 300), one_account(model)
    for account in many.contracts.reshape(-1, POSITIONS):
        assert len(set(account.tolist())) == POSITIONS
    parts = model.margins(many.bounds, many.contracts, many.quantities)
    assert (parts.sum(axis=1) > 0).all()
    assert (parts[:, 3] < 0).any()  # some earn credits
    held = [one.position(name) for name in model.tables.place]
    assert sum(p.quantity != 0 or p.open_buy + p.open_sell > 0 for p in held) >= HELD - 2
    assert (one.what_if_each(orders(model, 200)) != 0).mean() > 0.5
    assert np.abs(orders(model, 200)[:, 1:]).sum(axis=1).min() > 0


def test_it_measures():
    assert {len(figures) for figures in measure(1, accounts=50).values()} == {1}
