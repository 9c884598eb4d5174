from datetime import UTC, datetime, timedelta

_START = datetime(2026, 1, 1, tzinfo=UTC)


class FixedClock:
    """Stands still until it is moved."""

    def __init__(self, start: datetime = _START) -> None:
        self._now = start

    def now(self) -> datetime:
        """The moment it was last set to, in UTC."""
        return self._now

    def advance(self, seconds: float) -> datetime:
        """Move on and return the new moment."""
        self._now += timedelta(seconds=seconds)
        return self._now
