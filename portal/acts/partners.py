"""What can be done to partners and plans."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from portal.acts import audit
from portal.acts.audit import By, Refused
from portal.models import Partner, Plan


def partner(code: str, *, lock: bool = False) -> Partner:
    """The partner with this code, with `lock` held until the transaction ends. Raises Refused."""
    rows = Partner.objects.select_related("plan").filter(code=code)
    found = (rows.select_for_update(of=("self",)) if lock else rows).first()
    if found is None:
        raise Refused(f"there is no partner {code!r}")
    return found


def plan(code: str) -> Plan:
    """The plan with this code. Raises Refused."""
    found = Plan.objects.filter(code=code).first()
    if found is None:
        known = ", ".join(Plan.objects.order_by("id").values_list("code", flat=True))
        raise Refused(f"there is no plan {code!r}; known: {known}")
    return found


@transaction.atomic
def create_partner(
    by: By, code: str, name: str, plan_code: str, accounts: Iterable[str] = (), live: bool = False
) -> Partner:
    """A new partner. Raises Refused."""
    made = Partner(
        code=code, name=name or code, plan=plan(plan_code), accounts=tuple(accounts), live=live
    )
    audit.create(by, made)
    return made


@transaction.atomic
def change_partner(by: By, code: str, **changes: object) -> tuple[Partner, list[str]]:
    """Change name, plan (by code), accounts or live; returns it and what differs.

    Raises Refused.
    """
    found = partner(code, lock=True)
    if isinstance(wanted := changes.get("plan"), str):
        changes["plan"] = plan(wanted)
    return found, audit.change(by, "change", found, changes)


@transaction.atomic
def suspend_partner(by: By, code: str, suspended: bool) -> Partner:
    """Stop all keys of a partner at once, or let them work again. Raises Refused."""
    found = partner(code, lock=True)
    action = "suspend" if suspended else "resume"
    audit.change(by, action, found, {"suspended": suspended})
    return found


@transaction.atomic
def create_plan(by: By, code: str, title: str, limits: dict[str, int]) -> Plan:
    """A new plan; limits that are not named are 0, which means none. Raises Refused."""
    rest = dict.fromkeys(LIMITS, 0) | limits
    made = Plan(code=code, title=title or code, **rest)
    audit.create(by, made)
    return made


@transaction.atomic
def change_plan(by: By, code: str, changes: dict[str, object]) -> tuple[Plan, list[str]]:
    """Change a plan for all its partners; returns it and what differs. Raises Refused."""
    found = plan(code)
    return found, audit.change(by, "change", found, changes)


LIMITS = (
    "key_rate", "key_burst", "partner_rate", "partner_burst", "monthly_quota", "max_sessions",
    "max_keys",
)  # fmt: skip
