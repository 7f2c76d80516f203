"""A stand-in for the exchange that does only what replays need, the obvious way.

Price-time priority over lists; NEW_ORDER (limit, GTC or IOC), REPLACE_ORDER of the quantity,
CANCEL_ORDER, MASS_CANCEL of a level; matching only in CONTINUOUS. With `last_first` it serves the
youngest order of a level first: the planted bug that the agreement must find.
"""

import numpy as np

from domain.codes import Command, ExecType, Liquidity, Phase, Reason, ReportType, Side, TimeInForce
from domain.layout import REPORT


class PlainExchange:
    def __init__(self, last_first=False):
        self.last_first = last_first
        self.seq = 0
        self.phase = {}
        self.orders = {}  # (account, id) -> dict
        self.rows = []

    def apply(self, commands):
        self.rows = []
        for row in commands:
            self.seq += 1
            command = int(row["command"])
            if command == Command.PHASE:
                self.phase[int(row["entity"])] = int(row["value"])
            elif command == Command.NEW_ORDER:
                self.new(row)
            elif command == Command.CANCEL_ORDER:
                self.cancel(row)
            elif command == Command.REPLACE_ORDER:
                self.replace(row)
            elif command == Command.MASS_CANCEL:
                self.mass_cancel(row)
        out = np.zeros(len(self.rows), REPORT)
        for at, row in enumerate(self.rows):
            for name, value in row.items():
                out[at][name] = value
        return out

    def tell(self, order, exec_type, **more):
        self.rows.append(
            {
                "seq": self.seq, "report": ReportType.EXECUTION, "exec_type": exec_type,
                "cl_ord_id": order["id"], "account": order["account"], "order_id": order["number"],
                "instrument": order["instrument"], "side": order["side"], "price": order["price"],
                "leaves_qty": order["leaves"], "working": order["leaves"] > 0, **more,
            }
        )  # fmt: skip

    def refuse(self, row, reason):
        self.rows.append(
            {"seq": self.seq, "report": ReportType.CANCEL_REJECT, "reason": reason,
             "orig_cl_ord_id": row["orig_cl_ord_id"], "account": row["account"]}
        )  # fmt: skip

    def new(self, row):
        key = int(row["account"]), int(row["cl_ord_id"])
        assert key not in self.orders, "duplicate id"
        order = {
            "id": key[1], "account": key[0], "number": self.seq, "side": int(row["side"]),
            "instrument": int(row["instrument"]), "price": int(row["price"]),
            "leaves": int(row["order_qty"]), "cum": 0,
        }  # fmt: skip
        self.tell(order, ExecType.NEW)
        if self.phase[order["instrument"]] == Phase.CONTINUOUS:
            self.match(order)
        if order["leaves"] and row["time_in_force"] != TimeInForce.IOC:
            self.orders[key] = order
        elif order["leaves"]:
            order["leaves"] = 0
            self.tell(order, ExecType.CANCELED, reason=Reason.UNFILLED_REMAINDER)

    def match(self, taker):
        sign = 1 if taker["side"] == Side.BUY else -1
        others = [
            o for o in self.orders.values()
            if o["instrument"] == taker["instrument"] and o["side"] != taker["side"]
            and sign * (taker["price"] - o["price"]) >= 0
        ]  # fmt: skip
        age = -1 if self.last_first else 1
        others.sort(key=lambda o: (sign * o["price"], age * o["number"]))
        for maker in others:
            qty = min(maker["leaves"], taker["leaves"])
            if not qty:
                return
            for order, role in ((maker, Liquidity.MAKER), (taker, Liquidity.TAKER)):
                order["leaves"] -= qty
                order["cum"] += qty
                self.tell(
                    order, ExecType.TRADE, last_px=maker["price"], last_qty=qty, liquidity=role
                )
            if not maker["leaves"]:
                del self.orders[maker["account"], maker["id"]]

    def cancel(self, row):
        order = self.orders.pop((int(row["account"]), int(row["orig_cl_ord_id"])), None)
        if order is None:
            return self.refuse(row, Reason.UNKNOWN_ORDER)
        order["leaves"] = 0
        return self.tell(order, ExecType.CANCELED)

    def replace(self, row):
        order = self.orders.get((int(row["account"]), int(row["orig_cl_ord_id"])))
        if order is None:
            return self.refuse(row, Reason.UNKNOWN_ORDER)
        left = int(row["order_qty"]) - order["cum"]
        # A replay only decreases in place, unless matching went another way than the file.
        assert self.last_first or 0 < left <= order["leaves"]
        order["leaves"] = max(left, 0)
        if not order["leaves"]:
            del self.orders[order["account"], order["id"]]
        return self.tell(order, ExecType.REPLACED)

    def mass_cancel(self, row):
        assert row["price_low"] == row["price_high"] > 0
        for key, order in list(self.orders.items()):
            if (order["instrument"], order["side"], order["price"]) == (
                row["instrument"], row["side"], row["price_low"]
            ):  # fmt: skip
                del self.orders[key]

    def depth(self, instrument, levels=None):
        sides = []
        for side in (Side.BUY, Side.SELL):
            found = {}
            for order in self.orders.values():
                if order["instrument"] == instrument and order["side"] == side:
                    qty, count = found.get(order["price"], (0, 0))
                    found[order["price"]] = (qty + order["leaves"], count + 1)
            rows = [(p, *found[p]) for p in sorted(found, reverse=side == Side.BUY)][:levels]
            sides.append(np.array(rows, np.int64).reshape(-1, 3))
        return tuple(sides)
