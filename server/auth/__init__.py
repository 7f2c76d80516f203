"""Who is asking, and may they? Everything that comes in passes here first.

Lives here: the control-plane store as the server sees it (`store`), the keys in memory
(`keyring`) and the thread that keeps them fresh (`watch`), who a caller is (`principal`), the
table of rights of every method (`rights`), the refusals (`denial`), and `gate`, which puts these
and the rate limits together for the interceptors.

Does not live here: changing keys or plans (that is `portal`, whose tables these are), any rule of
trading, status codes. Django is never imported: the tables are read through DB-API.

Who may import it: `server`, the command line, benches, tests.
"""
