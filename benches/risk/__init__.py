"""What the checks and the books cost: `python -m benches.risk` measures, `steps` are its kernels.

Who may import it: tests.
"""
