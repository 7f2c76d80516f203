"""Margin calls, the liquidation ladder and settlement on a whole exchange."""
