from typing import Literal, Self

from lookalike.contract.models.base import CatalogueName, ModelName, Moment, View
from lookalike.domain.catalogue import CatalogueStatus
from lookalike.domain.generation import IndexGeneration


class HealthView(View):
    """That the service answers, with which model, and from which index generation where it serves one catalogue."""

    status: Literal["ok"] = "ok"
    model: ModelName
    generation: int | None


class GenerationView(View):
    """One build of the vector index for one model; readers see the one that is `live`."""

    number: int
    model: ModelName
    live: bool
    entries: int
    created_at: Moment

    @classmethod
    def of(cls, generation: IndexGeneration) -> Self:
        """Tell of `generation`."""
        g = generation
        return cls(number=g.number, model=g.model, live=g.live, entries=g.entries, created_at=g.created_at)

    def generation(self) -> IndexGeneration:
        """The domain's word for it."""
        return IndexGeneration(self.number, self.model, self.live, self.entries, self.created_at)


class StatusView(View):
    """What a catalogue holds; `uploads` counts them by status."""

    catalogue: CatalogueName
    items: int
    photos: int
    uploads: dict[str, int]
    generations: list[GenerationView]
    bytes_on_disk: int

    @classmethod
    def of(cls, status: CatalogueStatus) -> Self:
        """Tell of `status`."""
        return cls(
            catalogue=status.catalogue,
            items=status.items,
            photos=status.photos,
            uploads=dict(status.uploads),
            generations=[GenerationView.of(generation) for generation in status.generations],
            bytes_on_disk=status.bytes_on_disk,
        )

    def catalogue_status(self) -> CatalogueStatus:
        """The domain's word for it."""
        generations = tuple(view.generation() for view in self.generations)
        return CatalogueStatus(
            self.catalogue, self.items, self.photos, dict(self.uploads), generations, self.bytes_on_disk
        )
