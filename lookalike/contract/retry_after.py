"""The Retry-After header (RFC 9110 §10.2.3), whoever wrote it."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

LONGEST_S: Final = 3600.0
"""The longest wait that is reported: no call waits longer, and a server whose clock is wrong may ask for years."""


def retry_after_s(text: str | None, date: str | None = None) -> float | None:
    """Seconds to wait, from 0 to `LONGEST_S`; None where `text` says nothing that can be understood.

    Seconds may have a fraction, which RFC 9110 does not know and some servers send. An HTTP date, in any of the three
    forms of RFC 9110 §5.6.7, counts from `date`, the answer's own Date header, so that a wrong clock here does no
    harm. Of several values, which a proxy may have joined by commas, the longest holds.
    """
    if not text:
        return None
    found = [_seconds(part, date) for part in (text, *text.split(","))]
    return max((seconds for seconds in found if seconds is not None), default=None)


def _seconds(text: str, date: str | None) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        until = _moment(text)
        since = _moment(date or "") or datetime.now(UTC)
        return None if until is None else min(max(0.0, (until - since).total_seconds()), LONGEST_S)
    return min(seconds, LONGEST_S) if seconds >= 0 else None


def _moment(text: str) -> datetime | None:
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
