"""The second door: an asyncio endpoint that speaks HTTP/2 and gRPC itself.

Lives here: what the order path needs of a server, on a port of its own. `door` listens,
`connection` is one connection, `request` reads the headers of a call, `call` is what a servicer
sees of it, `conversation` an order-entry stream whose rows come straight out of the kernels. The
state of the protocol belongs to ngh2, which wraps nghttp2; DATA and WINDOW_UPDATE frames pass it
by (`http2/`): a kernel cuts them, many at a time.

Does not live here: who may call, what a call does, what is counted: `server.interceptors` and
`server.services`, the same as behind grpcio.

Who may import it: server, tests, benches.
"""
