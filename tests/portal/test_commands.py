"""The control plane from a terminal: from nothing to a key, and every error in one line."""

import csv
import io
import json
import re

import pytest
from typer.testing import CliRunner

from gridworks.cli import main

APP = main.build()


class Terminal:
    """Runs commands on one store."""

    def __init__(self, url: str) -> None:
        self.environment = {"GRIDWORKS_CONTROL_URL": url, "GRIDWORKS_OPERATOR": "ann"}

    def run(self, line: str):
        return CliRunner().invoke(APP, line.split(), env=self.environment)

    def __call__(self, line: str) -> str:
        done = self.run(line)
        assert done.exit_code == 0, done.output
        return done.stdout

    def rows(self, line: str) -> list[dict]:
        return json.loads(self(f"{line} --format json"))

    def find(self, secret: str):
        line = ["key", "find", "--format", "json"]
        return CliRunner().invoke(APP, line, env=self.environment, input=f"{secret}\n")

    def error(self, line: str) -> str:
        done = self.run(line)
        assert (done.exit_code, done.stdout) == (1, "")
        assert done.stderr.startswith("gridworks: ")
        assert done.stderr.count("\n") == 1
        return done.stderr


@pytest.fixture
def terminal(control_url):
    from django.db import connections

    yield Terminal(control_url)
    connections.close_all()


def test_from_a_partner_to_a_rotated_key(terminal):
    terminal("partner create acme --name Acme -a acme-* --live")
    made = terminal.run("key create acme --env live -s trading:write -s risk:read --expires 90d")
    assert re.fullmatch(r"gw_live_[A-Za-z0-9]{43}\n", made.stdout)  # alone, for $(...)
    assert "the only time" in made.stderr
    secret = made.stdout.strip()
    assert secret not in terminal("key list --all -f json")
    [key] = terminal.rows("key list acme")
    assert key["scopes"] == ["trading:write", "risk:read"]
    assert (key["partner"], key["environment"], key["state"]) == ("acme", "live", "active")
    assert key["label"] == f"{secret[:12]}…{secret[-4:]}"
    found = terminal.find(secret)
    assert json.loads(found.stdout)[0]["key"] == key["key"]
    assert secret not in found.output
    assert "no key of this store" in terminal.find(secret + "x").stderr
    successor = terminal(f"key rotate {key['key']} --grace 2h").strip()
    assert successor != secret
    assert [k["state"] for k in terminal.rows("key list")] == ["rotating", "active"]
    terminal(f"key revoke {key['key']} --reason lost")
    assert [k["label"][-4:] for k in terminal.rows("key list")] == [successor[-4:]]
    assert len(terminal.rows("key list --all")) == 2
    assert terminal.rows(f"key show {key['key']}")[0]["state"] == "revoked"
    audit = terminal.rows("control audit")
    assert [a["action"] for a in audit] == [
        "partner.create", "key.create", "key.create", "key.rotate", "key.revoke",
    ]  # fmt: skip
    assert {a["operator"] for a in audit} == {"ann"}
    assert audit[-1]["reason"] == "lost"
    assert [a["action"] for a in terminal.rows("control audit --subject partner --limit 1")] == []
    assert secret not in json.dumps(audit)


def test_partners_plans_and_keys_change(terminal):
    terminal("partner create acme -a acme-*")
    terminal("plan change growth -l key_rate=70 -l max_sessions=3 --title Starter")
    plan = next(p for p in terminal.rows("plan list") if p["plan"] == "growth")
    assert (plan["key_rate"], plan["max_sessions"], plan["title"]) == (70, 3, "Starter")
    terminal("plan create school -l key_rate=5")
    terminal("partner change acme --plan school --account acme-* --account house")
    terminal("partner suspend acme")
    [partner] = terminal.rows("partner show acme")
    assert (partner["plan"], partner["state"]) == ("school", "suspended")
    assert partner["accounts"] == ["acme-*", "house"]
    terminal("partner resume acme")
    assert terminal.rows("partner list")[0]["state"] == "active"
    assert terminal.rows("plan show school")[0]["partners"] == 1
    terminal("key create acme -s trading:write -a house -n 10.0.0.0/8 --expires 2099-01-01")
    [key] = terminal.rows("key list")
    assert key["expires_at"] == "2099-01-01T00:00:00Z"
    assert key["networks"] == ["10.0.0.0/8"]
    terminal(f"key change {key['key']} --network 192.0.2.1 --expires never --name bot")
    [key] = terminal.rows("key list")
    assert (key["networks"], key["expires_at"], key["name"]) == (["192.0.2.1"], None, "bot")
    assert terminal.rows("control show")[0]["keys"] == 1


