"""Every setting of a server: from a TOML file, from the environment, from the command line.

A later one wins: defaults, the file, `GRIDWORKS_…` in the environment, options of the command.
docs/server.md shows the table; a test holds it against this class.
"""

from __future__ import annotations

import difflib
import hashlib
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain.errors import InvalidField


class Settings(BaseSettings):
    """A server's settings; the environment's names are these in capitals after GRIDWORKS_."""

    model_config = SettingsConfigDict(env_prefix="GRIDWORKS_", extra="forbid", frozen=True)

    environment: Literal["sandbox", "live"] = Field(
        "sandbox", description="Which keys are let in: sandbox takes gw_test_…, live gw_live_…"
    )
    folder: Path = Field(
        Path("gridworks-data"), description="Where the command log and the usage journal are."
    )
    control_url: SecretStr = Field(
        SecretStr("sqlite:///control.db"), description="The control-plane store with the keys."
    )
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(7400, ge=0, le=65535, description="Port of gRPC; 0: any free one.")
    gateway_port: int | None = Field(
        None, ge=-1, le=65535,
        description="Port of the gateway; 0: any free one, -1: none; none said: `port` + 1.",
    )  # fmt: skip
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port of /metrics for Prometheus, on `host`; 0: none."
    )
    certificate: Path | None = Field(None, description="PEM chain of the server.")
    private_key: Path | None = Field(None, description="PEM key of the certificate.")
    client_ca: Path | None = Field(
        None, description="PEM of the CA that clients must have a certificate of (mutual TLS)."
    )
    insecure: bool = Field(False, description="Serve without TLS; only for a machine's own use.")
    policy: Literal["memory", "disk"] = Field(
        "disk", description="When a command is acknowledged: applied, or on the device too."
    )
    snapshot_every: int = Field(
        1_000_000, ge=0, description="Commands between snapshots; 0: only at the end."
    )
    check_log_bytes: int = Field(
        2 * 2**30, ge=0,
        description="A log of up to so many bytes is checked whole at a start; a longer one from "
        "its newest snapshot on.",
    )  # fmt: skip
    inbox: int = Field(65_536, ge=1, description="Commands that may wait; more are refused.")
    batch: int = Field(16_384, ge=1, description="Most commands of one batch.")
    stream_commands: int = Field(
        4096, ge=1, le=16_384, description="Most commands in one message of an order-entry stream."
    )
    stream_messages: int = Field(
        4096, ge=1, description="Messages that may wait for one reader before it is cut off."
    )
    stream_bytes: int = Field(
        8 * 2**20, ge=1024, description="Bytes that may wait for one reader before it is cut off."
    )
    keep_reports: int = Field(
        100_000, ge=1, description="Newest reports that streams resume from and pages show."
    )
    keep_market: int = Field(
        100_000, ge=1, description="Newest market updates that subscriptions resume from."
    )
    keep_bars: int = Field(
        5_000, ge=1, le=1_000_000,
        description="Newest bars of a second, a minute, an hour and a day, of each instrument.",
    )  # fmt: skip
    keep_answers: int = Field(
        100_000, ge=1, description="Newest request ids whose first answer is remembered."
    )
    keep_acts: int = Field(
        10_000, ge=1, description="Newest administrative acts that ListAuditEntries shows."
    )
    approval_seconds: int = Field(
        86_400, ge=1, le=31 * 86_400,
        description="How long a limit that is loosened far waits for a second person.",
    )  # fmt: skip
    tick_seconds: float = Field(
        0.05, gt=0, le=10, description="How often timers are looked at: expiry, dead man, auctions."
    )
    message_bytes: int = Field(
        1 * 2**20, ge=4096, description="Longest message that is taken; more: RESOURCE_EXHAUSTED."
    )
    answer_bytes: int = Field(
        4 * 2**20, ge=65_536, description="Longest message that is sent; more: RESOURCE_EXHAUSTED."
    )
    keepalive_seconds: float = Field(
        120.0, ge=1, description="Silence after which a connection is asked whether it lives."
    )
    handshake_seconds: float = Field(
        10.0, gt=0, le=120, description="How long a new connection may take to say what it is."
    )
    client_ping_seconds: float = Field(
        10.0, ge=0.01, description="How often a client may ping, calls or none."
    )
    study_seconds: float = Field(
        60.0, gt=0, description="Longest computation of an indicator; more: RESOURCE_EXHAUSTED."
    )
    gateway_connections: int = Field(
        10_000, ge=1, description="Connections of the gateway; more are closed at once."
    )
    gateway_streams: int = Field(
        100, ge=1, le=10_000, description="Calls under way on one connection of the gateway."
    )
    gateway_window_bytes: int = Field(
        256 * 1024, ge=65_535, le=2**28,
        description="DATA that a client may send ahead on one stream; four times that on all.",
    )  # fmt: skip
    gateway_idle_burst: int = Field(
        10_000, ge=100, description="Frames without work (PING, SETTINGS, resets) at once."
    )
    gateway_idle_rate: int = Field(
        1_000, ge=1, description="And a second; a connection that sends more is closed."
    )
    gateway_patience_seconds: float = Field(
        30.0, gt=0, description="How long a frame, a handshake, a request or a reader may take."
    )
    grace_seconds: float = Field(
        5.0, ge=0, description="How long calls under way may take when the server stops."
    )
    four_eyes_factor: float = Field(
        1.5, ge=1, description="A limit that grows by more than this needs a second person."
    )
    traces: str | None = Field(
        None, description="OTLP collector that traces go to, such as http://host:4318/v1/traces."
    )
    trace_share: float = Field(
        1.0, ge=0, le=1, description="Share of traces that begin here and are sent."
    )
    log_json: bool = Field(False, description="Log lines as JSON instead of text.")
    sandbox_market: Literal["none", "agents", "replay"] = Field(
        "none", description="Who trades beside the partners: nobody, agents, or a file again."
    )
    sandbox_seed: int = Field(1, ge=0, lt=2**63, description="Seed of the agents.")
    sandbox_pace: float = Field(
        1.0, gt=0, le=100, description="How busy the agents are, times their usual rates."
    )
    sandbox_commands: int = Field(
        10_000, ge=100, le=100_000, description="Most commands of the market in a second."
    )
    sandbox_step_ms: int = Field(
        100, ge=10, le=10_000, description="The market moves every so many milliseconds."
    )
    sandbox_start: AwareDatetime | None = Field(
        None, description="Where time starts (2026-01-05T09:00:00Z) and, later, goes on; none: now."
    )
    sandbox_speed: float = Field(
        1.0, ge=0, le=1000, description="How fast time runs; 0: only by AdvanceClock."
    )

    sandbox_faucet: Decimal = Field(
        Decimal(1_000_000), ge=0, le=10**12, description="Money of a partner's new account."
    )

    sandbox_file: Path | None = Field(None, description="The file of the market `replay`.")
    sandbox_format: str = Field(
        "csv", description="Its format with options, as `gridworks replay --format` takes it."
    )
    sandbox_loop: bool = Field(False, description="Begin the file again when it has ended.")
    sandbox_scripts: bool = Field(
        False, description="Each new account gets an instrument with scripted outcomes."
    )

    @model_validator(mode="after")
    def _check_sandbox(self) -> Self:
        """Nothing of a sandbox where trading is live. Raises InvalidField."""
        for name, field in type(self).model_fields.items():
            value = getattr(self, name)
            if name.startswith("sandbox_") and self.environment == "live" and (
                value != field.default
            ):  # fmt: skip
                raise InvalidField(name, value, "nothing where environment is live")
        return self

    @property
    def key_environment(self) -> str:
        """What keys of this environment call it."""
        return "live" if self.environment == "live" else "test"

    def fingerprint(self) -> str:
        """A hash of all settings but the secret ones."""
        shown = self.model_dump_json(exclude={"control_url"})
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def load(file: Path | None = None, **given: Any) -> Settings:
    """The settings of a file, the environment and `given` (None: not given).

    Raises InvalidField with the name of the setting.
    """
    fixed = {name: value for name, value in given.items() if value is not None}
    try:
        from_file = tomllib.loads(file.read_text()) if file is not None else {}
        if not from_file:
            return Settings(**fixed)
        named = Settings(**fixed).model_fields_set  # what the environment and `given` say
        return Settings(**{k: v for k, v in from_file.items() if k not in named}, **fixed)
    except ValidationError as error:
        first = error.errors()[0]
        cause = first.get("ctx", {}).get("error")
        if isinstance(cause, InvalidField):
            raise cause from None
        name = ".".join(map(str, first["loc"]))
        allowed = first["msg"]
        if first["type"] == "extra_forbidden":
            near = difflib.get_close_matches(name, Settings.model_fields, 1)
            allowed = "a setting of docs/server.md" + (f", such as {near[0]}" if near else "")
            raise InvalidField("setting", name, allowed) from None
        raise InvalidField(name, first["input"], allowed) from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        allowed = f"a TOML file that can be read: {error}"
        raise InvalidField("settings file", str(file), allowed) from None
