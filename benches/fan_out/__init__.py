"""How long it takes until thousands of readers of market data have an update.

Lives here: a reader of many streams on few connections that costs little, a measurement of each
update from its order to its last reader, the program around both.

Does not live here: the server, how it is started and how orders are sent (`benches.load`).

Who may import it: tests.
"""
