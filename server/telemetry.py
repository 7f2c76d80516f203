"""What operators see: log lines with fields, and metrics for Prometheus. Never a secret."""

from __future__ import annotations

import logging
import sys
import time
from bisect import bisect_left
from collections import Counter as Counts
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, Protocol

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Metric
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
)
from prometheus_client.registry import Collector

from server.auth.redaction import redact

_FINE = (
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0,
)  # fmt: skip


STAGES = ("decode", "queue", "log", "engine", "encode", "publish")
WINDOW_SECONDS = 10.0


class Stages(Collector):
    """Histograms of the parts of an order's way, for less than a microsecond each.

    decode: bytes to rows; queue: from its arrival until the batch of the oldest command begins;
    log: until the batch is durable; engine: applying it; encode: reports and market data to bytes;
    publish: until everybody was told, encode included.
    """

    def __init__(self) -> None:
        self._counts = {name: [0] * (len(_FINE) + 1) for name in STAGES}
        self._sums = dict.fromkeys(STAGES, 0.0)
        self._before = self._now = self._copied()
        self._turned = time.monotonic()

    def observe(self, name: str, seconds: float) -> None:
        """One batch or message took so long in one part."""
        self._counts[name][bisect_left(_FINE, seconds)] += 1
        self._sums[name] += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """For Prometheus."""
        made = HistogramMetricFamily(
            "gridworks_stage_seconds", "Parts of the way of a batch.", labels=["stage"]
        )
        for name, counts in self._copied().items():
            sums = list(accumulate(counts))
            bounds = [*(str(bound) for bound in _FINE), "+Inf"]
            made.add_metric([name], list(zip(bounds, sums)), self._sums[name])
        yield made

    def _copied(self) -> dict[str, list[int]]:
        return {name: list(counts) for name, counts in self._counts.items()}

    def recent(self) -> dict[str, float]:
        """Percentiles 50 and 99 in microseconds of the last 10 to 20 s, by part.

        They are upper bounds of buckets: the true value is at most this.
        """
        now = time.monotonic()
        if now - self._turned >= WINDOW_SECONDS:
            self._before, self._now, self._turned = self._now, self._copied(), now
        found = {}
        for name, counts in self._counts.items():
            fresh = [a - b for a, b in zip(counts, self._before[name])]
            sums = list(accumulate(fresh))
            for share in (50, 99) if sums[-1] else ():
                place = bisect_left(sums, sums[-1] * share / 100)
                found[f"{name}_p{share}_us"] = 1e6 * (*_FINE, _FINE[-1])[place]
        return found


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.stages = Stages()
        registry.register(self.stages)
        self.answered = 0
        self.calls = Counter(
            "gridworks_calls", "Calls that were answered.", ("method", "code"), registry=registry
        )
        self.seconds = Histogram(
            "gridworks_call_seconds", "Duration of unary calls.", ("method",),
            buckets=_FINE, registry=registry,
        )  # fmt: skip
        self._counters: dict[tuple[str, str], Any] = {}  # to look labels up takes microseconds
        self._histograms: dict[str, Any] = {}
        self.waiting = Gauge("gridworks_inbox", "Commands in the inbox.", registry=registry)
        self.seq = Gauge("gridworks_seq", "Last command applied.", registry=registry)
        self.durable = Gauge("gridworks_durable_seq", "Last durable command.", registry=registry)
        self.readers = Gauge("gridworks_streams", "Open streams.", registry=registry)

        self.expiry = Gauge(
            "gridworks_certificate_seconds", "Until the server's certificate expires.",
            registry=registry,
        )  # fmt: skip

    def count(self, method: str, code: str) -> None:
        """One call was answered."""
        self.answered += 1
        counter = self._counters.get((method, code))
        if counter is None:
            counter = self._counters[method, code] = self.calls.labels(method, code)
        counter.inc()

    def took(self, method: str, seconds: float) -> None:
        """A unary call was answered after so long."""
        found = self._histograms.get(method)
        if found is None:
            found = self._histograms[method] = self.seconds.labels(method)
        found.observe(seconds)

    def watch(self, gateway: Listening) -> None:
        """Show a gateway too."""
        self.registry.register(_Watch(gateway))


class Listening(Protocol):
    """What is told of a gateway."""

    connections: set[Any]
    closed: Counts[str]
    received: int

    @property
    def sent(self) -> int:
        """Bytes sent."""

    @property
    def streams(self) -> int:
        """Calls under way."""


class _Watch(Collector):
    """Reads a gateway when somebody asks for metrics, so that counting costs it nothing."""

    def __init__(self, gateway: Listening) -> None:
        self._gateway = gateway

    def collect(self) -> Iterator[Metric]:
        gateway = self._gateway
        for name, text, value in (
            ("connections", "Open connections of the gateway.", len(gateway.connections)),
            ("streams", "Calls under way through the gateway.", gateway.streams),
        ):
            yield GaugeMetricFamily(f"gridworks_gateway_{name}", text, value)
        way = CounterMetricFamily(
            "gridworks_gateway_bytes", "Bytes through the gateway.", labels=("way",)
        )
        way.add_metric(("in",), gateway.received)
        way.add_metric(("out",), gateway.sent)
        yield way
        closed = CounterMetricFamily(
            "gridworks_gateway_closed", "Connections that ended, by reason.", labels=("reason",)
        )
        for reason, count in gateway.closed.items():
            closed.add_metric((reason,), count)
        yield closed


def set_up_logs(as_json: bool) -> None:
    """Structured lines on standard error, for the standard library's loggers too."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,  # without the values of variables
    ]
    last: Any = (
        structlog.processors.JSONRenderer() if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )  # fmt: skip
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last, _redacted],
    )
    handler = _Handler(sys.stderr)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _redacted(_: Any, __: str, line: Any) -> str:
    """A finished line without keys and passwords, whatever they were part of."""
    return redact(str(line))


class _Handler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:
        """Say what there is of a record that does not fit its own format."""
        self.stream.write(redact(f"{record.levelname} {record.name} {record.msg} {record.args}\n"))
