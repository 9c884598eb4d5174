from typing import Self

from pydantic import Field, model_validator

from infra.config.section import Section
from infra.config.values import Days


class PhotosConfig(Section):
    """How long the bucket keeps what."""

    archive_after_days: Days = Field(default=30, description="Age at which originals move to the archive.")
    expire_after_days: Days | None = Field(
        default=None, description="Age at which originals are deleted; null: never. Rebuilds for a new model need them."
    )
    noncurrent_days: Days = Field(default=30, description="How long replaced and deleted objects can be brought back.")

    @model_validator(mode="after")
    def _archives_first(self) -> Self:
        if self.expire_after_days is not None and self.expire_after_days <= self.archive_after_days:
            raise ValueError("expire_after_days must be above archive_after_days")
        return self
