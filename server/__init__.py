"""The gRPC shell: translation, wiring, time, disk. No trading rule.

Lives here: who may call (`auth/`), limits of plans (`ratelimit`) and what was used (`metering/`);
bytes and rows (`codec/`); the single writer (`sequencer/`), the queues of readers (`streams/`), the
services (`services/`); settings (`config`), and what puts it all together (`main`).

Does not live here: matching and risk (`engine`, `risk`), the durable log (`journal`), the schema
of the control plane (`portal`), which this package reads through DB-API without Django.

Who may import it: the face (`gridworks`), benches, tests.
"""
