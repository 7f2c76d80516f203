"""Settings of an instrument as a server turns them into commands, carried out by an exchange."""

from decimal import Decimal

import pytest

import gridworks as gw
from domain.attributes import InstrumentAttr as I
from domain.tables import Table
from gridworks.api.types.v1.instrument_pb2 import Instrument
from server.codec.people.decimals import Scale
from server.services.settings import fill_instrument, instrument_settings

pytestmark = pytest.mark.nojit


def test_a_tick_table_takes_the_place_of_another():
    """Whatever bands there were, longer or shorter, lower or higher."""
    exchange = gw.Exchange()
    number = exchange.add_instrument("X", tick_from_2=5, tick_2=3, tick_from_3=9_000, tick_3=7)
    scale = Scale(number, "X", Decimal("0.01"))
    tables = (
        [("0", "0.01"), ("1.00", "0.05"), ("10.00", "0.50"), ("100.00", "1.00")],
        [("0", "0.02"), ("50.00", "0.10")],
        [("0", "0.01")],
    )
    for bands in tables:
        message = Instrument()
        for start, tick in bands:
            message.tick_table.add(from_price=start, tick=tick)
        reports = exchange.send(*instrument_settings(number, message, ["tick_table"], scale))
        assert [report.explain() for report in reports if report.refused] == []
        values, shown = exchange.table(Table.INSTRUMENT)[number], Instrument()
        fill_instrument(shown, values, scale)
        assert [Decimal(band.tick) for band in shown.tick_table] == [Decimal(t) for _, t in bands]
        assert values[I.TICK_1] == int(Decimal(bands[0][1]) * 100)
