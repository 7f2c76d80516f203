"""Small kernels that indicators are built from: windows in a ring, averages step by step.

Two shapes. *Scalar steps* take the running numbers and return them (`ema`, `slide`, `climb`):
the compiler keeps them in registers. *State steps* keep everything in the state vector from slot
`b` on (`sma_at`, `highest_at`): slower by a nanosecond or two, and easy to chain. A state step
that is given NaN returns NaN and changes nothing, so a chain warms up link by link.
"""
