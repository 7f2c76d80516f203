"""Made-up markets to test on."""

from __future__ import annotations

from typing import Any

import numpy as np


def drawn(seed: int) -> dict[str, Any]:
    """Parameters of a small market that has every kind of charge and credit."""
    draw = np.random.default_rng(seed)
    names, days = ("RICE", "CORN", "SOYA"), ("2026-06-30", "2026-07-31", "2026-08-31")
    commodities, contracts = [], []
    for name in names:
        price = float(draw.integers(50, 150))
        tiers = [{"name": "near", "last": days[0]}, {"name": "far", "first": days[1]}]
        ratio = float(draw.choice([1.0, 1.5, 0.75]))
        legs = [{"side": "A", "tier": "near"}, {"side": "B", "tier": "far", "ratio": ratio}]
        commodities.append({
            "name": name, "price_scan": float(draw.integers(3, 20)), "volatility_scan": 0.05,
            "tiers": tiers, "short_option_minimum": float(draw.integers(0, 60)),
            "short_option_method": str(draw.choice(["gross", "larger"])),
            "exposure_percent": float(draw.integers(0, 4)),
            "calendar_exposure_percent": 33.0,
            "option_value": str(draw.choice(["account", "commodity"])),
            "calendar_spreads": [{"charge": float(draw.integers(1, 30)), "legs": legs},
                                 {"charge": 7.5, "legs": [{"side": "A"}, {"side": "B"}]}],
            "delivery": [
                {"expiry": days[0], "spread": 2.0, "outright": float(draw.integers(0, 9))}
            ],
        })  # fmt: skip
        for day in days:
            contracts.append({"name": f"{name}-{day}", "commodity": name, "kind": "FUTURE",
                              "price": price, "expiry": day, "multiplier": 10,
                              "delta_scale": float(draw.choice([1.0, 0.5]))})  # fmt: skip
            for right, level in (("call", 1.05), ("put", 0.95)):
                contracts.append({
                    "name": f"{name}-{day}-{right}", "commodity": name, "kind": "OPTION",
                    "right": right, "strike": price * level, "price": price * 0.03,
                    "underlying_price": price, "volatility": 0.3, "expiry": day,
                    "multiplier": 10, "exercise": str(draw.choice(["european", "american"])),
                    "style": str(draw.choice(["premium", "premium", "futures"])),
                })  # fmt: skip
    shared = [
        {"priority": 2, "percent": 40.0,
         "legs": [{"commodity": "RICE", "side": "A"},
                  {"commodity": "CORN", "side": "B", "ratio": 2.0}]},
        {"priority": 1, "percent": 70.0,
         "legs": [{"commodity": "CORN", "side": "A", "tier": "near"},
                  {"commodity": "SOYA", "side": "B", "tier": "far"}]},
        {"priority": 3, "percent": 25.0, "legs": [
            {"commodity": "RICE", "side": "A"}, {"commodity": "CORN", "side": "A"},
            {"commodity": "SOYA", "side": "B"}]},
    ]  # fmt: skip
    return {"date": "2026-06-01", "commodities": commodities, "contracts": contracts,
            "credits": shared, "premium_upfront": bool(draw.integers(0, 2))}  # fmt: skip
