"""Parameters and portfolios from outside: JSON, CSV, the public SPAN XML layout, and examples.

Readers take text, bytes or an open file; opening files is the business of whoever calls. All are
strict: a value that is not understood is an error that names its place, never a default.

Who may import it: risk.scenario, gridworks, tests. It imports only domain and risk.scenario.
"""
