"""Market history: where it comes from, in which order it is, what is wrong with it."""
