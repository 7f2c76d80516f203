"""`gridworks load`: an open-loop load with a check of everything that came of it.

    schedule   when each command is due: Poisson, bursts, evenly, as in a file
    traffic    which command: the flows of `benches.workloads`, shared out over sessions
    session    one order-entry session: sends what is due, notes what comes and when
    workers    many sessions in several processes, begun together
    recorder   times from due to acknowledged, in HDR histograms by kind of message
    checker    every acknowledgement and fill against the reports, the orders, the positions
    report     a table, JSON and a picture
    local      a server of one's own on loopback, with a store, a key and a market

Who may import it: benches, gridworks.cli, tests.
"""
