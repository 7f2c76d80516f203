"""SPAN XML, JSON and CSV: what is read, and what is refused with which words."""

from __future__ import annotations

import io
import json

import pytest

from domain.errors import InvalidField
from risk.scenario import (
    MODELS,
    Incremental,
    Scenario,
    example,
    model_of,
    read_contracts,
    read_json,
    read_model,
    read_portfolio,
    read_span,
)
from risk.scenario.readers import elements


def _array(step: float, delta: float) -> str:
    """A risk array that loses `step` a third of a move down."""
    moves = (0, 0, 1, 1, -1, -1, 2, 2, -2, -2, 3, 3, -3, -3, 2.7, -2.7)
    cells = "".join(f"<a>{-step * move:.2f}</a>" for move in moves)
    return f"<ra><r>1</r>{cells}<d>{delta}</d></ra>"


def _portfolio(tag: str, number: int, code: str, content: str, more: str = "") -> str:
    return (f"<{tag}><pfId>{number}</pfId><pfCode>{code}</pfCode><currency>INR</currency>"
            f"<cvf>1.00</cvf>{more}{content}</{tag}>")  # fmt: skip


def _legs(*legs: tuple[str, str]) -> str:
    return "".join(
        f"<pLeg><cc>{cc}</cc><pe>20260{month}</pe><rs>{side}</rs><i>1.0</i></pLeg>"
        for side, (cc, month) in zip("AB", (leg for leg in legs), strict=True)
    )


FUTURE = "<fut><cId>{0}</cId><pe>{0}</pe><p>24000</p><d>1</d><cvf>1</cvf>{1}</fut>"
COMMODITY = (
    "<ccDef><cc>NIFTY</cc><currency>INR</currency><capAnov>0</capAnov><somMeth>GROSS</somMeth>"
    "<pfLink><pfType>FUT</pfType><pfId>2</pfId><pfCode>NIFTY</pfCode></pfLink>"
    "<pfLink><pfType>OOP</pfType><pfId>3</pfId></pfLink>"
    "<intraTiers><tier><tn>1</tn><sPe>20260601</sPe><ePe>20260630</ePe></tier></intraTiers>"
    "<somTiers><tier><tn>0</tn><rate><r>1</r><val>11.5</val></rate></tier></somTiers>"
    "<spotRate><r>1</r><pe>20260630</pe><sprd>3</sprd><outr>7</outr></spotRate>"
    "<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><val>425.0</val></rate>"
    + _legs(("NIFTY", "630"), ("NIFTY", "728"))
    + "</dSpread></ccDef>"
)
BANK = "<ccDef><cc>BANK</cc><currency>INR</currency></ccDef>"
SHARED = (
    "<interSpreads><dSpread/><dSpread><spread>1</spread><rate><val>0.5</val></rate>"
    "<tLeg><cc>NIFTY</cc><tn>0</tn><rs>A</rs><i>2</i></tLeg>"
    "<tLeg><cc>BANK</cc><tn>0</tn><rs>B</rs><i>1</i></tLeg></dSpread></interSpreads>"
)
OPTION = (
    "<series><pe>20260630</pe><v>0.15</v><t>0.08</t><sc>1</sc><cvf>1</cvf>"
    "<undC><exch>NSE</exch><pfId>1</pfId><cId>1</cId></undC>"
    "<opt><cId>1</cId><o>C</o><k>24000.00</k><p>376.5</p><d>0.5</d><v>0.14</v>"
    + _array(350, 0.5) + "</opt></series>"
)  # fmt: skip
EXCHANGE = (
    "<exchange><exch>NSE</exch>"
    + _portfolio("phyPf", 1, "NIFTY", "<phy><cId>1</cId><pe>00000000</pe><p>23990</p>"
                 + _array(0, 1) + "</phy>")
    + _portfolio("futPf", 2, "NIFTY", FUTURE.format("20260630", _array(744, 1))
                 + FUTURE.format("202607", _array(750, 1)))
    + _portfolio("futPf", 4, "BANK", FUTURE.format("20260630", _array(1800, 1)))
    + _portfolio("oopPf", 3, "NIFTY", OPTION, "<valueMeth>EQTY</valueMeth>")
    + "</exchange>"
)  # fmt: skip
FILE = (
    '<?xml version="1.0" encoding="ISO-8859-1"?>\n<spanFile><fileFormat>4.00</fileFormat>'
    "<pointInTime><date>20260601</date><isSetl>1</isSetl><clearingOrg><ec>NCL</ec>"
    + COMMODITY + BANK + SHARED + EXCHANGE + "</clearingOrg></pointInTime></spanFile>"
)  # fmt: skip


