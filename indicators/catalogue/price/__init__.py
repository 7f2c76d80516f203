"""Price transforms."""
