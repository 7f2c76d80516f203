"""The tables of the control plane. Table names are part of the contract: the server reads them.

Times are UTC. Nothing here is deleted: partners are suspended, keys revoked, plans retired.
Rates are messages a second: a unary call is one message, a batch as many as it has commands.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, NoReturn

from django.db import models
from django.utils.timezone import now

from portal import names
from portal.words import WordsField


class Operator(models.Model):
    """A person or a program that administers; the audit log names it."""

    name: models.CharField[str, str] = models.CharField(max_length=80, unique=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=now)

    class Meta:
        db_table = "control_operator"

    def __str__(self) -> str:
        return self.name


class Plan(models.Model):
    """A tier. A limit of 0 means: no limit."""

    code: models.CharField[str, str] = models.CharField(
        max_length=40, unique=True, validators=[names.code]
    )
    title: models.CharField[str, str] = models.CharField(max_length=80)
    key_rate: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField()
    key_burst: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField()
    partner_rate: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField()
    partner_burst: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField()
    monthly_quota: models.PositiveBigIntegerField[int, int] = models.PositiveBigIntegerField(
        help_text="messages a calendar month (UTC) and partner"
    )
    max_sessions: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        help_text="streams that a partner has open at one time"
    )
    max_keys: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(
        help_text="keys of a partner that are neither revoked nor expired"
    )

    partner_set: models.Manager[Partner]

    class Meta:
        db_table = "control_plan"

    def __str__(self) -> str:
        return self.code


class Partner(models.Model):
    """Who signs the contract: a broker, a fund, a school. Owns accounts and keys."""

    code: models.CharField[str, str] = models.CharField(
        max_length=40, unique=True, validators=[names.code]
    )
    name: models.CharField[str, str] = models.CharField(max_length=120)
    plan: models.ForeignKey[Plan, Plan] = models.ForeignKey(Plan, on_delete=models.PROTECT)
    accounts = WordsField(
        help_text="its accounts and firms; name* stands for every name that starts so",
        validators=[names.accounts],
    )
    live: models.BooleanField[bool, bool] = models.BooleanField(
        default=False, help_text="may hold and use keys of the live environment"
    )
    suspended: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=now)

    keys: models.Manager[Key]

    class Meta:
        db_table = "control_partner"

    def __str__(self) -> str:
        return self.code


class Key(models.Model):
    """An API key without its secret: the SHA-256 of it, its start and its last four."""

    partner: models.ForeignKey[Partner, Partner] = models.ForeignKey(
        Partner, on_delete=models.PROTECT, related_name="keys"
    )
    name: models.CharField[str, str] = models.CharField(max_length=80)
    environment: models.CharField[str, str] = models.CharField(
        max_length=8, choices=[(name, name) for name in names.ENVIRONMENTS]
    )
    digest: models.CharField[str, str] = models.CharField(
        max_length=64, unique=True, help_text="SHA-256 of the whole key, hexadecimal"
    )
    prefix: models.CharField[str, str] = models.CharField(max_length=16)
    last_four: models.CharField[str, str] = models.CharField(max_length=4)
    scopes = WordsField(validators=[names.scopes], blank=False)
    accounts = WordsField(
        help_text="narrows the partner's accounts; none: all of them",
        validators=[names.accounts],
    )
    networks = WordsField(
        help_text="CIDR networks it may be used from; none: anywhere",
        validators=[names.networks],
    )
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=now)
    expires_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    revoked_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(
        null=True, blank=True
    )
    replaced_by: models.ForeignKey[Key | None, Key | None] = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, blank=True, related_name="replaces"
    )
    partner_id: int
    replaced_by_id: int | None

    class Meta:
        db_table = "control_key"

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How a person recognises the key: `gw_test_Ab3d…x9Qz`."""
        return f"{self.prefix}…{self.last_four}"

    def state(self, at: datetime | None = None) -> str:
        """active, revoked, expired, or rotating: replaced and within its grace."""
        if self.revoked_at is not None:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= (at or now()):
            return "expired"
        return "active" if self.replaced_by_id is None else "rotating"


class Usage(models.Model):
    """What one key did with one method in one hour with one outcome."""

    key: models.ForeignKey[Key, Key] = models.ForeignKey(Key, on_delete=models.PROTECT)
    method: models.CharField[str, str] = models.CharField(
        max_length=160, help_text="as on the wire: /package.Service/Method"
    )
    hour: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        help_text="the beginning of the hour"
    )
    status: models.CharField[str, str] = models.CharField(
        max_length=24, help_text="name of the gRPC status code"
    )
    calls: models.BigIntegerField[int, int] = models.BigIntegerField()
    messages: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        db_table = "control_usage"
        constraints = (
            models.UniqueConstraint(
                fields=["key", "method", "hour", "status"], name="control_usage_once"
            ),
        )
        indexes = (models.Index(fields=["hour"], name="control_usage_by_hour"),)


class MonthUsage(models.Model):
    """What a partner did in a calendar month, against its quota; moves with Usage."""

    partner: models.ForeignKey[Partner, Partner] = models.ForeignKey(
        Partner, on_delete=models.PROTECT
    )
    month: models.CharField[str, str] = models.CharField(max_length=7, help_text="2026-11")
    messages: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        db_table = "control_month_usage"
        constraints = (
            models.UniqueConstraint(fields=["partner", "month"], name="control_month_usage_once"),
        )


class UsageJournal(models.Model):
    """How far a server's usage journal has been folded into Usage.

    Moves in the transaction that adds the usage, so nothing is added twice. A row stays when its
    file is gone: a file that comes back from a backup must not count again.
    """

    journal: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    folded_to: models.BigIntegerField[int, int] = models.BigIntegerField(help_text="bytes")

    class Meta:
        db_table = "control_usage_journal"


class Epoch(models.Model):
    """One row whose value grows with every change that the server must see (by triggers)."""

    value: models.BigIntegerField[int, int] = models.BigIntegerField()

    class Meta:
        db_table = "control_epoch"


class Act(models.Model):
    """One administrative act. Appended and never touched again; triggers refuse anything else."""

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=now)
    operator: models.ForeignKey[Operator, Operator] = models.ForeignKey(
        Operator, on_delete=models.PROTECT
    )
    action: models.CharField[str, str] = models.CharField(max_length=40)
    subject: models.CharField[str, str] = models.CharField(max_length=80)
    reason: models.CharField[str, str] = models.CharField(max_length=200, blank=True, default="")
    before: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)
    after: models.JSONField[Any, Any] = models.JSONField(default=dict, blank=True)

    class Meta:
        db_table = "control_act"
        indexes = (models.Index(fields=["subject", "at"], name="control_act_of_subject"),)

    def delete(self, *_: object, **__: object) -> NoReturn:
        """Refused, always. Raises TypeError."""
        raise TypeError("the audit log is append-only")
