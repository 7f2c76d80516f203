"""What operators see: log lines with fields, and metrics for Prometheus. Never a secret."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from server.auth.redaction import redact

_FINE = (
    1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 0.1, 0.25, 1.0,
)  # fmt: skip


class Metrics:
    """The metrics of one server, in a registry of their own."""

    def __init__(self) -> None:
        registry = self.registry = CollectorRegistry()
        self.calls = Counter(
            "gridworks_calls", "Calls that were answered.", ("method", "code"), registry=registry
        )
        self.seconds = Histogram(
            "gridworks_call_seconds", "Duration of unary calls.", ("method",),
            buckets=_FINE, registry=registry,
        )  # fmt: skip
        self.stages = Histogram(
            "gridworks_stage_seconds", "One batch on its way: log, engine, publish.", ("stage",),
            buckets=_FINE, registry=registry,
        )  # fmt: skip
        self.waiting = Gauge("gridworks_inbox", "Commands in the inbox.", registry=registry)
        self.seq = Gauge("gridworks_seq", "Last command applied.", registry=registry)
        self.durable = Gauge("gridworks_durable_seq", "Last durable command.", registry=registry)
        self.readers = Gauge("gridworks_streams", "Open streams.", registry=registry)

    def stage(self, name: str, seconds: float) -> None:
        """One batch took so long in one part of the way."""
        self.stages.labels(name).observe(seconds)


def set_up_logs(as_json: bool) -> None:
    """Structured lines on standard error, for the standard library's loggers too."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _redacted,
    ]
    last: Any = (
        structlog.processors.JSONRenderer() if as_json
        else structlog.dev.ConsoleRenderer(colors=False)
    )  # fmt: skip
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info if as_json else _same,
            last,
        ],
    )
    handler = logging.StreamHandler(sys.stderr)
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


def _same(_: Any, __: str, event: Any) -> Any:
    return event


def _redacted(_: Any, __: str, event: Any) -> Any:
    """Keys and passwords out of every text of a line."""
    return {
        name: redact(value) if isinstance(value, str) else value for name, value in event.items()
    }
