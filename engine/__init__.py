"""Matching and state: one deterministic function from commands to reports.

Lives here: price-time and pro-rata matching, triggers, auctions, the depth of the book, the
directory from client order ids to orders, the batch kernel that walks commands, and `Exchange`,
the class that owns the arrays and hands them to that kernel.

Does not live here: gRPC, files, clocks, threads, randomness, logging. Rows come in and rows go
out; who stored them or sent them is somebody else's business.

Who may import it: backtest, server, gridworks. It imports domain and risk.
"""
