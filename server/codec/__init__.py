"""Bytes to rows and rows to bytes: the only place that knows both protobuf and rows.

Lives here: kernels that read OrderEntryRequest messages into COMMAND rows and write REPORT and
MARKET rows as messages (`wire`, `commands`, `answers`, with the tables of `tables` and `slots`);
`decoder` and `encoder`, which own the memory of those; and the translation for people in the unary
calls: decimal text, enum and resource names (`people/`).

Does not live here: HTTP/2, sessions, rights, rules of trading.

Who may import it: server, tests, benches.
"""
