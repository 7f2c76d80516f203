"""The exchange in this process, as people use it: `gridworks.Exchange`.

Lives here: `Exchange`, which puts names, messages, reports and tables of pandas around
`engine.exchange`, and `durable`, which keeps an engine and a command log in step and brings the
state back when the log is opened again.

Does not live here: matching and risk (engine, risk), what a log is (journal), networks (client).

Who may import it: the face, the command line, examples, benches, tests.
"""
