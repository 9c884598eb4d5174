from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Naming:
    """Names of resources in one region: plain ones at home, elsewhere with the region, as no two may be the same."""

    region: str
    home: str

    @property
    def at_home(self) -> bool:
        """Whether this is the region that holds what there is once."""
        return self.region == self.home

    def __call__(self, name: str) -> str:
        """The name in this region, e.g. ``photos`` or ``photos-us-east-1``."""
        return name if self.at_home else f"{name}-{self.region}"
