"""Which parameters? Sweeps, walk-forward, cross-validation, optimisation, and was it only luck.

    from backtest.search import Backtest, sweep
    trials = sweep(Backtest(Cross, data), {"fast": range(5, 50, 5), "slow": range(20, 200, 20)})

Lives here: everything that runs a strategy more than once. Runs go through joblib: processes by
default, threads where kernels do the work, a Dask cluster by one argument. Results go into a
parquet store, so that a search that was killed goes on where it stopped.

Does not live here: a single run (`backtest.simulator`) and what it has brought
(`backtest.results`).

Who may import it: gridworks, benches, tests.
"""

from importlib import import_module

# public name -> "module:attribute"; optuna and joblib are imported when they are used
PUBLIC = {
    "Backtest": "backtest.search.objective:Backtest",
    "Choice": "backtest.search.space:Choice",
    "CombinatorialPurged": "backtest.search.splits:CombinatorialPurged",
    "Integer": "backtest.search.space:Integer",
    "PurgedKFold": "backtest.search.splits:PurgedKFold",
    "Real": "backtest.search.space:Real",
    "Signals": "backtest.search.objective:Signals",
    "Store": "backtest.search.store:Store",
    "WalkForward": "backtest.search.splits:WalkForward",
    "cross_validate": "backtest.search.validation:cross_validate",
    "deflated_sharpe": "backtest.search.luck:deflated_sharpe",
    "grid": "backtest.search.space:grid",
    "overfitting": "backtest.search.luck:overfitting",
    "random": "backtest.search.space:random",
    "sweep": "backtest.search.sweeping:sweep",
    "tune": "backtest.search.tuning:tune",
    "walk_forward": "backtest.search.walking:walk_forward",
}

__all__ = [*PUBLIC]


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'backtest.search' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    found = getattr(import_module(module), attribute)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
