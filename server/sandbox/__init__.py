"""A market without a feed: participants that trade by themselves, on the other side of the inbox.

Lives here: the agents (`agents`), the instruments and accounts that they use (`world`), the task
that moves them (`market`), partners' accounts with money in them and their reset (`accounts`), all
of it put together (`sandbox`), and the calls about it (`service`).

Does not live here: trading rules. Everything here reaches the exchange as ordinary commands of
ordinary accounts through the sequencer's inbox, and is in the log like the commands of partners.
None of it can be switched on where `environment` is live.

Who may import it: server, gridworks' command line, tests, benches.
"""
