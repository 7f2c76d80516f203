"""The market-data service: catalogue, books, trades and bars for people, channels for programs.

Lives here: `service` (the unary calls), `bars` (pages and streams of bars), `channels` (Subscribe).

Does not live here: what happened in the market (`server.sequencer.channels`, `.bars`: functions of
the log), queues of readers (`server.streams`).

Who may import it: server, tests.
"""
