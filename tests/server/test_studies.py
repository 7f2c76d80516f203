"""Indicators in processes of their own: the same bits, bounded, and started again when they die."""

import asyncio
import math
import random
import struct
import threading
import time
from decimal import Decimal

import grpc
import numpy as np
import pytest
import uvloop
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

import indicators
from domain.errors import CapacityError, InvalidField, Unavailable
from gridworks.api.indicators.v1 import indicator_service_pb2 as api
from gridworks.api.indicators.v1.indicator_service_pb2_grpc import IndicatorServiceStub
from gridworks.api.market_data.v1 import market_data_service_pb2 as market
from gridworks.api.market_data.v1.market_data_service_pb2_grpc import MarketDataServiceStub
from gridworks.api.trading.v1.trading_service_pb2_grpc import TradingServiceStub
from indicators.registry import rows
from server.codec.people.decimals import Scale
from server.studies.parameters import doubles, numbers_of, shown
from server.studies.process import MOST_WAITING, Process, TooLong
from server.studies.worker import Job
from tests.server.test_server_trading import BUY, SELL, details, wish

ACME = "instruments/ACME"
NUMBERS = {"ema": {"length": 5}, "bbands": {}, "atr": {"length": 3}}


def number(value):
    return api.ParameterValue(number=value)


def bits(values):
    return [struct.pack(">d", math.nan if math.isnan(v) else v) for v in values]


def batch(name, columns, parameters):
    """The columns that `gw.indicators` gives in this process."""
    made = getattr(indicators, name)(*columns, **parameters)
    return made if isinstance(made, tuple) else (made,)


# ------------------------------------------------------------------------------ the process


def column(count, seed=1):
    made = random.Random(seed)
    return np.array([100 + made.gauss(0, 3) for _ in range(count)])


def job(count=50, length=5.0, **more):
    row = rows()["ema"]
    return Job("ema", row.numbers({"length": length}), (column(count),), **more)


def run(body):
    return asyncio.run(asyncio.wait_for(body, 240))


