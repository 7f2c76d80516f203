"""The tests; folders mirror the packages.

Lives here: unit tests beside their package's name, `reference/` with the obvious, slow versions
that fast code is compared with, `scenarios/` with golden stories that a trader can read, and
`test_tidy.py`, by which the repository checks its own shape.

Does not live here: independent vectors, which have licences of their own; `conftest.py` finds
their folder and skips with a reason where there is none.

Who may import it: nobody outside. It may import anything.
"""
