"""The arithmetic of scenario margin (after CME SPAN) over flat int64 tables.

Lives here: the columns of the tables, what one position adds to an account's sums, what one
combined commodity requires, spreads within and across commodities, the batch over accounts, the
change that one order makes, and the accounts of an exchange, whose positions are its own rows.
Every amount is an integer, so that sums do not depend on the order in which they were made and an
incremental margin equals one worked out anew.

columns, store      where each number lies
sums                what one position adds
spreads             charges and credits
requirement         what an account needs
orders              what one change adds
soundness           whether a set of parameters may be used, and how large its amounts are
exchange            the accounts of an exchange
loading             the commands that bring the exchange its parameters

Does not live here: option prices (`risk.options`), names and files (`risk.scenario`). Who may
import it: risk, engine, benches, tests. It imports only domain and what risk's kernels share.
"""
