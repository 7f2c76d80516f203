"""How the parts around the exchange are: keys, metering, schedule, certificate, latency."""

from __future__ import annotations

from datetime import timedelta

from server.auth.watch import Watch
from server.metering.meter import Meter
from server.schedule.keeper import Keeper
from server.services.admin.health import Part
from server.telemetry import Metrics
from server.tls import WARN, Certificates

OLD_SECONDS = 10.0  # the store is looked at four times a second
DAY = timedelta(days=1)


def keys(watch: Watch) -> Part:
    """The keys in memory, and how long ago they were compared with the store."""
    age = watch.age_seconds
    gauges = {"age_seconds": age}
    if age > OLD_SECONDS:
        return Part("DEGRADED", f"the control-plane store was last seen {age:.0f} s ago", gauges)
    return Part(gauges=gauges)


def metering(meter: Meter) -> Part:
    """Usage that waits for the store."""
    gauges = {"waiting_bytes": float(meter.waiting_bytes)}
    if meter.failing:
        return Part("DEGRADED", "usage waits for the control-plane store", gauges)
    return Part(gauges=gauges)


def schedule(keeper: Keeper, now: int) -> Part:
    """The next planned change of a phase; 0: none is known."""
    left = (keeper.next_at - now) / 1e9 if keeper.next_at else 0.0
    return Part("DEGRADED" if keeper.problem else "SERVING", keeper.problem, {"next_seconds": left})


def latency(metrics: Metrics) -> Part:
    """Percentiles of the last seconds, and how many calls were answered."""
    return Part(gauges={"calls": float(metrics.answered), **metrics.stages.recent()})


def certificate(certificates: Certificates) -> Part:
    """How long the certificate still holds."""
    days = certificates.left / DAY
    if certificates.left > WARN:
        return Part(gauges={"days": days})
    words = f"it expires on {certificates.expires:%Y-%m-%d}" if days > 0 else "it has expired"
    return Part("DEGRADED", words, {"days": days})
