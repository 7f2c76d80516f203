"""What was served, counted so that a killed process forgets nothing of it.

Lives here: the usage journal (`journal`), the file that a record of each served batch reaches
before the answers leave; the `meter`, which folds the records in memory; and `fold`, which adds
them to the usage tables of the control plane, once.

Does not live here: prices, invoices (the portal), rate limits (`server.ratelimit`).

Who may import it: `server`, the command line, benches, tests.

The order is: work done, record written, answer sent. So an answer that anybody has seen is in the
journal; a record whose answer never left exists only for what was in flight when the process died.
The table knows how far into which journal it has counted, and both move in one transaction.
"""
