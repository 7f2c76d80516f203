"""Searches: over plain functions where that will do, over strategies where it matters."""
