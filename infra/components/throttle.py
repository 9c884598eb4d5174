from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttle:
    """Requests that API Gateway lets through: `rate` a second, lasting, and `burst` at once; above it answers 429."""

    rate: float
    burst: int
