"""Rolling statistics and regressions."""
