"""Clients that others have written, against the gateway; what is not installed is skipped."""
