"""Streams cut out of one log: who counts what, and the newest rows of each.

Lives here: kernels that find whose a row is and count it (`tally`), and the window of rows that
are kept for those who come back (`window`). Who may import it: server, tests, benches.
"""
