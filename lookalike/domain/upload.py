import re
import secrets
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Self

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import ItemId
from lookalike.domain.name import Name
from lookalike.domain.photo import PhotoId
from lookalike.errors import IllegalTransitionError, Rejection


class UploadId(Name):
    """Names one attempt to bring a photo in; part of the object's key."""

    __slots__ = ()
    kind = "upload"
    pattern = re.compile(r"[A-Za-z0-9_-]{16,64}")
    rule = "16 to 64 letters, digits, dashes and underscores"

    @classmethod
    def new(cls) -> Self:
        """An id that nobody can guess (128 random bits)."""
        return cls(secrets.token_urlsafe(16))

    @classmethod
    def repeatable(cls, item: ItemId, photo: PhotoId) -> Self:
        """The one id under which these bytes come in for this item, so that an import can be run again."""
        return cls(sha256(f"{item}\0{photo}".encode()).hexdigest()[:32])


class UploadStatus(StrEnum):
    """Where an upload stands. `rejected` is the photo's fault and final; `failed` is ours and is tried again."""

    REQUESTED = "requested"
    RECEIVED = "received"
    PREPARED = "prepared"
    INDEXED = "indexed"
    REJECTED = "rejected"
    FAILED = "failed"


_NEXT = {
    UploadStatus.REQUESTED: {UploadStatus.RECEIVED, UploadStatus.REJECTED, UploadStatus.FAILED},
    UploadStatus.RECEIVED: {UploadStatus.PREPARED, UploadStatus.REJECTED, UploadStatus.FAILED},
    UploadStatus.PREPARED: {UploadStatus.INDEXED, UploadStatus.REJECTED, UploadStatus.FAILED},
    UploadStatus.FAILED: set(UploadStatus) - {UploadStatus.REQUESTED},
    UploadStatus.INDEXED: set(),
    UploadStatus.REJECTED: set(),
}


@dataclass(frozen=True, slots=True)
class Upload:
    """One attempt to bring a photo in.

    With `item` the photo will be one of that item's and the upload ends `indexed`; without, it is a
    shopper's photo to search with: it ends `prepared` and never enters the index (ADR 0004).
    `version` counts the moves, so that a store can refuse the slower of two writers.
    """

    id: UploadId
    catalogue: CatalogueId
    content_type: str
    requested_at: datetime
    updated_at: datetime
    item: ItemId | None = None
    status: UploadStatus = UploadStatus.REQUESTED
    photo: PhotoId | None = None
    rejection: Rejection | None = None
    detail: str = ""
    version: int = 0

    @property
    def is_final(self) -> bool:
        """Whether nothing more will happen to it by itself."""
        done = self.status in (UploadStatus.INDEXED, UploadStatus.REJECTED)
        return done or (self.status is UploadStatus.PREPARED and self.item is None)

    def _move(self, status: UploadStatus, at: datetime, detail: str = "") -> Self:
        if status not in _NEXT[self.status]:
            raise IllegalTransitionError(f"upload {self.id} cannot go from {self.status} to {status}")
        return replace(self, status=status, updated_at=at, detail=detail, version=self.version + 1)

    def received(self, at: datetime) -> Self:
        """Its bytes are in the store. Raises `IllegalTransitionError` like every move below."""
        return self._move(UploadStatus.RECEIVED, at)

    def prepared(self, photo: PhotoId, at: datetime) -> Self:
        """It was decoded and what the model sees is stored under `photo`."""
        return replace(self._move(UploadStatus.PREPARED, at), photo=photo)

    def indexed(self, at: datetime) -> Self:
        """It can be found."""
        return self._move(UploadStatus.INDEXED, at)

    def rejected(self, rejection: Rejection, detail: str, at: datetime) -> Self:
        """It can never be used; `detail` is a sentence for the user."""
        return replace(self._move(UploadStatus.REJECTED, at, detail), rejection=rejection)

    def failed(self, detail: str, at: datetime) -> Self:
        """A step broke on our side and will be tried again."""
        return self._move(UploadStatus.FAILED, at, detail)

    def lost(self, at: datetime) -> Self:
        """Its bytes are gone, after whatever became of them: it waits for them again."""
        return replace(self, status=UploadStatus.REQUESTED, photo=None, updated_at=at, version=self.version + 1)
