"""The last line of defence: secrets are cut out of log lines, whoever put them there.

Nothing in this project logs a key. A library that logs its metadata, or a traceback with a value in
it, might: a handler with this filter cannot.
"""

from __future__ import annotations

import logging
import re

_KEY = re.compile(r"(gw_(?:test|live)_[A-Za-z0-9]{4})[A-Za-z0-9]+")
_PASSWORD = re.compile(r"(\w+://[^\s:/@]*:)[^\s@]+(@)")


def redact(text: str) -> str:
    """The text with API keys cut to their prefix, and without passwords in URLs."""
    return _PASSWORD.sub(r"\1…\2", _KEY.sub(r"\1…", text))


class Redaction(logging.Filter):
    """A filter for log handlers: `handler.addFilter(Redaction())`."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Put the finished and cleaned text in the record's place; nothing is dropped."""
        try:
            message = record.getMessage()
        except Exception:  # a format that does not fit its arguments: still say what there is
            message = f"{record.msg} {record.args}"
        record.msg, record.args = redact(message), None
        if record.exc_info:
            text = logging.Formatter().formatException(record.exc_info)
            record.exc_text, record.exc_info = redact(text), None
        if record.stack_info:
            record.stack_info = redact(record.stack_info)
        return True
