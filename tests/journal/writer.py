"""A process that appends until it is killed: python -m tests.journal.writer PATH POLICY SEED.

It prints each sequence that it may call durable, as 8 bytes, only after the log said so.
"""

import os
import random
import struct
import sys

from tests.journal.rows import blob_of, open_log


def main(path, policy, seed):
    dice = random.Random(int(seed))
    with open_log(path, policy=policy, commit_every=8) as log:
        while True:
            seq, batches = log.last_seq, []
            for _ in range(dice.choice([1, 1, 1, 4])):
                count = dice.choice([1, 1, 64, 1024])
                batches.append((seq + 1, count, blob_of(seq + 1, count)))
                seq += count
            log.append_many(batches)
            if dice.random() < 0.1:
                log.write_snapshot(log.last_seq, {"state": blob_of(1, dice.randrange(20_000))})
            os.write(1, struct.pack("<q", log.durable_seq))


if __name__ == "__main__":
    main(*sys.argv[1:])
