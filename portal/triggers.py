"""What the database itself guarantees, whoever writes to it: the epoch moves, the audit stays.

Triggers and not code, because a row changed by hand in a console is a change too. They are put
in place again after every migration.
"""

from __future__ import annotations

from typing import Any

from django.db import connections

WATCHED = ("control_partner", "control_plan", "control_key")  # what the server keeps in memory
APPEND_ONLY = "control_act"
CHANGES = ("INSERT", "UPDATE", "DELETE")


FUNCTIONS = {
    "control_next_epoch": "BEGIN UPDATE control_epoch SET value = value + 1; RETURN NULL; END",
    "control_refuse": "BEGIN RAISE EXCEPTION 'the audit log is append-only'; END",
}


def sqlite() -> list[str]:
    """The statements for SQLite, which runs a trigger for each row."""
    made = []
    for table in WATCHED:
        for change in CHANGES:
            name = f"{table}_{change.lower()}_epoch"
            made.append(f"DROP TRIGGER IF EXISTS {name}")
            made.append(
                f"CREATE TRIGGER {name} AFTER {change} ON {table} "
                "BEGIN UPDATE control_epoch SET value = value + 1; END"
            )
    for change in ("UPDATE", "DELETE"):
        name = f"{APPEND_ONLY}_no_{change.lower()}"
        made.append(f"DROP TRIGGER IF EXISTS {name}")
        made.append(
            f"CREATE TRIGGER {name} BEFORE {change} ON {APPEND_ONLY} "
            "BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END"
        )
    return made


def postgresql() -> list[str]:
    """The statements for PostgreSQL. The row lock on the epoch puts commits in its order."""
    made = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
        for name, body in FUNCTIONS.items()
    ]
    every = " OR ".join((*CHANGES, "TRUNCATE"))
    made += [
        f"CREATE OR REPLACE TRIGGER {table}_epoch AFTER {every} ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION control_next_epoch()"
        for table in WATCHED
    ]
    made.append(
        f"CREATE OR REPLACE TRIGGER {APPEND_ONLY}_stays BEFORE UPDATE OR DELETE OR TRUNCATE "
        f"ON {APPEND_ONLY} FOR EACH STATEMENT EXECUTE FUNCTION control_refuse()"
    )
    return made


STATEMENTS = {"sqlite": sqlite, "postgresql": postgresql}


def install(using: str = "default", **_: Any) -> None:
    """Put the triggers in place; a receiver of Django's post_migrate."""
    connection = connections[using]
    existing = connection.introspection.table_names()
    if not {*WATCHED, APPEND_ONLY, "control_epoch"} <= {*existing}:
        return  # migrated back to nothing
    with connection.cursor() as cursor:
        for statement in STATEMENTS[connection.vendor]():
            cursor.execute(statement)
