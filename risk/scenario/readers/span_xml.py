"""The public SPAN XML parameter layout (file format 4.00, `.spn`), as clearing houses publish it.

    spanFile/pointInTime/date, clearingOrg/ccDef (cc, pfLink, intraTiers, interTiers, somTiers,
    dSpread, spotRate), clearingOrg/interSpreads/dSpread, clearingOrg/exchange/
    {phyPf/phy, equityPf/equity, futPf/fut, oopPf|oofPf|ooePf/series/opt} with ra/a x 16 and ra/d

After "SPAN XML file format" of CME Group. Risk arrays and composite deltas are taken as they are.
What other elements say (currency conversion, account types, yield curves) is passed over.
"""

from __future__ import annotations

import numpy as np

from domain.errors import InvalidField
from risk.scenario.facts import Contract
from risk.scenario.fields import MAX_NUMBER
from risk.scenario.fields import day as checked_day
from risk.scenario.parameters import Commodity, Delivery, Leg, Parameters, Spread, Tier
from risk.scenario.readers.elements import Element, Stream
from risk.scenario.readers.text import Source

MAX_CONTRACTS = 1_000_000
_OPTIONS = ("oopPf", "oofPf", "ooePf", "oocPf")
_PORTFOLIOS = ("phyPf", "equityPf", "futPf", *_OPTIONS)
_SHARES_OF_ONE = 1.0  # credits up to this are fractions, above it percent
_KEY = tuple[str, str]  # portfolio id and code, or portfolio id and contract id


def _day(element: Element, name: str) -> str:
    """An expiry: YYYYMMDD, a month as its last day, "" for 0 or nothing."""
    shown = element.word(name, "0").strip()
    if not shown.strip("0"):
        return ""
    if len(shown) == 8 and shown.endswith("00"):
        shown = shown[:6]
    try:
        if len(shown) == 6:
            month = np.datetime64(f"{shown[:4]}-{shown[4:]}", "M")
            after = (month + np.timedelta64(1, "M")).astype("datetime64[D]")
            return str(after - np.timedelta64(1, "D"))
        return checked_day(name, shown)
    except (ValueError, InvalidField):
        raise element.wrong(shown, "a date as YYYYMMDD or YYYYMM", name) from None


def _rate(element: Element) -> float:
    """The first rate of an element (`rate/val`)."""
    rates = element.all("rate")
    if not rates:
        raise element.wrong(None, "this element; it is missing", "rate")
    return rates[0].number("val")


