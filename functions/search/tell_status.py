from dataclasses import dataclass

from lookalike.domain.catalogue import CatalogueId, CatalogueStatus
from lookalike.ports.item_store import ItemStore
from lookalike.ports.ledger import Ledger
from lookalike.ports.vector_index import VectorIndex


@dataclass(frozen=True, slots=True)
class TellStatus:
    """What a catalogue holds. Nothing of it is on a disk of ours."""

    ledger: Ledger
    items: ItemStore
    index: VectorIndex

    def __call__(self, catalogue: CatalogueId) -> CatalogueStatus:
        """Counted anew at every call."""
        items, photos = self.items.count(catalogue)
        uploads = {str(status): count for status, count in self.ledger.count_uploads(catalogue).items()}
        return CatalogueStatus(catalogue, items, photos, uploads, self.index.generations(catalogue), bytes_on_disk=0)
