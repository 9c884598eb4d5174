from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.photo import PhotoId
from lookalike.ports.clock import Clock
from lookalike.ports.ledger import Claim, Ledger


@dataclass(frozen=True, slots=True)
class ClaimPhotos:
    """Have one process at a time work on a photo; threads of one process settle that among themselves.

    `lifetime` is no shorter than a process can live on after it has claimed something: a claim then ends under
    nobody's hands, and a photo whose claimant died is free again after it.
    """

    ledger: Ledger
    clock: Clock
    lifetime: timedelta
    claimant: str = field(default_factory=lambda: uuid4().hex)

    @contextmanager
    def __call__(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> Iterator[list[PhotoId]]:
        """Yields those of the photos that are this process's until the block ends."""
        now = self.clock.now()
        mine = self.ledger.claim_photos(catalogue, photos, Claim(self.claimant, now, now + self.lifetime))
        try:
            yield mine
        finally:
            self.ledger.release_photos(catalogue, mine, self.claimant)
