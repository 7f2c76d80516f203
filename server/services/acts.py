"""Acts of administration: each goes into the command log with a note of who did what and why."""

from __future__ import annotations

import json
import time
from typing import Any

import structlog
from google.protobuf.json_format import MessageToDict

from domain.errors import GridWorksError
from server.auth.principal import Principal
from server.auth.redaction import redact
from server.auth.rights import ADMIN, RISK, SANDBOX
from server.records import notes
from server.sequencer.answers import Answer, Entry
from server.sequencer.rows import WIDTH
from server.services.core import Core, caller, peer
from server.services.trial import Trial

FAILURES, FAILURE_SECONDS = 100, 1.0  # noted failures of a key at once, then one every so often
MOST_REQUEST = 2_000  # characters of a request that are kept
_READS = ("risk:read", "admin:read", "market_data:read")
# every method that changes something, and not orders: those are in the log themselves
_TABLES = (RISK, ADMIN, SANDBOX)
AUDITED = {m for table in _TABLES for m, right in table.items() if right.scope not in _READS}
_log = structlog.get_logger(__name__)


class Acts:
    """Applies the commands of operators, with their notes; `trial` is what tries them."""

    def __init__(self, core: Core) -> None:
        self._core, self.trial = core, Trial(core.sequencer)
        self._failures: dict[int, float] = {}  # key: when its budget of noted failures is whole

    async def apply(
        self, request: Any, data: bytes, method: str, target: str, **more: Any
    ) -> Answer:
        """The answer to commands (none: only the note), or what it would be with validate_only.

        `more` are the parts of the note that `server.records.register` learns from. The answer has
        the reports of the commands alone. Raises as Sequencer.call.
        """
        if request.validate_only:
            return await self.trial.answer(request, data)
        return await self.record(
            data, self._note(method, target, request, caller(), more), request.request_id
        )

    def written(self, request: Any, method: str, target: str) -> bytes:
        """The rows of a note, for who gives the commands in a way of their own."""
        return notes.written(self._note(method, target, request, caller(), {}))

    async def record(self, data: bytes, text: dict[str, Any], request_id: str = "") -> Answer:
        """Commands with a note behind them. Raises as Sequencer.call."""
        covers = len(data) // WIDTH
        answer = await self._core.sequencer.call(
            data + notes.written(text, covers), text.get("key", 0), request_id
        )
        _log.info("an act", act=text["act"], target=text["target"], by=text["by"],
                  reason=text["why"], seq=answer.seq)  # fmt: skip
        mine = answer.reports[answer.reports["seq"] < answer.seq + covers]
        return Answer(mine, answer.seq, answer.time, answer.meant)

    def failed(self, method: str, request: Any, who: Principal | None, code: str) -> None:
        """Note an act that was not let through.

        A key has so many notes at once and then one every so often: what is refused costs the
        caller nothing, and must not fill the log.
        """
        if who is None or getattr(request, "validate_only", False) or not self._budget(who.key_id):
            return
        text = self._note(method.rpartition("/")[2], "", request, who, {"result": code})
        _log.info("an act was refused", act=text["act"], by=text["by"], code=code)
        try:
            self._core.sequencer.put(Entry(notes.written(text)))
        except GridWorksError as full:
            _log.warning("an act could not be noted", act=text["act"], error=str(full))

    def _budget(self, key_id: int) -> bool:
        """Whether a failure of this key is still noted (GCRA)."""
        now = time.monotonic()
        whole = max(self._failures.get(key_id, 0.0), now) + FAILURE_SECONDS
        if whole - now > FAILURES * FAILURE_SECONDS:
            return False
        self._failures[key_id] = whole
        return True

    @staticmethod
    def _note(
        method: str, target: str, request: Any, who: Principal, more: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            asked = json.dumps(MessageToDict(request, preserving_proto_field_name=True))
        except Exception:  # such as a duration of a trillion years: it is noted all the same
            asked = str(request)
        return {
            "act": method, "target": target, "by": f"{who.label} ({who.partner})",
            "key": who.key_id, "peer": peer(), "why": redact(getattr(request, "reason", "")),
            "request": redact(asked)[:MOST_REQUEST], **more,
        }  # fmt: skip
