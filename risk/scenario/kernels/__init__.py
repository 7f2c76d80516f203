"""The arithmetic of scenario margin over flat int64 tables: what batches and single orders share.

Lives here: the columns of the tables, what one position adds to an account's sums, what one
combined commodity requires, spreads within and across commodities, the batch over accounts and
the change that one order makes. Every amount is an integer, so that sums do not depend on the
order in which they were made and an incremental margin equals one worked out anew.

Does not live here: option prices (`risk.options`), names and files. Who may import it: risk,
benches, tests. It imports only domain and risk.exact.
"""
