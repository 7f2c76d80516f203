"""Indicators over gRPC: the catalogue, computations, and values on a market as its bars close.

Kernels run in processes of their own. Compiling one takes seconds of Python, during which no other
thread of the process gets far, and a computation may be as long as its caller wants: neither may
hold up an order. So one process computes what is asked (and is ended when that takes too long), a
second one moves the live states, and both begin when they are first needed.

Lives here: `process` (this side of such a process) and `worker` (that side), `parameters` (values
of messages into those of indicators), `live` (states that move with the bars, shared by all who
follow them), `service` and `follow` (the calls).

Does not live here: formulas (`indicators`), bars (`server.sequencer.bars`, `server.streams`).

Who may import it: server, tests.
"""
