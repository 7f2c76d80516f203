"""Traces for OpenTelemetry: off unless the setting `traces` says where they go.

A unary call is a span, a child of the caller's when it sends a `traceparent`; a part of the way of
a batch is a span of its own. Needs the extra `otel`.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

from domain.errors import InvalidField
from server.config import Settings

Metadata = Sequence[tuple[str, str | bytes]]


class Tracing:
    """Makes spans with a tracer of OpenTelemetry; without one it does nothing."""

    def __init__(self, provider: Any = None) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("gridworks") if provider else None

    @property
    def on(self) -> bool:
        """Whether there are traces."""
        return self._tracer is not None

    def call(self, method: str, metadata: Metadata) -> Any:
        """The span of a call, as a context; entering it gives what takes the code of its answer."""
        return nullcontext(_nothing) if self._tracer is None else self._call(method, metadata)

    @contextmanager
    def _call(self, method: str, metadata: Metadata) -> Iterator[Callable[[str], None]]:
        from opentelemetry.trace import SpanKind
        from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

        sent = {name: value for name, value in metadata or () if isinstance(value, str)
                and name in ("traceparent", "tracestate")}  # fmt: skip
        above = TraceContextTextMapPropagator().extract(sent)
        service, _, name = method.strip("/").partition("/")
        assert self._tracer is not None
        with self._tracer.start_as_current_span(
            method.strip("/"), above, SpanKind.SERVER,
            attributes={"rpc.system": "grpc", "rpc.service": service, "rpc.method": name},
        ) as span:  # fmt: skip
            yield lambda code: span.set_attribute("rpc.grpc.status", code)

    def stage(self, name: str, seconds: float) -> None:
        """A part of the way of a batch that ends now."""
        if self._tracer is not None:
            end = time.time_ns()
            span = self._tracer.start_span(f"batch.{name}", start_time=end - int(seconds * 1e9))
            span.end(end_time=end)

    def close(self) -> None:
        """Send what waits."""
        if self._provider is not None:
            self._provider.shutdown()


def _nothing(code: str) -> None:
    """Takes the code of an answer when there are no traces."""


def tracing_of(settings: Settings) -> Tracing:
    """What the settings ask for. Raises InvalidField without the extra, ModuleNotFoundError."""
    if not settings.traces:
        return Tracing()
    if not settings.traces.startswith(("http://", "https://")):
        allowed = "the URL of an OTLP collector, such as http://host:4318/v1/traces, or nothing"
        raise InvalidField("traces", settings.traces, allowed)
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased

    provider = TracerProvider(
        resource=Resource.create({"service.name": "gridworks"}),
        sampler=ParentBased(TraceIdRatioBased(settings.trace_share)),
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=settings.traces)))
    return Tracing(provider)
