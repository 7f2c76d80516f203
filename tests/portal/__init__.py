"""Tests of the control plane: its acts, its store, its command line."""
