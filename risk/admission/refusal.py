"""How a check says no: the reason is returned, the numbers behind it are noted."""

import numpy as np

from domain.jit import kernel
from domain.tables import candidates, nodes


@kernel
def refuse(s, reason, node, limit, observed, headroom):
    """Note the level of `node` (0 for none), limit, observed and headroom; returns the reason."""
    c = candidates(s)[0]
    c["level"] = nodes(s)[node]["level"] if node else 0
    c["limit"] = limit
    c["observed"] = observed
    c["headroom"] = headroom
    return np.int64(reason)


@kernel
def refuse_plain(s, reason):
    """Refuse without a number to show."""
    return refuse(s, reason, 0, 0, 0, 0)
