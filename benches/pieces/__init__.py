"""Single steps under pytest-benchmark.

    pytest benches --benchmark-enable --benchmark-only

Lives here: one admission, one fill, one cancel and the like, each as a test that also checks what
the step did. `make test` runs each of them once, without a clock.

Does not live here: whole order flows (`benches.workloads`).

Who may import it: gridworks and tests (`submit`); pytest collects the rest.
"""
