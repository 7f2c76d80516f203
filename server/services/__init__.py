"""One file per service: what comes in over gRPC becomes commands, what happened becomes answers.

Lives here: `core` (what every service needs), `order_entry` and `drop_copy` (streams of raw bytes
through the kernels), the unary calls of `trading`, `risk` and `admin`, the folder `market` for
market data, and `registry`, which puts them on a server.

Does not live here: any rule of trading, who may call (`server.interceptors`), numbering.

Who may import it: server, tests.
"""
