from collections.abc import Collection, Sequence
from typing import Protocol

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus


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

    def uploads_in(self, catalogue: CatalogueId, statuses: Collection[UploadStatus], limit: int) -> list[Upload]:
        """Up to `limit` uploads in these states, the longest untouched first."""
        ...

    def uploads_of_items(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Upload]:
        """Every upload made for these items."""
        ...

    def forget_uploads(self, catalogue: CatalogueId, uploads: Sequence[UploadId]) -> None:
        """Delete records, for good; unknown ones are ignored."""
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
