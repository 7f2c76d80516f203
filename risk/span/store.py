"""The tables of scenario margin: parameters, and the sums of one account, behind one address.

`s` is the address of (address, count) pairs, as in `domain.tables`, with slots of its own. One
integer instead of a dozen arrays keeps calls cheap, and no reference is counted on the way.
"""

from domain.jit import table
from risk.span import columns as at

WIDTHS = (
    at.SCENARIOS, at.CONTRACTS, at.COMMODITIES, at.PERIODS, at.SPREADS, at.LEGS, at.SPREADS,
    2 * at.SCENARIOS, at.DELTAS, at.SUMS, at.PARTS, 1, 3, at.KEPT, at.TOTALS,
)  # fmt: skip
(
    RISK, CONTRACT, COMMODITY, PERIOD, SPREAD, LEG, CREDITS, LOSS, DELTA, SUM, FOUND, LIST,
    POSITIONS, KEPT, TOTAL,
) = range(len(WIDTHS))  # fmt: skip

risk_rows = table(RISK, "i8", WIDTHS[RISK])  # minor units lost by one lot held
contract_rows = table(CONTRACT, "i8", WIDTHS[CONTRACT])
commodity_rows = table(COMMODITY, "i8", WIDTHS[COMMODITY])
period_rows = table(PERIOD, "i8", WIDTHS[PERIOD])
spread_rows = table(SPREAD, "i8", WIDTHS[SPREAD])
leg_rows = table(LEG, "i8", WIDTHS[LEG])
credit_rows = table(CREDITS, "i8", WIDTHS[CREDITS])  # spreads across commodities, by priority
loss_rows = table(LOSS, "i8", WIDTHS[LOSS])  # by scenario: held, then pending at worst
delta_rows = table(DELTA, "i8", WIDTHS[DELTA])
sum_rows = table(SUM, "i8", WIDTHS[SUM])
found_rows = table(FOUND, "i8", WIDTHS[FOUND])
list_rows = table(LIST, "i8", WIDTHS[LIST])  # how many commodities the account has, then which
position_rows = table(POSITIONS, "i8", WIDTHS[POSITIONS])  # held, open_buy, open_sell by contract
kept_rows = table(KEPT, "i8", WIDTHS[KEPT])
total_rows = table(TOTAL, "i8", WIDTHS[TOTAL])
