from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of resources in one region: plain ones at home, elsewhere with the region, as no two may be the same."""

    region: str
    home: str

    def __call__(self, name: str) -> str:
        """The name in this region, e.g. ``photos`` or ``photos-us-east-1``."""
        return name if self.region == self.home else f"{name}-{self.region}"
