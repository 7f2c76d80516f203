"""Rows on a terminal, as CSV or as JSON: the same rows, in the same order."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import typer

from gridworks.cli.control.session import Format

Row = dict[str, Any]


def show(rows: Sequence[Row], columns: Sequence[str], how: Format) -> None:
    """Print rows; `columns` are there also when there are no rows."""
    match how:
        case Format.JSON:
            plain = [{name: _json(row[name]) for name in columns} for row in rows]
            typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        case Format.CSV:
            out = io.StringIO()
            writer = csv.writer(out, lineterminator="\n")
            writer.writerow(columns)
            writer.writerows([text(row[name]) for name in columns] for row in rows)
            typer.echo(out.getvalue(), nl=False)
        case Format.TABLE:
            _table(rows, columns)


def facts(row: Row, how: Format) -> None:
    """Print one thing: a line for each of its facts."""
    if how is not Format.TABLE:
        show([row], list(row), how)
        return
    width = max(map(len, row)) + 2
    for name, value in row.items():
        typer.echo(f"{name:{width}}{_people(value) or '-'}")


def _table(rows: Sequence[Row], columns: Sequence[str]) -> None:
    cells = [[_people(row[name]) for name in columns] for row in rows]
    right = [bool(rows) and all(_is_number(row[name]) for row in rows) for name in columns]
    widths = [max(len(c) for c in column) for column in zip(columns, *cells, strict=True)]
    for line in ([*columns], *cells):
        shown = (
            cell.rjust(width) if numeric else cell.ljust(width)
            for cell, width, numeric in zip(line, widths, right, strict=True)
        )
        typer.echo("  ".join(shown).rstrip())


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def text(value: object) -> str:
    """A value as programs read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(value, tuple | list):
        return " ".join(str(item) for item in value)
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _people(value: object) -> str:
    return f"{value:,}" if _is_number(value) else text(value)


def _json(value: object) -> object:
    return text(value) if isinstance(value, datetime) else value
