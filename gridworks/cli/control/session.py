"""What every control-plane command shares: the store, the operator, errors as one line."""

from __future__ import annotations

import getpass
import inspect
import os
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, get_type_hints

import typer

if TYPE_CHECKING:
    from portal.acts.audit import By


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"


class Session(NamedTuple):
    """Who runs the command and how they want to see the answer; the store is open."""

    url: str
    operator: str
    reason: str
    format: Format

    @property
    def by(self) -> By:
        """The operator as the audit log wants it."""
        from portal.acts.audit import By

        return By(self.operator, self.reason)


Control = Annotated[
    str, typer.Option(
        envvar="GRIDWORKS_CONTROL_URL", show_envvar=True, show_default="sqlite:///control.db",
        metavar="URL", help="The store: sqlite:///file or postgresql://user@host/database.",
    ),
]  # fmt: skip
Operator = Annotated[
    str, typer.Option(
        "--as", envvar="GRIDWORKS_OPERATOR", show_envvar=True, show_default="login name",
        metavar="NAME", help="Who acts, for the audit log.",
    ),
]  # fmt: skip
Reason = Annotated[str, typer.Option(metavar="TEXT", help="Why, for the audit log.")]
Output = Annotated[Format, typer.Option("--format", "-f", help="How to print the answer.")]

READING: dict[str, tuple[Any, Any]] = {
    "control": (Control, ""),
    "format": (Output, Format.TABLE),
}
ACTING: dict[str, tuple[Any, Any]] = {
    "control": (Control, ""),
    "operator": (Operator, ""),
    "reason": (Reason, ""),
}

Command = Callable[..., None]


def reads(function: Command) -> Command:
    """A command that looks: gets --control and --format, is called with an open Session."""
    return _with(function, READING)


def acts(function: Command) -> Command:
    """A command that changes something: gets --control, --as and --reason as well."""
    return _with(function, ACTING)


def _with(function: Command, options: dict[str, tuple[Any, Any]]) -> Command:
    """Put `options` behind the command's own; typer reads the signature that this leaves."""

    def command(**given: Any) -> None:
        shared = {name: given.pop(name) for name in options}
        run(shared, lambda session: function(session, **given))

    hints = get_type_hints(function, include_extras=True)
    own = [
        parameter.replace(annotation=hints[parameter.name])
        for parameter in list(inspect.signature(function).parameters.values())[1:]
    ]
    keyword = inspect.Parameter.KEYWORD_ONLY
    added = [
        inspect.Parameter(name, keyword, default=default, annotation=hint)
        for name, (hint, default) in options.items()
    ]
    named = [parameter.replace(kind=keyword) for parameter in own]
    command.__signature__ = inspect.Signature(named + added)  # type: ignore[attr-defined]
    command.__annotations__ = {p.name: p.annotation for p in named + added}
    command.__doc__ = function.__doc__
    command.__name__ = function.__name__
    return command


def run(shared: dict[str, Any], body: Callable[[Session], None]) -> None:
    """Open the store, run the body, and turn what people can mend into one line and exit 1."""
    from portal.address import BadAddress
    from portal.store import StoreProblem, open_store

    try:
        url = open_store(shared.get("control") or None)
    except (BadAddress, StoreProblem) as problem:
        raise stop(problem) from None
    from django.db.utils import DatabaseError

    from portal.acts.audit import Refused

    session = Session(
        url,
        shared.get("operator") or os.environ.get("GRIDWORKS_OPERATOR") or login(),
        shared.get("reason", ""),
        shared.get("format", Format.TABLE),
    )
    try:
        body(session)
    except (Refused, DatabaseError) as problem:
        raise stop(problem) from None


def login() -> str:
    """The name that the operating system knows the user by; empty when it knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a name
        return ""


def stop(problem: object) -> typer.Exit:
    """Print the problem as one line; the caller raises what this returns."""
    typer.echo(f"gridworks: {' '.join(str(problem).split())}", err=True)
    return typer.Exit(1)