def test_usage_as_table_csv_and_json(terminal, control_url):
    from server.auth.store import ControlStore
    from server.metering.fold import Stretch, Sums, fold
    from server.metering.journal import Served

    terminal("partner create acme -a acme-*")
    terminal("key create acme -s trading:write")
    [key] = (k["key"] for k in terminal.rows("key list"))
    method = "/gridworks.api.trading.v1.TradingService/SubmitOrder"
    hour = 497_616  # 2026-10-08T00:00Z
    sums = Sums()
    sums.add(hour, [Served(key, method, "OK", 3, 3000), Served(key, method, "ABORTED", 1, 1)])
    sums.add(hour + 24, [Served(key, method, "OK", 2, 5)])
    store = ControlStore(control_url)
    fold(store, Stretch("j", 0, 10, sums))
    store.close()

    since = "--since 2026-01-01"
    rows = terminal.rows(f"usage report {since}")
    assert [(r["partner"], r["key"], r["status"], r["calls"], r["messages"]) for r in rows] == [
        ("acme", key, "ABORTED", 1, 1), ("acme", key, "OK", 5, 3005),
    ]  # fmt: skip
    days = list(csv.DictReader(io.StringIO(terminal(f"usage report {since} --by day -f csv"))))
    assert days == [
        {"day": "2026-10-08T00:00:00Z", "calls": "4", "messages": "3001"},
        {"day": "2026-10-09T00:00:00Z", "calls": "2", "messages": "5"},
    ]
    table = terminal(f"usage report {since} --by partner,environment").splitlines()
    assert table[0].split() == ["partner", "environment", "calls", "messages"]
    assert table[1].split() == ["acme", "test", "6", "3,006"]
    until = "--until 2026-10-09"
    assert terminal.rows(f"usage report {since} {until} --by month")[0]["messages"] == 3001
    assert terminal.rows("usage report --since 2099-01-01") == []
    assert terminal.rows("usage quota --partner acme")[0]["monthly_quota"] == 5_000_000


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("partner show nobody", "no partner 'nobody'"),
        ("partner create acme --plan gold", "known: growth"),
        ("key create nobody -s trading:write", "no partner"),
        ("key show 99", "no key 99"),
        ("key revoke 99", "no key 99"),
        ("plan change growth -l speed=1", "no limit 'speed'"),
        ("plan change growth -l key_rate=fast", "write key_rate=NUMBER"),
        ("plan change growth", "is that way already"),
        ("usage report --by colour", "cannot group by colour"),
        ("usage report --partner nobody", "no partner"),
        ("partner list --control sqlite:////nowhere/x.db", "gridworks control migrate"),
        ("control migrate --control mysql://a:b@c/d", "is no control-plane store"),
    ],
)
def test_an_error_is_one_line(sqlite_url, line, told):
    assert told in Terminal(sqlite_url).error(line)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("key rotate 1 --grace soon", "no length of time"),
        ("usage report --since soon", "no time"),
        ("key create acme --expires 12", "no time"),
    ],
)
def test_a_time_that_is_none_is_explained(sqlite_url, line, told):
    done = Terminal(sqlite_url).run(line)
    assert done.exit_code == 2
    assert told in " ".join(done.stderr.replace("│", " ").split())
