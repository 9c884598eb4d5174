import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum


class LogLevel(StrEnum):
    """The least of what is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"
    CRITICAL = "critical"


class JsonLines(logging.Formatter):
    """One JSON object a record, on one line and in ASCII: nothing that a caller sends can look like a line of ours.

    Members: `time` (UTC, RFC 3339), `level`, `logger`, `message`, those of the record's `fields`, and `exception`.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


@contextmanager
def log_lines(level: LogLevel) -> Iterator[None]:
    """Within the block, log as JSON lines on standard error, from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before, others = root.level, root.handlers[:]
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    # Its account of its own start and end tells nothing that ours does not.
    logging.getLogger("uvicorn").setLevel(max(logging.getLevelName(level.upper()), logging.WARNING))
    try:
        yield
    finally:
        root.handlers[:] = others
        root.setLevel(before)
