"""Volume indicators and volume-weighted prices."""
