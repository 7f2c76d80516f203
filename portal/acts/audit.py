"""Saving with a trace: every change of a row passes here and leaves a line that says what it was.

Neither a secret nor its hash enters the log: the log is read by more people than the keys are.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db import models, transaction

from portal.models import Act, Operator

HIDDEN = frozenset(["id", "digest"])


class Refused(Exception):
    """The act was not done; the message says why, for a person to read."""


class By(NamedTuple):
    """Who acts, and why if they said so."""

    operator: str
    reason: str = ""


def facts(subject: models.Model) -> dict[str, Any]:
    """The row as the audit log shows it: plain values, no secrets."""
    found = {}
    for field in subject._meta.concrete_fields:
        if field.name in HIDDEN:
            continue
        value = getattr(subject, field.name)
        if isinstance(value, datetime):
            value = value.isoformat()
        elif isinstance(value, models.Model):
            value = name_of(value)
        elif isinstance(value, tuple):
            value = list(value)
        found[field.name] = value
    return found


def name_of(subject: models.Model) -> str:
    """How the audit log names a row: `partner acme`, `key 7`."""
    return f"{subject._meta.model_name} {getattr(subject, 'code', subject.pk)}"


@transaction.atomic
def create(by: By, subject: models.Model) -> None:
    """Check and insert the row, and say so in the log. Raises Refused."""
    _checked(subject)
    subject.save(force_insert=True)
    _record(by, "create", subject, {}, facts(subject))


@transaction.atomic
def change(by: By, action: str, subject: models.Model, changes: Mapping[str, object]) -> list[str]:
    """Set the columns in `changes`, check, save, and log what differs; returns their names.

    Raises Refused, also when nothing would differ.
    """
    before = facts(subject)
    for name, value in changes.items():
        setattr(subject, name, value)
    after = facts(subject)
    differ = [name for name in after if after[name] != before[name]]
    if not differ:
        raise Refused(f"{name_of(subject)} is that way already")
    _checked(subject)
    subject.save()
    was, now = ({name: side[name] for name in differ} for side in (before, after))
    _record(by, action, subject, was, now)
    return differ


def _checked(subject: models.Model) -> None:
    try:
        subject.full_clean()
    except ValidationError as problem:
        told = (f"{field}: {' '.join(texts)}" for field, texts in problem.message_dict.items())
        raise Refused("; ".join(told).replace("__all__: ", "")) from None


def _record(
    by: By, action: str, subject: models.Model, before: dict[str, Any], after: dict[str, Any]
) -> None:
    who = by.operator.strip()
    if not who:
        raise Refused("an act needs an operator: say who you are with --as")
    operator, _ = Operator.objects.get_or_create(name=who)
    act = Act(
        operator=operator,
        action=f"{subject._meta.model_name}.{action}",
        subject=name_of(subject),
        reason=by.reason,
        before=before,
        after=after,
    )
    _checked(act)
    act.save(force_insert=True)