def test_a_process_gives_the_bits_of_a_batch_in_any_cut_and_few_may_wait():
    async def body():
        process = Process(200)
        [whole] = await process.run([job(100)])
        state, parts = None, []
        for begin, end in ((0, 1), (1, 40), (40, 100)):
            piece = job(100, state=state)._replace(columns=(column(100)[begin:end],))
            [done] = await process.run([piece])
            parts, state = [*parts, *done.outputs[0]], done.state
        asked = [asyncio.create_task(process.run([job()])) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        with pytest.raises(CapacityError):
            await process.run([job()])
        assert len(await asyncio.gather(*asked)) == MOST_WAITING
        await process.stop()
        return whole.outputs[0], parts

    whole, parts = run(body())
    [wanted] = batch("ema", (column(100),), {"length": 5})
    assert bits(whole) == bits(parts) == bits(wanted)


def test_a_process_that_dies_or_dawdles_is_replaced():
    async def body():
        process = Process(200)
        await process.run([job()])
        process._child.kill()
        with pytest.raises(Unavailable):
            await process.run([job()])
        again = await process.run([job()])
        process._seconds = 0.0
        with pytest.raises(TooLong, match="not computed within"):
            await process.run([job()])
        process._seconds = 200
        assert len(await process.run([job()])) == len(again)
        given_up = asyncio.create_task(process.run([job()]))
        await asyncio.sleep(0)
        given_up.cancel()  # a caller whose deadline has passed
        assert len(await process.run([job(), job()])) == 2
        await process.stop()

    run(body())


def test_a_process_that_died_in_a_quiet_hour_is_replaced_at_the_next_request():
    async def body():
        process = Process(200)
        first = await process.run([job()])
        process._child.kill()
        await process._child.wait()
        again = await process.run([job()])
        assert bits(again[0].outputs[0]) == bits(first[0].outputs[0])
        await process.stop()

    uvloop.run(body())  # the server's loop: it refuses to write to who has ended


# ------------------------------------------------------------------------------ names, numbers


def test_the_catalogue_says_all_that_the_registry_knows():
    for row in rows().values():
        made = shown(row)
        assert made.name == f"indicators/{row.name}"
        assert made.warmup == row.lookback()
        assert [p.name for p in made.parameters] == [p.name for p in row.params]
        defaults = {
            p.name: api.ParameterValue(choice=p.default_choice) if p.choices
            else number(p.default_value)
            for p in made.parameters
        }  # fmt: skip
        assert numbers_of(row, defaults) == row.numbers({})


@pytest.mark.parametrize(("given", "field"), [
    ({"length": number(0)}, "parameters[length]"), ({"length": number(2.5)}, "parameters[length]"),
    ({"length": number(math.nan)}, "parameters[length]"),
    ({"length": number(math.inf)}, "parameters[length]"),
    ({"length": number(10**9)}, "parameters[length]"),
    ({"length": api.ParameterValue(choice="5")}, "parameters[length]"),
    ({"seed": number(0)}, "parameters[seed]"),
    ({"seed": api.ParameterValue(choice="second")}, "parameters[seed]"),
    ({"width": number(1)}, "parameters[width]"),
    ({"x" * 500: number(1)}, f"parameters[{'x' * 64}]"),
])  # fmt: skip
def test_a_parameter_that_is_not_understood_is_named(given, field):
    with pytest.raises(InvalidField) as error:
        numbers_of(rows()["ema"], given, "indicators[3].")
    assert error.value.field == f"indicators[3].{field}"
    assert error.value.allowed


@pytest.mark.parametrize("step", ["0.01", "0.25", "1", "0.00001", "5", "0.3"])
def test_prices_are_the_doubles_that_their_text_is_read_as(step):
    ticks = np.random.default_rng(4).integers(0, 2**40, 500)
    scale = Scale(1, "X", Decimal(step), Decimal(1))
    assert doubles(ticks, scale.tick_size).tolist() == [float(scale.price(int(t))) for t in ticks]


# ------------------------------------------------------------------------------ over the wire


@pytest.fixture(scope="module")
def stub(server):
    return IndicatorServiceStub(server.channel("operator"))


@pytest.fixture(scope="module")
def trading(server):
    return TradingServiceStub(server.channel("trader"))


def trade(trading, price):
    trading.SubmitOrder(wish(SELL, "1", price, "bob"))
    trading.SubmitOrder(wish(BUY, "1", price))


def refused(call, request):
    with pytest.raises(grpc.RpcError) as error:
        call(request, timeout=200)
    return error.value


def test_the_catalogue_in_pages(stub):
    request, names = api.ListIndicatorsRequest(page_size=100), []
    while True:
        answer = stub.ListIndicators(request)
        names += [each.name.partition("/")[2] for each in answer.indicators]
        if not answer.next_page_token:
            break
        request.page_token = answer.next_page_token
    assert names == sorted(rows())
    one = stub.GetIndicator(api.GetIndicatorRequest(name="indicators/ema"))
    assert one == shown(rows()["ema"])
    some = stub.ListIndicators(api.ListIndicatorsRequest(group="volume", page_size=1000))
    assert {each.group for each in some.indicators} == {"volume"}
    missing = refused(stub.GetIndicator, api.GetIndicatorRequest(name="indicators/none"))
    assert missing.code() == grpc.StatusCode.NOT_FOUND
    group = refused(stub.ListIndicators, api.ListIndicatorsRequest(group="none"))
    assert details(group)["BadRequest"].field_violations[0].field == "group"


def test_a_key_without_the_scope_sees_no_indicator(server):
    other = IndicatorServiceStub(server.channel("reader"))
    for call, request in (
        (other.ListIndicators, api.ListIndicatorsRequest()),
        (other.ComputeIndicator, api.ComputeIndicatorRequest(name="indicators/ema")),
    ):
        assert refused(call, request).code() == grpc.StatusCode.PERMISSION_DENIED


def posted(name, columns, parameters):
    names = rows()[name].columns
    sent = [api.Column(name=n, values=c) for n, c in zip(names, columns, strict=True)]
    return api.ComputeIndicatorRequest(
        name=f"indicators/{name}", columns=api.Columns(columns=sent),
        parameters={k: number(v) for k, v in parameters.items()},
    )  # fmt: skip


@pytest.mark.parametrize("name", NUMBERS)
def test_posted_columns_give_the_bits_of_a_batch(stub, name):
    count = len(rows()[name].columns)
    columns = [column(300, seed) for seed in range(count)]
    for each in columns[:1]:
        each[[7, 40]] = math.nan, math.inf  # gaps
    answer = stub.ComputeIndicator(posted(name, columns, NUMBERS[name]), timeout=200)
    assert [out.name for out in answer.outputs] == list(rows()[name].results)
    for out, wanted in zip(answer.outputs, batch(name, columns, NUMBERS[name]), strict=True):
        assert bits(out.values) == bits(wanted)
    assert not answer.times


@pytest.mark.parametrize(("change", "field"), [
    ({"name": "ema"}, "name"), ({"columns": None}, "source"),
    ({"columns": api.Columns()}, "columns"),
    ({"columns": api.Columns(columns=[api.Column(name="high")])}, "columns.columns[0].name"),
    ({"bars": api.BarRange(instrument=ACME)}, "bars.period"),
    ({"bars": api.BarRange(instrument="ACME", period=Duration(seconds=1))}, "bars.instrument"),
    ({"name": "indicators/microprice",
      "bars": api.BarRange(instrument=ACME, period=Duration(seconds=1))}, "name"),
    ({"columns": api.Columns(columns=[api.Column(name="close", values=[1.0] * 100_000)]),
      "name": "indicators/bbands"}, ""),
    ({"columns": api.Columns(columns=[api.Column(name="close", values=[1.0] * 120_000)]),
      "name": "indicators/ichimoku"}, "columns.columns[0].name"),
])  # fmt: skip
def test_a_computation_that_is_not_understood_names_its_field(stub, change, field):
    given = {"name": "indicators/ema", **change}
    request = api.ComputeIndicatorRequest(**{k: v for k, v in given.items() if v is not None})
    if not field:
        assert len(stub.ComputeIndicator(request, timeout=200).outputs[0].values) == 100_000
        return
    error = refused(stub.ComputeIndicator, request)
    assert error.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert field in [v.field for v in details(error)["BadRequest"].field_violations]


def closed_bars(server):
    data = MarketDataServiceStub(server.channel("operator"))
    request = market.ListBarsRequest(parent=ACME, period=Duration(seconds=1), page_size=10_000)
    return [bar for bar in data.ListBars(request).bars if bar.closed]


def columns_of(name, bars):
    return [np.array([float(getattr(b, c)) for b in bars]) for c in rows()[name].columns]


def traded(stream, trading):
    """The messages of a stream until each line has four closed values, while there is trade."""
    stop, pick = threading.Event(), random.Random(9)

    def keep_trading():
        while not stop.is_set():
            trade(trading, f"{pick.randint(100, 200) / 100:.2f}")
            time.sleep(0.05)

    thread = threading.Thread(target=keep_trading)
    thread.start()
    found, opened = {}, 0
    try:
        for value in stream:
            opened += not value.closed
            if value.closed:
                found.setdefault(value.index, []).append(value)
            if opened and min((len(found.get(i, ())) for i in range(3)), default=0) >= 4:
                return found
    finally:
        stop.set()
        thread.join()
    raise AssertionError("the stream has ended")


def agrees(values, name, bars):
    """Live values against a batch over the bars from their origin on."""
    origin = values[-1].origin_time.ToNanoseconds()
    used = [bar for bar in bars if bar.start_time.ToNanoseconds() >= origin]
    wanted = batch(name, columns_of(name, used), NUMBERS[name])
    by_start = {bar.start_time.ToNanoseconds(): at for at, bar in enumerate(used)}
    for value in values:
        at = by_start[value.start_time.ToNanoseconds()]
        assert bits(value.values) == bits([out[at] for out in wanted])
        assert value.msg_seq_num == used[at].msg_seq_num


def test_live_values_are_those_of_a_batch_and_shared(server, stub, trading):
    """Two readers of one study, and a third that resumes: bits and bytes are the same."""
    lines = [
        api.LiveIndicator(
            name=f"indicators/{name}", instrument=ACME, period=Duration(seconds=1),
            parameters={k: number(v) for k, v in parameters.items()},
        )
        for name, parameters in NUMBERS.items()
    ]  # fmt: skip
    request = api.SubscribeIndicatorsRequest(indicators=lines, include_open=True)
    first, second = (stub.SubscribeIndicators(request, timeout=200) for _ in range(2))
    found = traded(first, trading)
    bars = closed_bars(server)
    for index, name in enumerate(NUMBERS):
        agrees(found[index], name, bars)
    twin = {}
    for value in second:
        if value.closed:
            twin.setdefault(value.index, []).append(value)
        if all(found[i][-1] in twin.get(i, ()) for i in range(3)):
            break
    for index, values in found.items():
        known = {v.start_time.ToNanoseconds(): v for v in values}
        both = [v for v in twin[index] if v.start_time.ToNanoseconds() in known]
        assert len(both) >= 3
        assert all(v == known[v.start_time.ToNanoseconds()] for v in both)
    studies = server.server._studies
    assert len(studies._studies) == 3
    again = api.SubscribeIndicatorsRequest(indicators=[lines[0]])
    again.indicators[0].start_time.CopyFrom(found[0][1].start_time)
    third = stub.SubscribeIndicators(again, timeout=200)
    assert [next(third) for _ in found[0][1:]] == found[0][1:]
    for stream in (first, second, third):
        stream.cancel()
    end = time.monotonic() + 60
    while studies._studies and time.monotonic() < end:
        time.sleep(0.02)
    assert not studies._studies  # nothing is computed for nobody
    assert studies._bytes == 0
    assert not server.server.core.bars._lines


def test_bars_of_a_range_are_computed_as_posted_ones(server, stub, trading):
    trade(trading, "1.50")
    end = time.monotonic() + 60
    while not closed_bars(server) and time.monotonic() < end:
        trade(trading, "1.25")
        time.sleep(0.2)
    wish_ = api.BarRange(instrument=ACME, period=Duration(seconds=1), start_time=Timestamp())
    request = api.ComputeIndicatorRequest(name="indicators/atr", bars=wish_,
                                          parameters={"length": number(3)})  # fmt: skip
    answer = stub.ComputeIndicator(request, timeout=200)
    bars = closed_bars(server)[: len(answer.times)]
    assert list(answer.times) == [bar.start_time.ToNanoseconds() for bar in bars]
    [wanted] = batch("atr", columns_of("atr", bars), {"length": 3})
    assert bits(answer.outputs[0].values) == bits(wanted)


@pytest.mark.parametrize(("line", "field"), [
    ({"name": "indicators/x y"}, "indicators[0].name"),
    ({"name": "indicators/microprice"}, "indicators[0].name"),
    ({"period": Duration(nanos=5)}, "indicators[0].period"),
    ({"instrument": "x"}, "indicators[0].instrument"),
    ({"parameters": {"length": number(-1)}}, "indicators[0].parameters[length]"),
    (None, "indicators"),
])  # fmt: skip
def test_a_line_that_is_not_understood_names_its_field(stub, line, field):
    sound = {"name": "indicators/ema", "instrument": ACME, "period": Duration(seconds=60)}
    lines = [] if line is None else [api.LiveIndicator(**{**sound, **line})]
    with pytest.raises(grpc.RpcError) as error:
        next(stub.SubscribeIndicators(api.SubscribeIndicatorsRequest(indicators=lines)))
    assert error.value.code() == grpc.StatusCode.INVALID_ARGUMENT
    assert details(error.value)["BadRequest"].field_violations[0].field == field
