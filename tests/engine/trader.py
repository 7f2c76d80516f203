"""A process that trades on an exchange with a log until it is killed; used by test_recovery.

    python -m tests.engine.trader LOG POLICY SEED

After each batch it writes 8 bytes, the last sequence that survives a kill (with "disk" the one
applied, with "memory" the durable one). Batch number k of a seed is always the same, so that the
tests know what the log must hold.
"""

import os
import random
import struct
import sys

import numpy as np

import gridworks as gw
from tests.properties.streams import seeded_stream

STREAMS = 8


def commands_of(seed):
    """All commands that a seed sends, in order."""
    return np.concatenate([seeded_stream(seed * STREAMS + k, 600) for k in range(STREAMS)])


def main(path, policy, seed, batches):
    """Go on where the log ends."""
    commands, dice = commands_of(seed), random.Random(batches)
    with gw.Exchange(path, policy=policy, snapshot_every=500) as exchange:
        while exchange.seq < len(commands):
            exchange.apply(commands[exchange.seq : exchange.seq + dice.randrange(1, 25)])
            assert exchange._durable is not None
            os.write(1, struct.pack("<q", exchange._durable.log.durable_seq))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
