"""How the order flows of `benches.workloads` are made.

Lives here: the scene that all flows share (`scene`), the kernels of the plain flows with a book of
their own (`plain`), the kernels of the flow in which everything is mixed (`mixed`) and its tables
(`mixture`).

Does not live here: what a workload is (`benches.workloads`), the clock that times it.

Who may import it: benches, gridworks, tests.
"""
