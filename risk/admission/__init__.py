"""The pre-trade checks, one module a group, in the order of precedence of docs/rules.md 9.

`state`, `shape`, `price`, `size`, `exposure` and `flow` are the precise checks: each function
returns the first reason of its group that refuses the candidate and notes level, limit, observed
and headroom in it. They are the only source of truth. `clearance` answers the common case, that
nothing is wrong, in one walk over the levels; whenever it is not sure, the precise checks decide.

Does not live here: what an order does once it is in (`risk.positions`, `risk.fills`), and when
each check is called (`risk.checks`). Who may import it: risk, and tests.
"""
