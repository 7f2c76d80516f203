"""The demo runs to its proofs, and says so when one of them fails."""

from decimal import Decimal

from typer.testing import CliRunner

from gridworks.cli import main
from gridworks.demo import proof


def test_the_demo_proves_what_it_says():
    done = CliRunner().invoke(main.build(), ["demo", "--orders", "1000"])
    assert done.exit_code == 0, done.output
    assert done.output.count("  yes  ") == 8
    assert "  NO   " not in done.output
    for word in (
        "FAT_FINGER_BPS", "ORDER_QTY_LIMIT", "ORDER_VALUE_LIMIT", "POSITION_LIMIT", "NODE_KILLED",
        "VOLATILITY_AUCTION", "kill -9", "Everything holds",
    ):  # fmt: skip
        assert word in done.output


def test_a_failed_proof_is_a_failed_demo(monkeypatch):
    monkeypatch.setattr("gridworks.cli.demo._start", lambda *_: None)
    for name in ("_opening", "_refusals", "_flow", "_books", "_switches", "_holdings"):
        monkeypatch.setattr(f"gridworks.cli.demo.{name}", lambda *_: None)
    monkeypatch.setattr("gridworks.demo.house.House.client", lambda *_: _Nothing())
    monkeypatch.setattr("gridworks.demo.flow.Flow", lambda *_: _Nothing())
    bad = proof.Proof("nothing was lost", False, "an order was")
    monkeypatch.setattr(proof, "of_the_flow", lambda *_: [bad])
    monkeypatch.setattr(proof, "of_the_books", lambda *_: [])
    done = CliRunner().invoke(main.build(), ["demo"])
    assert done.exit_code == 1
    assert "NO   nothing was lost" in done.output


class _Nothing:
    def __enter__(self):
        return self

    def __exit__(self, *error):
        pass


class _Report:
    def __init__(self, exec_id, cl_ord_id, exec_type, last_qty=0, side=1, instrument=1):
        self.exec_id, self.cl_ord_id, self.exec_type = exec_id, cl_ord_id, exec_type
        self.last_qty, self.side, self.instrument = last_qty, side, instrument


class _Session:
    sent = applied = 2


class _Trader:
    """A trader with a record, and a server that says the same unless told otherwise."""

    def __init__(self, *reports):
        self.owner, self.session, self.held, self.repeated = "ada", _Session(), {"ALPHA": 0}, 0
        self.record = dict(enumerate(reports, 1))


class _Flow:
    first_exec_id = 0

    def __init__(self, trader):
        from gridworks.client import Scale

        self.traders = [trader]
        self.scales = {"ALPHA": Scale("instruments/ALPHA", 1, Decimal(1), Decimal(1))}


def _proofs(monkeypatch, trader, told, held):
    monkeypatch.setattr(proof, "_told", lambda *_: told)
    monkeypatch.setattr(proof, "lots", lambda *_: {"ALPHA": held})
    return [made.holds for made in proof.of_the_flow(None, _Flow(trader))]


def test_each_kind_of_loss_fails_its_proof(monkeypatch):
    new, fill = _Report(1, 7, 48), _Report(2, 7, 70, 5)
    told = [(1, 7, 48, 0), (2, 7, 70, 5)]
    assert _proofs(monkeypatch, _Trader(new, fill), told, 5) == [True] * 5
    assert _proofs(monkeypatch, _Trader(new), told, 5) == [True, True, True, False, False]
    assert _proofs(monkeypatch, _Trader(new, fill), told[:1], 5)[3] is False
    assert _proofs(monkeypatch, _Trader(new, fill), told, 4)[4] is False
    assert _proofs(monkeypatch, _Trader(new, new), told, 0)[2] is False
    gap = _Trader(new, fill)
    gap.record[4] = gap.record.pop(2)
    assert _proofs(monkeypatch, gap, told, 5)[1] is False
    behind = _Trader(new, fill)
    behind.session.sent = 3
    assert _proofs(monkeypatch, behind, told, 5)[0] is False
