"""No secret reaches a log line, an error, a repr, a pickle of the state or the store's files."""

import io
import logging
import pickle
import traceback
from pathlib import Path

import pytest
import structlog

from server import telemetry
from server.auth.denial import NotAuthenticated, NotPermitted
from server.auth.gate import Gate
from server.auth.redaction import redact
from server.auth.store import ControlStore
from server.auth.watch import Watch
from server.metering.journal import Served
from server.metering.meter import Meter

SUBMIT = "/gridworks.api.trading.v1.TradingService/SubmitOrder"


@pytest.fixture
def everything():
    """All that any logger says at the most talkative level, with tracebacks."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    handler.setLevel(1)
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(1)
    yield out
    root.removeHandler(handler)
    root.setLevel(before)


def test_a_whole_life_leaves_no_trace_of_the_secret(sqlite_url, everything, tmp_path, capfd):
    from django.db import connections

    from portal.acts import keys, partners
    from portal.acts.audit import By
    from portal.store import open_store

    open_store(sqlite_url)
    partners.create_partner(By("ann"), "acme", "Acme", "growth", ("acme-*",))
    rights = keys.Rights(("trading:write",), (), ("127.0.0.0/8",))
    issued = keys.create_key(By("ann"), "acme", "test", "bot", rights)
    secret = issued.reveal()
    said = [repr(issued), str(issued), repr(issued.key), repr(vars(issued.key))]
    header = f"Bearer {secret}"
    with Watch(sqlite_url) as watch, Meter(sqlite_url, tmp_path / "usage") as meter:
        gate = Gate("test", lambda: watch.keyring)
        who = gate.enter(SUBMIT, header, "127.0.0.1")
        assert who is not None
        meter.served([Served(who.key_id, SUBMIT, "OK")])
        said += [repr(who), repr(watch.keyring), repr(watch.keyring.by_id), repr(vars(gate))]
        keys.revoke_key(By("ann"), issued.key.pk)
        watch.look()
        attempts = [(header, "192.0.2.1"), (header, ""), (header + "x", ""), (secret, "")]
        for attempt in attempts:
            try:
                gate.enter(SUBMIT, *attempt)
            except (NotAuthenticated, NotPermitted) as denied:
                said += [str(denied), repr(denied), "".join(traceback.format_exception(denied))]
                said.append(repr(pickle.dumps(denied)))
    connections.close_all()
    assert len(said) == 8 + 4 * len(attempts)  # every attempt was refused
    captured = capfd.readouterr()
    hidden = secret[len("gw_test_") + 4 : -4]
    for text in (*said, everything.getvalue(), captured.out, captured.err):
        assert hidden not in text
    files = [Path(sqlite_url.removeprefix("sqlite:///")), *(tmp_path / "usage").iterdir()]
    assert all(hidden.encode() not in file.read_bytes() for file in files)
    assert issued.key.last_four in "".join(said)  # so that a person can tell which key it was


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("key gw_live_Abcd1234efgh sent", "key gw_live_Abcd… sent"),
        ("Bearer gw_test_" + "a" * 43, "Bearer gw_test_aaaa…"),
        ("label gw_test_Ab3d…x9Qz", "label gw_test_Ab3d…x9Qz"),
        ("postgresql://ann:geheim@db/gw", "postgresql://ann:…@db/gw"),
        ("no secret at all: a@b, c:d", "no secret at all: a@b, c:d"),
    ],
)
def test_redaction(text, wanted):
    assert redact(text) == wanted


@pytest.fixture(params=[False, True], ids=["text", "json"])
def lines(request, monkeypatch):
    """What the server's log has said so far."""
    said, root = io.StringIO(), logging.getLogger()
    before, level = root.handlers[:], root.level
    monkeypatch.setattr("sys.stderr", said)
    telemetry.set_up_logs(request.param)
    yield said.getvalue
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.mark.parametrize("logger", [structlog.get_logger, logging.getLogger])
def test_no_logger_of_the_server_can_be_made_to_say_a_key(logger, lines):
    secret = "gw_live_" + "Qx7" * 14 + "z"
    log = logger("tests.secrets")
    log.error("metadata %s of %r", {"authorization": f"Bearer {secret}"}, [secret])
    log.error(f"plain {secret}")
    log.error("%s", {"key": [secret]})
    try:
        body = f"an order of {secret}"
        raise ValueError(body)
    except ValueError:
        log.exception("in a traceback")
    text = lines()
    assert "Qx7Qx7Qx7" not in text.replace("\n", "").replace(" ", "")
    assert text.count("gw_live_Qx7Q…") >= 4
    assert text.count("Traceback") == 1
    assert "locals" not in text  # what is in variables belongs to customers


def test_fields_of_a_line_and_records_that_do_not_fit_their_format_hide_keys_too(
    lines, monkeypatch
):
    secret, root = "gw_live_" + "Qx7" * 14 + "z", logging.getLogger()
    ours = [one for one in root.handlers if type(one).__module__ == telemetry.__name__]
    monkeypatch.setattr(root, "handlers", ours)  # pytest's own would fail the test
    structlog.get_logger("tests.secrets").error("a call", metadata={"authorization": [secret]})
    logging.getLogger("tests.secrets").error("a broken %d record", "x" + secret)
    assert "Qx7Qx7Qx7" not in lines()
    assert lines().count("gw_live_Qx7Q…") == 2


def test_the_store_does_not_show_its_password():
    for url in (
        "postgresql://ann:geheim@db.example/gw",
        "postgresql://db.example/gw?user=ann&password=geheim",
    ):
        store = ControlStore(url)
        assert "geheim" not in repr(store) + store.name
        assert "db.example" in store.name
