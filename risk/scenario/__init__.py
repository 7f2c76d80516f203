"""What must an account put up for its portfolio, and what does one more order add to that?

Lives here: scenario margin after SPAN with its parameters as data (`Scenario`, JSON, CSV and the
public SPAN XML layout), the same order by order (`Incremental`), the commands that bring it into an
exchange (`put_in_force`), and the other models under the one interface
`Model.margin(portfolio) -> Margin`: value at risk plus extreme loss, Regulation T, portfolio margin
by price moves, tables by lot with their history, crypto with notional tiers.

Does not live here: the arithmetic (`risk.span`), which the exchange uses in its order path, what a
portfolio may lose in a model of the market (`risk.portfolio`), and files: readers take text or open
files.
Amounts are whole minor units; prices and rates are floats, as published.

Who may import it: risk, backtest, server, gridworks, benches, tests. It imports only domain and
risk.options, risk.exact, risk.span.
"""

from risk.scenario.commands import parameter_rows, put_in_force
from risk.scenario.facts import Contract, Margin, Model, Portfolio, Position
from risk.scenario.incremental import Incremental
from risk.scenario.models.crypto import Crypto, NotionalTier
from risk.scenario.models.equities import ValueAtRiskExtremeLoss
from risk.scenario.models.per_lot import LotRate, PerLot, read_history
from risk.scenario.models.price_moves import PriceClass, PriceMoves
from risk.scenario.models.regulation_t import Rates, RegulationT
from risk.scenario.parameters import SCENARIOS, Commodity, Leg, Parameters, Spread, Tier
from risk.scenario.readers.examples import example
from risk.scenario.readers.model import MODELS, model_of, read_model
from risk.scenario.readers.span_xml import read_span
from risk.scenario.readers.text import read_contracts, read_json, read_portfolio
from risk.scenario.span import PARTS, Scenario

__all__ = [
    "MODELS",
    "PARTS",
    "SCENARIOS",
    "Commodity",
    "Contract",
    "Crypto",
    "Incremental",
    "Leg",
    "LotRate",
    "Margin",
    "Model",
    "NotionalTier",
    "Parameters",
    "PerLot",
    "Portfolio",
    "Position",
    "PriceClass",
    "PriceMoves",
    "Rates",
    "RegulationT",
    "Scenario",
    "Spread",
    "Tier",
    "ValueAtRiskExtremeLoss",
    "example",
    "model_of",
    "parameter_rows",
    "put_in_force",
    "read_contracts",
    "read_history",
    "read_json",
    "read_model",
    "read_portfolio",
    "read_span",
]
