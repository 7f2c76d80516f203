"""Laws that hold for every input, and the engine held against the reference.

Lives here: generators of command streams (`streams`), the side-by-side driver (`compare`), and
the tests that use them. Does not live here: the reference itself (tests/reference). Only tests
import it.
"""
