"""Who is short of margin, and which commands come next: calls, liquidation, settlement.

Lives here: reading the accounts of an exchange at one moment (`state`), the margin call, the
liquidation ladder and squaring off as COMMAND rows (`monitor`, `ladder`), settlement marks and
variation margin at the end of a day (`settlement`). What is decided follows from the exchange's
state and the commands that were made before; the caller applies the rows, so every step is a
command in the log.

Does not live here: what margin is (`risk.margin`, `risk.scenario`) and the risk-reduction mode,
which the exchange enters by itself. Who may import it: backtest, server, gridworks, tests. It
imports only domain and risk.
"""

from risk.monitoring.monitor import Monitor, Step
from risk.monitoring.policy import Policy
from risk.monitoring.settlement import end_of_day, variation
from risk.monitoring.state import AccountState, Status, accounts

__all__ = [
    "AccountState",
    "Monitor",
    "Policy",
    "Status",
    "Step",
    "accounts",
    "end_of_day",
    "variation",
]
