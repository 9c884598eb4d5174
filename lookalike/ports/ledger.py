from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus


@dataclass(frozen=True, slots=True)
class Claim:
    """A claimant's word that it works on a photo, given at `at`; it is no longer good at `until`."""

    claimant: str
    at: datetime
    until: datetime


class Ledger(Protocol):
    """The record of every upload and of every photo ever prepared; who wins a race is decided here."""

    def open_many(self, uploads: Sequence[Upload]) -> None:
        """Record new uploads of one catalogue; one whose id is already there keeps its present record."""
        ...

    def find_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> dict[UploadId, Upload]:
        """The uploads there are; missing and other catalogues' ones are left out."""
        ...

    def advance_many(self, uploads: Sequence[Upload]) -> list[UploadId]:
        """Replace each record whose stored version is exactly one less; durable when this returns.

        Returns the ids that were refused because another writer got there first.
        """
        ...

    def uploads_in(
        self, catalogue: CatalogueId, statuses: Collection[UploadStatus], limit: int, *, without_item: bool = False
    ) -> list[Upload]:
        """Up to `limit` uploads in these states, the longest untouched first; those of shoppers alone if asked."""
        ...

    def uploads_of_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Upload]:
        """Every upload made for these items."""
        ...

    def forget_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId], at: datetime) -> None:
        """Delete records, for good, whether known or not; that they were forgotten is kept in mind for a while."""
        ...

    def find_forgotten(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> set[UploadId]:
        """Those that were forgotten, as long as a message about them may still come, and not opened again."""
        ...

    def count_uploads(self, catalogue: CatalogueId) -> dict[UploadStatus, int]:
        """How many uploads are in each state (states without any may be left out)."""
        ...

    def record_photos(self, catalogue: CatalogueId, photos: Sequence[Photo]) -> None:
        """Remember photos; recording one again changes nothing."""
        ...

    def find_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, Photo]:
        """The photos that are known; others are left out."""
        ...

    def forget_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> None:
        """Delete photo records; unknown ones are ignored."""
        ...

    def claim_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claim: Claim) -> list[PhotoId]:
        """Claim photos, known or not; those are returned that no other claimant's claim is still good for.

        Of many that claim one photo at once, one gets it. Who has it and claims it again has it for longer.
        """
        ...

    def release_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId], claimant: str) -> None:
        """End this claimant's claims; others' stay as they are."""
        ...
