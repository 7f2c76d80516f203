"""Fills the generated parts of docs/protocol.md: methods, fields and errors.

    python docs/make_protocol.py            write
    python docs/make_protocol.py --check    exit 1 if anything is stale
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from domain import errors  # noqa: E402
from server.status import TABLE  # noqa: E402

PAGE = ROOT / "docs" / "protocol.md"
PROTOS = ROOT / "protos" / "gridworks" / "api"
SERVICES = ("trading", "market_data", "risk", "indicators", "admin", "sandbox")
_RPC = re.compile(r"((?:  // .*\n)+)  rpc (\w+)\((stream )?(\w+)\) returns \((stream )?([\w.]+)\)")
_FIELD = re.compile(r"((?:  // .*\n)+)  (repeated )?([\w.]+) (\w+) = (\d+)")


def words(comment: str) -> str:
    """Comment lines as one line."""
    return " ".join(line.strip().removeprefix("//").strip() for line in comment.splitlines())


def methods() -> str:
    out = ["| service | method | what it does |", "|---|---|---|"]
    for service in SERVICES:
        [path] = (PROTOS / service / "v1").glob("*_service.proto")
        for comment, name, up, _, down, _ in _RPC.findall(path.read_text(encoding="utf-8")):
            kind = {(0, 0): "", (0, 1): " (stream)", (1, 1): " (both ways)"}[bool(up), bool(down)]
            out.append(f"| {service} | `{name}`{kind} | {words(comment)} |")
    return "\n".join(out)


def fields(message: str) -> str:
    text = (PROTOS / "trading" / "v1" / "order_entry.proto").read_text(encoding="utf-8")
    body = text.split(f"\nmessage {message} {{\n")[1].split("\n}\n")[0]
    out = ["| number | field | type | meaning |", "|---|---|---|---|"]
    for comment, repeated, kind, name, number in _FIELD.findall(body):
        short = repeated + kind.rpartition(".")[2]
        out.append(f"| {number} | `{name}` | {short} | {words(comment)} |")
    return "\n".join(out)


def codes() -> str:
    out = ["| status | reason | when | try again |", "|---|---|---|---|"]
    for kind, row in TABLE.items():
        if kind is errors.GridWorksError or kind is errors.LogError:
            continue
        doc = "a mistake of the server" if kind is BaseException else (kind.__doc__ or "")
        if kind.__module__ == "builtins" and kind is not BaseException:
            doc = {"TimeoutError": "the deadline has passed"}.get(kind.__name__, "no such method")
        again = f"after {row.retry:g} s" if row.retry else ""
        when = doc.splitlines()[0].rstrip(".").replace("|", "or")
        out.append(f"| {row.code.name} | `{row.reason}` | {when} | {again} |")
    return "\n".join(out)


PARTS = {
    "methods": methods,
    "command": lambda: fields("OrderCommand"),
    "report": lambda: fields("Report"),
    "request": lambda: fields("OrderEntryRequest"),
    "response": lambda: fields("OrderEntryResponse"),
    "errors": codes,
}


def filled(page: str) -> str:
    """The page with its generated parts made anew."""
    for name, make in PARTS.items():
        begin, end = f"<!-- {name}: made by docs/make_protocol.py -->\n", f"<!-- end {name} -->"
        before, _, rest = page.partition(begin)
        assert rest, f"no part {name}"
        page = f"{before}{begin}\n{make()}\n\n{end}{rest.partition(end)[2]}"
    return page


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    if "--check" in sys.argv:
        sys.exit(text != filled(text))
    PAGE.write_text(filled(text), encoding="utf-8")
