import threading
from collections.abc import Sequence

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.ports.ledger import Claim


class InProcessClaims:
    """Claims on photos, in memory: whatever could claim anything dies with the process that holds them."""

    def __init__(self) -> None:
        self._claims: dict[tuple[CatalogueId, PhotoId], Claim] = {}
        self._lock = threading.Lock()

    def claim(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claim: Claim) -> list[PhotoId]:
        """`lookalike.ports.ledger.Ledger.claim_photos`."""
        with self._lock:
            free = [photo for photo in dict.fromkeys(photos) if self._is_free(catalogue, photo, claim)]
            self._claims.update({(catalogue, photo): claim for photo in free})
            return free

    def _is_free(self, catalogue: CatalogueId, photo: PhotoId, claim: Claim) -> bool:
        held = self._claims.get((catalogue, photo))
        return held is None or held.claimant == claim.claimant or held.until <= claim.at

    def release(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claimant: str) -> None:
        """`lookalike.ports.ledger.Ledger.release_photos`."""
        with self._lock:
            for photo in photos:
                held = self._claims.get((catalogue, photo))
                if held is not None and held.claimant == claimant:
                    del self._claims[catalogue, photo]
