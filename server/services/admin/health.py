"""How each part of the server is. A part that is not here adds itself to `Core.parts`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any, NamedTuple

from gridworks.api.admin.v1 import resources_pb2 as resources
from server.codec.people.decimals import timestamp
from server.services.core import Core

LEAST_FREE = 1 * 2**30  # bytes of the disk under the log, below which something must be done
LEAST_SHARE = 0.02


class Part(NamedTuple):
    """A part is SERVING, DEGRADED or FAILED; `detail` says in words what is wrong."""

    state: str = "SERVING"
    detail: str = ""
    gauges: Mapping[str, float] = {}


Probe = Callable[[], Part]


def status(core: Core, started: int) -> Any:
    """The answer of GetSystemStatus."""
    made: Any = resources.SystemStatus()
    sequencer = core.sequencer
    for name, part in parts(core).items():
        state = resources.SystemStatus.State.Value(f"STATE_{part.state}")
        made.parts.add(name=name, state=state, detail=part.detail, gauges=part.gauges)
    made.state = max(part.state for part in made.parts)
    made.version, made.environment = version("gridworks-infra"), core.settings.environment
    made.start_time.CopyFrom(timestamp(started))
    made.seq, made.durable_seq = core.state.seq, sequencer.book.durable_seq
    made.config_hash = core.settings.fingerprint()
    return made


def parts(core: Core) -> dict[str, Part]:
    """All parts by name."""
    sequencer = core.sequencer
    whole = "FAILED" if sequencer.failed else "DRAINING" if sequencer.closing else "SERVING"
    engine, held = core.state.engine, sequencer.clock.held_ns
    return {
        "engine": Part(whole, "", {"seq": core.state.seq, "bytes": engine.nbytes}),
        "sequencer": Part(
            whole if whole != "SERVING" or held < 10**9 else "DEGRADED",
            "" if held < 10**9 else f"the clock is {held / 1e9:.1f} s behind: time stands still",
            {"inbox": sequencer.waiting, "clock_held_ns": held},
        ),
        "log": _log(core, whole),
        "grpc": Part(whole, "", {"streams": core.fanout.readers}),
        **{name: probe() for name, probe in core.parts.items()},
    }


def _log(core: Core, whole: str) -> Part:
    sequencer = core.sequencer
    disk = shutil.disk_usage(core.settings.folder)
    gauges = {"durable_seq": sequencer.book.durable_seq, "free_bytes": disk.free}
    if sequencer.snapshot_error:
        return Part("DEGRADED", "no snapshot could be written: the disk is full", gauges)
    if disk.free < min(LEAST_FREE, LEAST_SHARE * disk.total):
        return Part("DEGRADED", f"only {disk.free / 2**20:,.0f} MiB are free", gauges)
    return Part(whole, "", gauges)
