"""A market without a feed: participants that trade by themselves, on the other side of the inbox.

Lives here: the flow of orders without intelligence and how it is fitted (`rates`, `noise`), market
makers (`makers`), followers of trends (`momentum`), what they remember (`memory`), the instruments
and accounts that they use (`world`), and the task that moves them and the clock (`market`).

Does not live here: trading rules. Everything here reaches the exchange as ordinary commands of
ordinary accounts through the sequencer's inbox, and is in the log like the commands of partners.
None of it can be switched on where `environment` is live.

Who may import it: server, gridworks' command line, tests, benches.
"""
