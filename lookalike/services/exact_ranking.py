from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion, Vector
from lookalike.domain.item import Item, ItemId
from lookalike.domain.photo import PhotoId
from lookalike.errors import NotFoundError
from lookalike.ports.item_store import ItemStore
from lookalike.ports.vector_index import IndexEntry, VectorIndex

_PAGE: Final = 1000


def indexed_pages(
    catalogue: CatalogueId, items: ItemStore, index: VectorIndex, model: ModelVersion
) -> Iterator[list[tuple[Item, list[IndexEntry]]]]:
    """Every item that can be found, with its entries; up to 1,000 items a page, in the order of their ids."""
    after: ItemId | None = None
    while page := items.page(catalogue, after, _PAGE):
        after = page[-1].id
        photos: Sequence[PhotoId] = list({photo for item in page for photo in item.photos})
        known = index.find_embeddings(catalogue, model, photos)
        entries = ((i, [IndexEntry(i.id, p, i.all_labels, known[p]) for p in i.photos if p in known]) for i in page)
        yield [(item, found) for item, found in entries if found]


@dataclass(frozen=True, slots=True)
class ExactRanking:
    """All items of a catalogue in memory, ranked by comparing with every photo: 1 kB a photo.

    `vectors` is float32 [photos, 256], an item's photos side by side; `starts` is where each item's begin.
    """

    ids: tuple[ItemId, ...]
    categories: tuple[str, ...]
    vectors: Vector
    starts: npt.NDArray[np.intp]

    @classmethod
    def of(cls, catalogue: CatalogueId, items: ItemStore, index: VectorIndex, model: ModelVersion) -> "ExactRanking":
        """Read the whole catalogue. Raises `NotFoundError` where nothing of it is indexed by this model."""
        ids: list[ItemId] = []
        categories: list[str] = []
        blocks: list[Vector] = []
        for page in indexed_pages(catalogue, items, index, model):
            for item, entries in page:
                ids.append(item.id)
                categories.append(item.category)
                blocks.append(np.stack([entry.embedding.vector for entry in entries]))
        if not blocks:
            raise NotFoundError(f"the catalogue has no photo indexed by {model}: import some first")
        starts = np.cumsum([0, *(len(block) for block in blocks[:-1])])
        return cls(tuple(ids), tuple(categories), np.concatenate(blocks).reshape(-1, DIMENSIONS), starts)

    def relevance(self, embedding: Embedding, category: str, left_out: Collection[ItemId]) -> npt.NDArray[np.bool_]:
        """Which answers of the full ranking are of `category`: bool [items], best first, without `left_out`.

        An item stands where its best photo does; ties stand in the order of ids.
        """
        best = np.maximum.reduceat(self.vectors @ embedding.vector, self.starts)
        order = [at for at in np.argsort(-best, kind="stable") if self.ids[at] not in left_out]
        return np.array([self.categories[at] == category for at in order], dtype=np.bool_)
