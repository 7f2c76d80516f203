"""Enter one order and follow it until it is filled, or cancel it when patience ends.

    python examples/submit_and_follow.py alice ACME BUY 10 101.25 --patience 30
"""

import argparse
import time
from decimal import Decimal

import gridworks as gw
from gridworks.client import word

OVER = ("FILLED", "CANCELED", "REJECTED", "EXPIRED")


def follow(session, scale, own, patience):
    """Print what happens to an order; its last status."""
    ends, asked = time.monotonic() + patience, False
    while True:
        found = session.receive(timeout=max(ends - time.monotonic(), 0.0) if not asked else None)
        if found is None:
            print("patience has ended: canceling")
            session.cancel_order(own)
            asked = True
            continue
        number, report = found
        if own not in (report.cl_ord_id, report.orig_cl_ord_id):
            continue  # of another order of this session
        status = word(report, "ord_status")
        line = f"#{number} {word(report, 'exec_type'):9} {status:16}"
        if report.last_qty:
            line += f" {scale.quantity(report.last_qty)} at {scale.price(report.last_px)}"
        if report.reason:
            line += f" {word(report, 'reason')}"
        print(line)
        if status in OVER:
            return status


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("account")
    parser.add_argument("symbol")
    parser.add_argument("side", choices=("BUY", "SELL"))
    parser.add_argument("qty", type=Decimal)
    parser.add_argument("price", type=Decimal)
    parser.add_argument("--patience", type=float, default=30.0, help="seconds")
    parser.add_argument("--insecure", action="store_true")
    args = parser.parse_args()
    with gw.Client(insecure=args.insecure) as client:
        scale = client.market_data.scale(args.symbol)
        with client.trading.order_entry(
            "follow", args.account, cancel_on_disconnect=True
        ) as session:
            own = session.new_order(
                scale, args.side, scale.lots(args.qty), scale.ticks(args.price)
            )
            status = follow(session, scale, own, args.patience)
    raise SystemExit(status == "REJECTED")


if __name__ == "__main__":
    main()
