"""The obvious versions of what the kernels do fast: slow, exact, readable, independent.

Lives here: Python that follows docs/rules.md sentence by sentence with dicts, lists and exact
integers. Does not live here: anything that imports engine or risk; a reference that shares code
with what it checks proves nothing. Only tests import it.
"""
