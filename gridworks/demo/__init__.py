"""The story that `gridworks demo` tells: a real server, a market over TLS, a kill, and the proofs.

Lives here: what happens and what is recorded. How it is shown is in `gridworks.cli.demo`. All of it
goes through processes of the command line and through `gw.Client`, as a user would do it.

Who may import it: gridworks.cli.
"""
