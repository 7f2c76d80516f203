"""May this order enter? `admit` decides, `accepted` and `canceled` count what was let through.

The candidate row is filled by the engine. The checks change nothing but that row; a refused order
takes no token and leaves no trace.
"""

import numpy as np

from domain.jit import cold, kernel
from domain.tables import candidates
from risk.admission.bounds import CHAIN_FLAGS, chain_of
from risk.admission.candidate import complete, facts
from risk.admission.capital import check_capital
from risk.admission.clearance import clear
from risk.admission.exposure import check_exposure
from risk.admission.flow import check_flow
from risk.admission.price import check_price
from risk.admission.shape import check_shape
from risk.admission.size import check_size
from risk.admission.state import check_range, check_state
from risk.derived import DUPLICATES
from risk.throttle import remember, take_cancel_tokens, take_tokens


@cold
def explain(s):
    """The first check, in the order of precedence of docs/rules.md 9, that refuses; 0 if none."""
    reason = check_range(s)
    if reason == 0:
        reason = check_state(s)
    if reason == 0:
        reason = check_shape(s)
    if reason == 0:
        reason = check_price(s)
    if reason == 0:
        reason = check_size(s)
    if reason:
        return reason
    known = facts(s)
    reason = check_exposure(s, known)
    if reason == 0:
        reason = check_capital(s, known)
    return reason if reason else check_flow(s)


@kernel
def admit(s):
    """The Reason that refuses the candidate, 0 if it may enter.

    Fills value, old_value and hold_fee of the candidate; a refusal also level, limit, observed
    and headroom.
    """
    if complete(s) and clear(s):
        return np.int64(0)
    return explain(s)


@kernel
def accepted(s):
    """Count the admitted candidate: rate tokens, messages, duplicate window."""
    c = candidates(s)[0]
    take_tokens(s, np.int64(c["account"]), c["now"], np.int64(c["replace"]))
    if c["replace"] == 0 and chain_of(s, np.int64(c["account"]))[CHAIN_FLAGS] & DUPLICATES:
        remember(s)


@kernel
def canceled(s, account):
    """Count a customer's cancel in the cancel buckets and message counts of all levels."""
    take_cancel_tokens(s, account)
