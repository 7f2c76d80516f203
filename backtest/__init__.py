"""History through the same exchange that trades live.

Lives here: readers of market data files, strategies, the simulator that turns history and a
strategy into commands, costs, statistics, reports and parameter sweeps.

Does not live here: a second matching engine. A fill in a back-test comes out of
`engine.exchange` exactly as it would live; whatever a back-test needs to know about fills is in
report rows.

Who may import it: gridworks. It imports engine, risk, indicators, journal and domain.
"""

from importlib import import_module

# public name of `gw.backtest` -> "module" or "module:attribute"
PUBLIC = {
    "data": "backtest.data",
    "Dataset": "backtest.data:Dataset",
    "Strategy": "backtest.strategy:Strategy",
    "Bar": "backtest.views:Bar",
    "Tick": "backtest.views:Tick",
    "Book": "backtest.views:Book",
    "Report": "backtest.views:Report",
    "run": "backtest.simulator:run",
    "signals": "backtest.simulator:signals",
    "compiled": "backtest.simulator.functions:compiled",
    "kernels": "backtest.simulator.core.kernels",
    "Settings": "backtest.settings:Settings",
    "Costs": "backtest.settings:Costs",
    "BarFills": "backtest.settings:BarFills",
    "Delay": "backtest.settings:Delay",
    "Latency": "backtest.settings:Latency",
    "Margin": "backtest.settings:Margin",
    "EVENT": "backtest.events:EVENT",
    "EventKind": "backtest.events:EventKind",
    "Listing": "backtest.record:Listing",
    "Record": "backtest.record:Record",
    "FLOW": "backtest.record:FLOW",
    "Result": "backtest.results:Result",
    "MEASURES": "backtest.results:MEASURES",
    "search": "backtest.search",
}

__all__ = [*PUBLIC]


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'backtest' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    home = import_module(module)
    found = getattr(home, attribute) if attribute else home
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
