"""What was wrong, as a person at a terminal wants to read it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def one_line() -> Iterator[None]:
    """Bad input and files that cannot be read as one line and exit code 1."""
    from domain.errors import GridWorksError

    try:
        yield
    except (GridWorksError, OSError) as error:
        typer.echo(f"gridworks: {error}", err=True)
        raise typer.Exit(1) from error
