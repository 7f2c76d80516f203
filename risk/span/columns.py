"""Where each number of scenario margin lies: columns of the tables, of the sums, of the results.

Money is minor units, deltas are millionths, credits and shares are basis points.
"""

SCENARIOS = 16
MICRO = 1_000_000

# CONTRACT: VALUE is what one lot of a premium-style option is worth; EXPOSURE the exposure margin
# of one lot; MINIMUM the short option minimum of one lot; OPTION 0 none, 1 call, 2 put; SIZE bounds
# what one lot adds to any sum (worked out by `soundness`). OF is NONE where there is no contract
OF, AT, LOT_DELTA, VALUE, EXPOSURE, MINIMUM, OPTION, SIZE, CONTRACTS = range(9)
NONE = -1

# COMMODITY: periods and spreads are ranges [first, last) of rows
# LARGER_SIDE 1: the minimum is that of calls or of puts, whichever is more; SHARE of opposite
# futures that bear exposure margin; CAPPED 1: option value pays for this commodity's risk alone;
# UPFRONT 1: purchases of options need their premium; TIERED 1: credits take
# some of its periods only
(
    FIRST_PERIOD, LAST_PERIOD, FIRST_SPREAD, LAST_SPREAD, LARGER_SIDE, SHARE, CAPPED, UPFRONT,
    TIERED, COMMODITIES,
) = range(10)  # fmt: skip

# PERIOD: delivery charge for one delta within a calendar spread, and outside
WITHIN, OUTRIGHT, PERIODS = range(3)

# SPREAD and INTER: legs [first, last) of LEG; charge of one spread, or credit in basis points
FIRST_LEG, LAST_LEG, RATE, SPREADS = range(4)

# LEG: commodity, periods [first, last), side 0 or 1, millionths of delta for one spread
LEG_OF, LEG_FIRST, LEG_LAST, LEG_SIDE, RATIO, LEGS = range(6)

# DELTA: of what is held, the most that pending orders add and take, what spreads have not used
# on the long and on the short side, and what credits have used (signed)
HELD, UP, DOWN, LONG, SHORT, USED, DELTAS = range(7)

# SUM: option value, short lots' minimum of calls and puts (held; with pending orders at their
# worst), exposure margin of futures (long and short: most and least), of short options, premium
# of pending purchases, lots of pending orders, number of positions
(
    NET_VALUE, VALUE_SOLD, SHORT_CALLS, SHORT_PUTS, MOST_LONG, LEAST_LONG, MOST_SHORT,
    LEAST_SHORT, SHORT_OPTIONS, BOUGHT, PENDING, COUNT, SUMS,
) = range(13)  # fmt: skip

# FOUND: what a commodity requires, in the order in which people read it, then facts for credits:
# price risk and net delta of what is held, net delta that no pending order can take (long, short)
# and how much of it credits have used
SCAN, CALENDAR, DELIVERY, CREDIT, MINIMUM_EXCESS, NET, EXPOSED, PREMIUM, RISK_HELD, DELTA_HELD, \
    SURE_LONG, SURE_SHORT, TAKEN, PARTS = range(14)  # fmt: skip

# TOTAL: the parts of an account's margin, then what they come to, and how large its sums may be
WHOLE, LARGE, TOTALS = PARTS, PARTS + 1, PARTS + 2

# an exchange's PORTFOLIO table: address of account 1's tables, bytes an account, how many accounts
# have theirs, and how many may; then rows of KEPT, for all
BASE, STRIDE, GIVEN, ROOM, HEAD = 0, 1, 2, 3, 8

# KEPT: a commodity before a question, put back after it
KEPT = 2 * SCENARIOS + SUMS + PARTS + DELTAS

# rows of an account's portfolio: contract, lots held, lots of pending purchases and sales
PLACE, QUANTITY, OPEN_BUY, OPEN_SELL, POSITION = range(5)
