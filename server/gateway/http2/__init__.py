"""Frames, streams, windows: what of HTTP/2 the library is spared.

Lives here: the kernel that cuts frames (`frames`, with the numbers of `slots`), one stream with
what comes into it (`stream`, `inbound`) and from the queue of a reader out of it (`delivery`), the
sending half of a connection (`outgoing`), the bounds of a peer (`limits`), bytes (`wire`).

Does not live here: calls, methods, sockets.

Who may import it: server.gateway, tests, benches.
"""
