"""The table of docs/compliance.md: each control, the check that enforces it, the test of it."""

from __future__ import annotations

from gridworks.profiles.reading import NAMES, Control, load

HEAD = "| control | value | enforced by | test | source |\n|---|---|---|---|---|"


def test_of(profile: str, control: Control) -> str:
    """The test that shows the refusal through an exchange."""
    return f"test_{profile}_{control.id}"


def _value(control: Control) -> str:
    known = [f"{name} {value}" for name, value in control.settings.items()]
    for symbol, own in (control.by_symbol or {}).items():
        known += [f"{symbol}: " + " ".join(f"{name} {value}" for name, value in own.items())]
    return ", ".join(known) or "a command"


def table(name: str) -> str:
    """Markdown for one profile."""
    profile = load(name)
    lines = [f"## {profile.title}", f"Values as of {profile.as_of}; {profile.currency}.", HEAD]
    for control in profile.controls.values():
        checks = ", ".join(f"`{check}`" for check in control.checks)
        how = {"monitor": "monitor, then ", "command": "command, then "}.get(control.scope, "")
        lines.append(
            f"| {control.title} (`{control.id}`) | {_value(control)} | {how}{checks} "
            f"| `{test_of(name, control)}` | {control.source}, {control.date} |"
        )
    notes = [f"- `{c.id}`: {c.note}" for c in profile.controls.values() if c.note]
    left = [f"- {title}: {why}." for title, why in profile.not_enforced]
    text = "\n".join([lines[0], "", lines[1], "", *lines[2:]])
    return "\n\n".join([text, "\n".join(notes), "Not enforced:\n\n" + "\n".join(left)])


def tables() -> str:
    """All profiles."""
    return "\n\n".join(table(name) for name in NAMES) + "\n"
