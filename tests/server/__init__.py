"""Tests of the server: its wire, its errors, its parts."""
