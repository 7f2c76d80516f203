"""The opinion of outsiders, through the engine.

Each module reads one set of independent vectors and holds the engine against all of it. The
vectors are not part of the repository (`tests/conftest.py` finds them); without them the tests
are skipped. Nothing here is imported by anything else.
"""
