"""What each layer between an order's bytes and its durable answer costs.

`inside` measures the layers in one process, one after the other added; `wire` whole servers and
empty ones under the C++ client of `benches.peers`; `page` says what came of it. Run it as
`python -m benches.end_to_end`. Who may import it: benches, tests.
"""
