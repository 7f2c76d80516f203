"""Benchmarks as code: what is measured, on which workload, with which seed.

Lives here: the workloads, one module per thing measured, and the comparison with an earlier
result. Each prints the machine, the versions and the distribution, not one lucky number.

Does not live here: tests of behaviour (`tests`), though a test runs every benchmark once, small,
so that none of them rots.

Who may import it: gridworks.cli.bench and tests. It may import anything.
"""
