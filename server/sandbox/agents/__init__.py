"""Who trades in the sandbox: flow without intelligence, market makers, followers of trends.

Lives here: the rates of the flow and how they are fitted (`rates`, flows.toml), the three kinds of
agents (`noise`, `makers`, `momentum`), what they remember (`memory`), and all of them together
(`crowd`).

Does not live here: when they act (`server.sandbox.market`). Agents are functions of the exchange
and of chance that is drawn from seed and step; they keep nothing between two steps.

Who may import it: server.sandbox, tests.
"""
