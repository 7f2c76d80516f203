"""Regulatory profiles through an exchange: each control refuses what it is there to refuse."""
