"""From one batch to many readers: each has a bounded queue of its own and a gap-free numbering.

Lives here: the queue of one reader (`outbox`), what is sent again to one who comes back
(`resend`), and `fanout`, which the sequencer tells of every batch: it encodes each row once and
puts copies into the queues of those whose rows they are.

A reader that does not keep up is cut off with a reason; the writer never waits for one.

Does not live here: who may read what (`server.services` asks `server.auth`), numbering itself
(`server.sequencer`: it is a function of the log).

Who may import it: server, tests, benches.
"""
