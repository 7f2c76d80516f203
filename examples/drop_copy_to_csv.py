"""Append every report of a firm to a CSV file; started again, it goes on behind the last line.

    python examples/drop_copy_to_csv.py north reports.csv
"""

import argparse
import csv
from pathlib import Path

import gridworks as gw
from gridworks.client import StreamGap, word

WORDS = ("report", "exec_type", "ord_status", "side", "reason")
NUMBERS = (
    "exec_id", "transact_time", "account", "instrument", "cl_ord_id", "order_id", "order_qty",
    "leaves_qty", "cum_qty", "price", "last_px", "last_qty", "trade_id", "fee",
)  # fmt: skip
COLUMNS = ("number", *WORDS, *NUMBERS)  # prices in ticks, quantities in lots, fees in minor units


def next_number(path):
    """The number behind the last whole line of a file; a torn last line is cut off."""
    if not path.exists():
        return 1
    data = path.read_bytes()
    whole = data[: data.rfind(b"\n") + 1]
    if len(whole) != len(data):
        path.write_bytes(whole)
    lines = whole.splitlines()
    return int(lines[-1].split(b",")[0]) + 1 if len(lines) > 1 else 1


def copy(client, firm, path, most):
    """Write reports until there were `most`; 0: for ever."""
    first, written = next_number(path), 0
    with path.open("a", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        if first == 1 and file.tell() == 0:
            out.writerow(COLUMNS)
        with client.trading.drop_copy(firm, first=first) as reports:
            for number, report in reports:
                told = [word(report, name) for name in WORDS]
                out.writerow([number, *told, *(getattr(report, name) for name in NUMBERS)])
                file.flush()
                written += 1
                if written == most:
                    return


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("firm")
    parser.add_argument("file", type=Path)
    parser.add_argument("--reports", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--insecure", action="store_true")
    args = parser.parse_args()
    with gw.Client(insecure=args.insecure) as client:
        try:
            copy(client, args.firm, args.file, args.reports)
        except StreamGap as gap:
            raise SystemExit(f"reports are missing: {gap}") from None


if __name__ == "__main__":
    main()
