"""The vocabulary that every other package speaks.

Lives here: the codes of commands and reports (FIX values and names), the row layouts, the
dataclasses that people fill in, exact money arithmetic, every bound of the system, the tree of
errors, and `jit`, the one module that knows the compiler.

Does not live here: anything that decides. No rule of a market, no check, no state, no file, no
clock. A module here is a table or a pure function.

Who may import it: everybody. It imports no other package of the project.
"""
