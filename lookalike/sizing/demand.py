from dataclasses import dataclass
from math import isfinite
from typing import Final

from lookalike.errors import InvalidRequestError

DAYS_A_MONTH: Final = 365 / 12
HOURS_A_MONTH: Final = 24 * DAYS_A_MONTH
_HOURS_A_DAY: Final = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What a shop expects of its cloud.

    `photos` stay in the index. `uploads_per_minute` and `searches_per_second` are those of the peak, which lasts
    `peak_hours` of each day; the rest of the day sees `quiet_share` of them. Every one of `regions` holds all photos.
    Raises `InvalidRequestError` naming the field that is out of its range.
    """

    photos: int
    uploads_per_minute: float
    searches_per_second: float
    regions: int = 1
    peak_hours: float = 4.0
    quiet_share: float = 0.1

    def __post_init__(self) -> None:
        _check("photos", self.photos, 0, 1_000_000_000)
        _check("uploads_per_minute", self.uploads_per_minute, 0, 1_000_000)
        _check("searches_per_second", self.searches_per_second, 0, 10_000)
        _check("regions", self.regions, 1, 8)
        _check("peak_hours", self.peak_hours, 0, _HOURS_A_DAY)
        _check("quiet_share", self.quiet_share, 0, 1)

    @property
    def peak_hours_a_month(self) -> float:
        """Hours of a month at the peak."""
        return self.peak_hours * DAYS_A_MONTH

    @property
    def uploads_a_month(self) -> float:
        """Photos uploaded in a month, all day long."""
        return self.uploads_per_minute * 60 * self._hours_as_at_the_peak

    @property
    def searches_a_month(self) -> float:
        """Searches asked in a month, in all regions together."""
        return self.searches_per_second * 3600 * self._hours_as_at_the_peak

    @property
    def photos_a_second(self) -> float:
        """Photos that the model sees in a second of the peak, if every search shows it a new one."""
        return self.uploads_per_minute / 60 + self.searches_per_second

    @property
    def _hours_as_at_the_peak(self) -> float:
        quiet = (_HOURS_A_DAY - self.peak_hours) * self.quiet_share
        return (self.peak_hours + quiet) * DAYS_A_MONTH


def _check(field: str, value: float, least: float, most: float) -> None:
    if not isfinite(value) or not least <= value <= most:
        raise InvalidRequestError(field, f"must be between {least:,} and {most:,}, not {value:,}")
