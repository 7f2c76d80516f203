"""Option prices and portfolio risk: what an option, a simulation, a measure costs.

Who may import it: tests. It may import anything.
"""