@pytest.mark.parametrize("source", [FILE, FILE.encode("latin-1"), io.BytesIO(FILE.encode())])
def test_span_xml(source: object) -> None:
    made = read_span(source)  # type: ignore[arg-type]
    names = ["NIFTY", "NIFTY-20260630", "NIFTY-20260731", "BANK-20260630", "NIFTY-20260630-24000-C"]
    assert [contract.name for contract in made.contracts] == names
    assert (made.date, made.name, made.currency) == ("2026-06-01", "NCL", "INR")
    option, nifty = made.contracts[-1], made.commodities[0]
    assert (option.right, option.strike, option.volatility) == ("call", 24000.0, 0.14)
    assert (option.underlying_price, option.price, option.style) == (23990.0, 376.5, "premium")
    assert (nifty.short_option_minimum, nifty.short_option_method) == (11.5, "gross")
    model = Scenario(made)
    assert model.margin({"NIFTY-20260630": -1}).parts["scan_risk"] == 223_200
    spread = model.margin({"NIFTY-20260630": 1, "NIFTY-20260731": -1})
    assert spread.parts["calendar_charge"] == 0  # its legs name the 28th of July
    hedged = model.margin({"NIFTY-20260630": 2, "BANK-20260630": -1}).parts
    assert hedged["inter_commodity_credit"] == -(2 * 223_200 + 540_000) // 2
    assert hedged["delivery_charge"] == 1400
    assert model.margin({"NIFTY-20260630-24000-C": -2}).parts["scan_risk"] == 210_000
    assert Incremental(model, {"BANK-20260630": 1}).total == 540_000


BAD = [
    (FILE.replace("<p>376.5</p>", "<p>free</p>"), r"<opt><p> in line 2"),
    (FILE.replace("<p>376.5</p>", ""), r"<opt><p> in line 2 is None"),
    (FILE.replace("<a>-350.00</a>", "<a>nan</a>"), r"<a> in line 2 is 'nan'"),
    (FILE.replace("<a>-350.00</a>", ""), r"<ra><a> in line 2 is '14 amounts'"),
    (FILE.replace(_array(350, 0.5), ""), r"<opt><ra> in line 2"),
    (FILE.replace("<o>C</o>", "<o>X</o>"), r"<opt><o> in line 2"),
    (FILE.replace("<pe>202607</pe>", "<pe>202613</pe>"), r"<fut><pe> in line 2"),
    (FILE.replace("<pe>202607</pe>", "<pe>July</pe>"), r"<fut><pe> in line 2"),
    (FILE.replace("<date>20260601</date>", "<date>0</date>"), r"<pointInTime><date>"),
    (FILE.replace("<chargeMeth>F</chargeMeth>", "<chargeMeth>W</chargeMeth>"), "chargeMeth"),
    (FILE.replace("<rs>B</rs><i>1</i>", "<rs>C</rs><i>1</i>"), r"<tLeg><rs>"),
    (FILE.replace("<rate><val>0.5</val></rate>", ""), r"<dSpread><rate>"),
    (FILE.replace("<rate><val>0.5</val></rate>", "<rate><val>101</val></rate>"), "credit"),
    (FILE.replace(SHARED, SHARED.replace("tLeg", "sLeg")), r"<dSpread><tLeg>"),
    (FILE.replace("futPf", "cmbPf"), "no portfolio"),
    ("<spanFile></spanFile>", r"<pointInTime>"),
    (FILE[:-3], "XML"),
    ("", "XML"),
    ("<a>" * 40, r"too deep"),
    ("<a>" + "x" * 5000 + "</a>", "too much text"),
    ('<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "a declaration"),
    ('<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', "a declaration"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_bad_xml_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InvalidField, match=words):
        read_span(text)


def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elements, "MAX_BYTES", 100)
    for source in (FILE, io.BytesIO(FILE.encode())):
        with pytest.raises(InvalidField, match="at most 100"):
            read_span(source)
    monkeypatch.undo()
    monkeypatch.setattr("risk.scenario.readers.span_xml.MAX_CONTRACTS", 2)
    with pytest.raises(InvalidField, match="at most 2 contracts"):
        read_span(FILE)
    monkeypatch.setattr("risk.scenario.readers.text.MAX_TEXT", 10)
    with pytest.raises(InvalidField, match="at most 10"):
        read_portfolio(io.StringIO("contract,quantity\nX,1\n"))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "JSON"),
        ('{"date": NaN}', "JSON is 'NaN'"),
        ('{"date": "2026-06-01", "date": "2026-06-02"}', "JSON field date"),
        ("[]", "the file"),
        ('{"commodities": []}', "date is None"),
        ('{"date": "1 June"}', "date is '1 June'"),
        ('{"date": "2026-06-01", "commodities": 3}', "commodities is 3"),
        ('{"date": "2026-06-01", "credit": []}', "credit is"),
        ('{"date": "2026-06-01", "premium_upfront": 1}', "premium_upfront is 1"),
        ('{"date": "2026-06-01", "scenarios": [[0, 0, 1]]}', "scenarios"),
        (b"\xff", "byte 0"),
    ],
)
def test_bad_json_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InvalidField, match=words):
        read_json(text)