class _File:
    """What has been read of a file so far."""

    def __init__(self) -> None:
        self.date, self.organisation = "", ""
        self.commodities: dict[str, Commodity] = {}
        self.links: dict[_KEY, str] = {}  # (portfolio type, portfolio id) -> combined commodity
        self.currencies: dict[str, str] = {}
        self.credits: list[Spread] = []
        self.contracts: list[Contract] = []
        self.portfolios: list[_KEY] = []  # (type, id) of each contract's portfolio
        self.prices: dict[_KEY, float] = {}  # (portfolio id, contract id) -> price
        self.underlying: list[_KEY] = []
        self.handlers = {
            "ccDef": self.commodity, "interSpreads": self.inter_spreads, "phy": self.plain,
            "equity": self.plain, "fut": self.plain, "opt": self.option, "series": self.forget,
            "pointInTime": self.point_in_time, **dict.fromkeys(_PORTFOLIOS, self.forget),
        }  # fmt: skip

    def forget(self, element: Element, ancestors: list[Element]) -> None:
        """A container whose content was taken as it came."""

    def point_in_time(self, element: Element, ancestors: list[Element]) -> None:
        self.date = _day(element, "date")
        if not self.date:
            raise element.wrong("", "the date of the parameters", "date")
        for organisation in element.all("clearingOrg"):
            self.organisation = organisation.word("ec", "")

    # ------------------------------------------------------------------ combined commodities

    def commodity(self, element: Element, ancestors: list[Element]) -> None:
        name = element.word("cc")
        for link in element.all("pfLink"):
            self.links[link.word("pfType"), link.word("pfId")] = name
        tiers = [
            Tier(tier.word("tn"), _day(tier, "sPe"), _day(tier, "ePe"))
            for group in ("intraTiers", "interTiers")
            for tiers in element.all(group)
            for tier in tiers.all("tier")
        ]
        unique = {tier.name: tier for tier in reversed(tiers)}
        minima = [tier for group in element.all("somTiers") for tier in group.all("tier")]
        self.currencies[name] = element.word("currency", "")
        self.commodities[name] = Commodity(
            name=name,
            tiers=tuple(unique.values()),
            calendar_spreads=tuple(self._calendar(row) for row in element.all("dSpread")),
            delivery=tuple(
                Delivery(_day(row, "pe"), row.number("sprd", 0.0), row.number("outr", 0.0))
                for row in element.all("spotRate")
            ),
            short_option_minimum=max((_rate(tier) for tier in minima), default=0.0),
            short_option_method="larger" if element.word("somMeth", "GROSS") == "MAX" else "gross",
            option_value="commodity" if element.word("capAnov", "0") == "1" else "account",
        )

    def _calendar(self, element: Element) -> Spread:
        method = element.word("chargeMeth", "F")
        if method != "F":
            raise element.wrong(method, "F, a flat charge", "chargeMeth")
        return Spread(_rate(element), self._legs(element))

    @staticmethod
    def _legs(element: Element) -> tuple[Leg, ...]:
        legs = []
        for leg in (*element.all("tLeg"), *element.all("pLeg")):
            side, ratio = leg.word("rs"), leg.number("i", 1.0)
            if side not in ("A", "B") or not 1e-6 <= ratio <= 1e6:
                raise leg.wrong((side, ratio), "side A or B and a ratio above 0", "rs")
            tier = leg.word("tn", "0")
            expiry = _day(leg, "pe") if leg.name == "pLeg" else ""
            legs.append(Leg(side, ratio, leg.word("cc"), "" if tier == "0" else tier, expiry))
        if len(legs) < 2:
            raise element.wrong(len(legs), "two legs or more", "tLeg")
        return tuple(legs)

    def inter_spreads(self, element: Element, ancestors: list[Element]) -> None:
        rows = [row for row in element.all("dSpread") if row.children]
        for row in sorted(rows, key=lambda row: row.number("spread", 0.0)):
            rate = _rate(row)
            percent = rate * 100.0 if rate <= _SHARES_OF_ONE else rate
            if not 0.0 <= percent <= 100.0:
                raise row.wrong(rate, "a credit of 0 to 100 percent", "rate")
            self.credits.append(Spread(percent, self._legs(row)))

    # ------------------------------------------------------------------ contracts

    def _array(self, element: Element) -> tuple[tuple[float, ...], float]:
        """(16 losses of one lot, composite delta)."""
        arrays = element.all("ra")
        if not arrays:
            raise element.wrong(None, "a risk array; it is missing", "ra")
        values = []
        for amount in arrays[0].all("a"):
            try:
                values.append(float(amount.text))
            except ValueError:
                values.append(float("nan"))
            if not abs(values[-1]) < MAX_NUMBER:
                raise amount.wrong(amount.text, "a number")
        if len(values) != 16:
            raise arrays[0].wrong(f"{len(values)} amounts", "16 amounts", "a")
        return tuple(values), arrays[0].number("d", 1.0)

    def _add(self, contract: Contract, kind: str, portfolio: Element, underlying: _KEY) -> None:
        if len(self.contracts) >= MAX_CONTRACTS:
            raise portfolio.wrong("too many", f"at most {MAX_CONTRACTS} contracts")
        self.contracts.append(contract)
        self.portfolios.append((kind, portfolio.word("pfId")))
        self.underlying.append(underlying)

    def plain(self, element: Element, ancestors: list[Element]) -> None:
        """A future, or what futures and options are on."""
        portfolio = self._portfolio(element, ancestors)
        losses, delta = self._array(element)
        future, expiry = element.name == "fut", _day(element, "pe")
        code, price = portfolio.word("pfCode"), element.number("p")
        self.prices[portfolio.word("pfId"), element.word("cId", "")] = price
        contract = Contract(
            name=f"{code}-{expiry.replace('-', '')}" if expiry else code,
            commodity=code, kind="FUTURE" if future else "EQUITY", price=price, expiry=expiry,
            multiplier=self._factor(element, portfolio),
            delta=delta, delta_scale=element.number("sc", 1.0), risk_array=losses,
        )  # fmt: skip
        self._add(contract, portfolio.name.removesuffix("Pf").upper(), portfolio, ("", ""))

    @staticmethod
    def _portfolio(element: Element, ancestors: list[Element]) -> Element:
        for ancestor in reversed(ancestors):
            if ancestor.name in _PORTFOLIOS:
                return ancestor
        raise element.wrong("no portfolio", "an element of a portfolio of contracts")

    @staticmethod
    def _factor(*elements: Element) -> float:
        """The contract value factor of the nearest element that has one above 0."""
        for element in elements:
            if (found := element.number("cvf", 0.0)) > 0.0:
                return found
        return 1.0

    def option(self, element: Element, ancestors: list[Element]) -> None:
        """An option of a series."""
        portfolio = self._portfolio(element, ancestors)
        series = ancestors[-1]
        losses, delta = self._array(element)
        code, expiry, strike = portfolio.word("pfCode"), _day(series, "pe"), element.number("k")
        right = element.word("o")
        if right not in ("C", "P"):
            raise element.wrong(right, "C or P", "o")
        under = series.all("undC")
        futures_style = portfolio.word("valueMeth", "EQTY").startswith("FUT")
        contract = Contract(
            name=f"{code}-{expiry.replace('-', '')}-{strike:.10g}-{right}",
            commodity=code, kind="OPTION", price=element.number("p"), expiry=expiry,
            right="call" if right == "C" else "put", strike=strike,
            volatility=element.number("v", 0.0), multiplier=self._factor(series, portfolio),
            style="futures" if futures_style else "premium", delta=delta,
            delta_scale=element.number("sc", series.number("sc", 1.0)), risk_array=losses,
        )  # fmt: skip
        link = (under[0].word("pfId", ""), under[0].word("cId", "")) if under else ("", "")
        self._add(contract, portfolio.name.removesuffix("Pf").upper(), portfolio, link)

    # ------------------------------------------------------------------ the whole

    def parameters(self) -> Parameters:
        """The parameters, contracts linked to their commodities and underlying prices."""
        if not self.date:
            raise InvalidField("<pointInTime>", None, "this element; it is missing")
        contracts = []
        for contract, portfolio, under in zip(
            self.contracts, self.portfolios, self.underlying, strict=True
        ):
            commodity = self.links.get(portfolio, contract.commodity)
            self.commodities.setdefault(commodity, Commodity(commodity))
            fields = {name: getattr(contract, name) for name in Contract.__slots__}
            fields.update(commodity=commodity, underlying_price=self.prices.get(under, 0.0))
            contracts.append(Contract(**fields))
        used = {contract.commodity for contract in contracts}
        currencies = sorted({self.currencies.get(name, "") for name in used})
        shared = [spread for spread in self.credits
                  if all(leg.commodity in self.commodities for leg in spread.legs)]  # fmt: skip
        return Parameters(
            date=self.date, commodities=tuple(self.commodities.values()),
            contracts=tuple(contracts), credits=tuple(shared), name=self.organisation,
            currency=currencies[0] if len(currencies) == 1 else "",
        )  # fmt: skip


def read_span(source: Source) -> Parameters:
    """Scenario parameters from the public SPAN XML layout: text, bytes or an open binary file.

    Contracts are called CODE-YYYYMMDD, options CODE-YYYYMMDD-STRIKE-C; one lot is what the file's
    risk arrays are for (Indian files: one unit of the underlying). A file that holds commodities
    of several currencies has no `currency`: margin them apart.

    Raises:
        InvalidField: not well-formed, a document type or entity is declared, larger than
            MAX_BYTES, or an element is missing or wrong; the element's name and line say which.
    """
    file = _File()
    Stream(file.handlers).parse(source)
    return file.parameters()
