from pydantic import Field

from infra.config.section import Section


class Demand(Section):
    """What the shop expects; `production` takes its sizes from it."""

    photos_expected: int = Field(default=50_000, ge=1, le=1_000_000_000, description="Photos in the index.")
    uploads_per_minute: int = Field(default=30, ge=1, le=1_000_000, description="Photos a minute at the peak.")
    searches_per_second: float = Field(default=2.0, gt=0, le=10_000, description="Searches a second at the peak.")