COMMODITIES = [{"name": "C", "price_scan": 1, "tiers": [{"name": "near"}]}, {"name": "D"}]
LEGS = [{"side": "A", "commodity": "C"}, {"side": "B", "commodity": "D"}]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"commodities": [*COMMODITIES, {"name": "C"}]}, r"commodities\[C\]"),
        ({"credits": [{"percent": 10, "legs": LEGS[:1]}]}, r"credits\[0\].legs"),
        ({"credits": [{"percent": 101, "legs": LEGS}]}, r"credits\[0\].percent"),
        ({"credits": [{"percent": 1, "legs": [*LEGS, {"side": "A"}]}]}, "credits: commodity"),
        ({"credits": [{"percent": 1, "legs": [*LEGS, LEGS[0]]}]}, "legs of one side"),
        ({"credits": [{"percent": 1, "legs": [{**LEGS[0], "tier": "far"}, LEGS[1]]}]}, "tier"),
        ({"credits": [{"percent": 1, "legs": [{**LEGS[0], "side": "C"}, LEGS[1]]}]}, "side"),
        ({"contracts": [{"name": "X", "commodity": "C", "price": 1}] * 2}, r"contracts\[X\]"),
        ({"contracts": [{"name": "X\n", "commodity": "C", "price": 1}]}, "name"),
        ({"contracts": [{"name": "X", "commodity": "C", "price": True}]}, "price"),
        ({"contracts": [{"name": "X", "commodity": "C", "price": 1, "kind": "SWAP"}]}, "kind"),
        ({"scenarios": [[0, 1, 1], [1, -1, 1], *[[0, 0, 1]] * 14]}, r"scenarios\[1\]"),
        ({"scenarios": [[0, 1]] * 16}, r"scenarios\[0\]"),
    ],
)
def test_bad_parameters(changes: dict[str, object], words: str) -> None:
    contracts = [{"name": n, "commodity": n, "price": 1, "kind": "FUTURE"} for n in "CD"]
    data = {"date": "2026-06-01", "commodities": COMMODITIES, "contracts": contracts, **changes}
    with pytest.raises(InvalidField, match=words):
        Scenario(data)


def test_other_scenarios_can_be_given() -> None:
    data = {"date": "2026-06-01", "commodities": COMMODITIES,
            "contracts": [{"name": "X", "commodity": "C", "price": 9, "kind": "FUTURE"}],
            "scenarios": [*[[0, 1, 1], [0, -1, 1]] * 7, [-2, 0, 0.5], [2, 0, 0.35]]}  # fmt: skip
    assert Scenario(data).margin({"X": 1}).initial == 100


def test_csv() -> None:
    text = ("name,commodity,kind,price,risk_array,delta\n"
            "X,C,FUTURE,9,1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16,0.5\n\n")  # fmt: skip
    assert read_contracts(text)[0].risk_array[-1] == 16.0
    for bad, words in (
        (text.replace(" 16", ""), r"contracts\[X\].risk_array"),
        (text.replace("9,", "9,,"), "line 2"),
        (text.replace("delta", "dalta"), r"contracts\[X\].dalta"),
        ("", "no line"),
        ('name\n"a\x00', "name"),
    ):
        with pytest.raises(InvalidField, match=words):
            read_contracts(bad)


def test_portfolios() -> None:
    table = read_portfolio("contract,quantity,open_buy,leverage\nX,-2,3,10\nY,1,,\n")
    assert [p.quantity for p in table.positions] == [-2, 1]
    assert (table.positions[0].open_buy, table.positions[0].leverage) == (3, 10.0)
    data = {"cash": 100.5, "positions": [{"contract": "X", "quantity": -2}]}
    assert read_portfolio(json.dumps(data)).cash == 100.5
    for bad, words in (
        ("contract,quantity\nX,1.5\n", "portfolio line 2.quantity"),
        ("contract,quantity\nX,1\nX,1\n", "position X"),
        ("contract,amount\nX,1\n", "portfolio line 2.amount"),
        ('{"positions": [{"quantity": 1}]}', r"positions\[0\].contract"),
        ('{"positions": [{"contract": "X", "premium_due": "inf"}]}', "premium_due"),
    ):
        with pytest.raises(InvalidField, match=words):
            read_portfolio(bad)


def test_models_by_name() -> None:
    with pytest.raises(InvalidField, match="|".join(MODELS)):
        model_of({"model": "span"})
    with pytest.raises(InvalidField, match=r"tiers\[BTC\]\[1\]"):
        model_of({"model": "crypto", "tiers": [{"name": "BTC", "tiers": [
            {"notional": 0, "leverage": 10, "maintenance_percent": 1},
            {"notional": 9, "leverage": 20, "maintenance_percent": 1}]}]})  # fmt: skip
    shares = read_model('{"model": "var_elm"}', "name,price,value_at_risk_percent,"
                        "extreme_loss_percent\nX,10,10,5\n")  # fmt: skip
    assert shares.margin({"X": 10}).initial == 1500
    text = '{"model": "regulation_t", "rates": [{"initial": 60}]}'
    rated = read_model(text, "name,price\nX,10\n")
    assert rated.margin({"X": 10}).initial == 6000


def test_examples() -> None:
    assert {example(name).currency for name in ("index_futures", "index_options")} == {"INR"}
    with pytest.raises(InvalidField, match="index_futures"):
        example("../data")
