"""Opening the store: URLs, migrations, and messages without passwords."""

import logging
import stat

import pytest

from portal.address import BadAddress, database, safe, sqlite_path
from portal.store import NotMigrated, StoreProblem, migrate, open_store

PASSWORD = "s3cret-word"


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sqlite:///control.db", "control.db"),
        ("sqlite:////var/lib/gw/control.db", "/var/lib/gw/control.db"),
        ("sqlite:///a%20b.db", "a b.db"),
    ],
)
def test_sqlite_urls(url, path):
    assert str(sqlite_path(url)) == path
    assert database(url)["NAME"] == path


def test_postgresql_urls():
    found = database(f"postgresql://ann:{PASSWORD}@db.example:6432/gw?sslmode=verify-full")
    assert found["ENGINE"] == "django.db.backends.postgresql"
    named = {name: found[name] for name in ("NAME", "USER", "PASSWORD", "HOST", "PORT")}
    assert named == {
        "NAME": "gw", "USER": "ann", "PASSWORD": PASSWORD, "HOST": "db.example", "PORT": "6432",
    }  # fmt: skip
    assert found["OPTIONS"] == {"sslmode": "verify-full"}


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://ann:{PASSWORD}@db/gw",
        f"postgresql://ann:{PASSWORD}@db",
        f"postgresql://ann:{PASSWORD}@db/gw?nonsense=1",
        f"ann:{PASSWORD}@db/gw",
        f"host=db dbname=gw password={PASSWORD}",
        "sqlite://control.db",
        "sqlite:///",
        "",
    ],
)
def test_a_bad_url_is_explained_without_its_password(url):
    with pytest.raises(BadAddress) as refused:
        database(url)
    assert PASSWORD not in str(refused.value)
    assert "sqlite:///" in str(refused.value)
    assert PASSWORD not in safe(f"postgresql://ann:{PASSWORD}@db/gw?password={PASSWORD}")


def test_an_unreachable_server_is_explained_without_its_password(caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(StoreProblem) as refused:
        open_store(f"postgresql://ann:{PASSWORD}@127.0.0.1:1/gw")
    assert "127.0.0.1" in str(refused.value)
    assert PASSWORD not in str(refused.value) + caplog.text


def test_a_store_is_made_once_and_only_its_owner_may_read_it(tmp_path):
    url = f"sqlite:///{tmp_path / 'new.db'}"
    with pytest.raises(NotMigrated, match="gridworks control migrate"):
        open_store(url)
    assert not (tmp_path / "new.db").exists()
    assert migrate(url) == ["0001_initial", "0002_first_rows"]
    assert migrate(url) == []
    assert open_store(url) == url
    assert stat.S_IMODE((tmp_path / "new.db").stat().st_mode) == 0o600
    with pytest.raises(StoreProblem, match="no-folder"):
        migrate(f"sqlite:///{tmp_path}/no-folder/x.db")


@pytest.mark.usefixtures("control")
def test_the_migrations_make_what_the_models_say():
    from django.core.management import call_command
    from django.db import connection

    from portal.models import Plan
    from portal.triggers import STATEMENTS

    call_command("makemigrations", "--check", "--dry-run", verbosity=0)  # exits when they do not
    assert list(Plan.objects.order_by("id").values_list("code", flat=True)) == [
        "growth", "enterprise", "quantum",
    ]  # fmt: skip
    table = {"sqlite": "sqlite_master WHERE type = 'trigger'", "postgresql": "pg_trigger"}
    name = {"sqlite": "name", "postgresql": "tgname"}[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {name} FROM {table[connection.vendor]}")
        there = {row[0] for row in cursor.fetchall()}
    wanted = {
        statement.partition(" TRIGGER ")[2].split()[0]
        for statement in STATEMENTS[connection.vendor]()
        if " TRIGGER " in statement and "DROP" not in statement
    }
    assert len(wanted) >= 4
    assert wanted <= there
