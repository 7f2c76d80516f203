"""The public face: `import gridworks as gw`.

Lives here: the names that users type, the exchange in this process (`local/`), portfolios with
names and dates (`risk/`), the client (`client/`), the command line (`cli/`) and the generated
stubs (`api/`). Names are looked up in the table below when they are first used, so that importing
the face costs milliseconds and needs neither numpy nor numba.

Does not live here: matching, risk, logs, wires. A name of the face is defined in the package that
owns it.

Who may import it: users, examples, sidecars, portal, benches, tests. It may import everything
but sidecars and portal, and only the command line may import portal; nothing below imports it.
"""

from importlib import import_module

from gridworks.extras import hint

__version__ = "0.1.0"

# public name -> "module" or "module:attribute"
PUBLIC = {
    "codes": "domain.codes",
    "Side": "domain.codes:Side",
    "OrdType": "domain.codes:OrdType",
    "TimeInForce": "domain.codes:TimeInForce",
    "OrdStatus": "domain.codes:OrdStatus",
    "ExecType": "domain.codes:ExecType",
    "Reason": "domain.codes:Reason",
    "ExecInst": "domain.codes:ExecInst",
    "Feed": "domain.codes:Feed",
    "InstrumentType": "domain.codes:InstrumentType",
    "Phase": "domain.codes:Phase",
    "Scope": "domain.codes:Scope",
    "COMMAND": "domain.layout:COMMAND",
    "REPORT": "domain.layout:REPORT",
    "MARKET": "domain.layout:MARKET",
    "messages": "domain.messages",
    "NewOrder": "domain.messages:NewOrder",
    "Cancel": "domain.messages:Cancel",
    "Replace": "domain.messages:Replace",
    "Quote": "domain.messages:Quote",
    "MassCancel": "domain.messages:MassCancel",
    "money": "domain.money",
    "errors": "domain.errors",
    "GridWorksError": "domain.errors:GridWorksError",
    "InvalidField": "domain.errors:InvalidField",
    "StorageFull": "domain.errors:StorageFull",
    "Client": "gridworks.client:Client",
    "AsyncClient": "gridworks.client:AsyncClient",
    "CallError": "gridworks.client:CallError",
    "Retry": "gridworks.client:Retry",
    "client": "gridworks.client",
    "Exchange": "gridworks.local.exchange:Exchange",
    "Report": "gridworks.local.report:Report",
    "backtest": "backtest",
    "trade": "gridworks.live:trade",
    "indicators": "indicators",
    "options": "risk.options",
    "portfolio": "risk.portfolio",
    "risk": "gridworks.risk",
    "profiles": "gridworks.profiles",
    "margin": "risk.scenario",
    "monitoring": "risk.monitoring",
}

__all__ = ["__version__", *PUBLIC]


def __getattr__(name: str) -> object:
    if name not in PUBLIC:
        raise AttributeError(f"module 'gridworks' has no attribute {name!r}")
    module, _, attribute = PUBLIC[name].partition(":")
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        raise ImportError(f"gridworks.{name}: {hint(error)}", name=error.name) from error
    value = getattr(found, attribute) if attribute else found
    globals()[name] = value  # the next use does not come here
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
