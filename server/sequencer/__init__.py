"""The single writer: takes what has arrived, stamps it, logs it, applies it, tells who must know.

Lives here: the loop (`writer`), the log off the event loop (`logbook`), the clock (`clock`: the
only place where time enters), the exchange with everything that is derived from its log (`state`:
sessions, answers to request ids, reports and market data with their numbers (`numbering`), the
catalogue), and the commands that the server itself gives (`rows`).

Everything in `state` is a function of the log: it is rebuilt by applying the rows again, from a
snapshot or from the beginning, and is the same whichever of the two it was.

Does not live here: who may send what (`server.auth`), bytes of the wire (`server.codec`), queues
of subscribers (`server.streams`).

Who may import it: server, tests, benches.
"""
