"""The durable command log: bytes, not meaning.

Lives here: one interface for appending batches of commands and reading them back, the stores
behind it, the hash chain that shows tampering, and snapshots next to the log.

Does not live here: what a command means. This package keeps, orders and verifies blobs; applying
them is the engine's work, and stamping time and sequence the sequencer's.

Who may import it: backtest, server, gridworks. It imports only domain; the engine does not know
that it exists.
"""
