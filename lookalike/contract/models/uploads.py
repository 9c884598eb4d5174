from typing import Self

from pydantic import Field

from lookalike.contract.models.base import ItemName, Model, Moment, PhotoName, UploadName, View
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.upload import Upload, UploadStatus
from lookalike.errors import Rejection
from lookalike.ports.photo_store import UploadForm


class RequestUploadBody(Model):
    """What is about to come: an item's photo, or without `item` one to search with."""

    content_type: str = Field(max_length=100, examples=["image/jpeg"])
    item: ItemName | None = None


class FormView(View):
    """A pre-signed POST: send `fields` and then the file, as multipart/form-data, to `url` before `expires_at`.

    `url` may be relative to the API's own.
    """

    url: str
    fields: dict[str, str]
    max_bytes: int
    expires_at: Moment

    @classmethod
    def of(cls, form: UploadForm) -> Self:
        """Tell of `form`."""
        return cls(url=form.url, fields=dict(form.fields), max_bytes=form.max_bytes, expires_at=form.expires_at)


class TicketView(View):
    """A new upload's id and the form that brings its bytes in."""

    upload: UploadName
    form: FormView


class RejectionView(View):
    """Why a photo cannot be used: a word for programs, a sentence for people."""

    code: Rejection
    detail: str


class UploadView(View):
    """Where an upload stands. `is_final` tells that asking again will not change the answer."""

    id: UploadName
    status: UploadStatus
    is_final: bool
    content_type: str
    requested_at: Moment
    updated_at: Moment
    item: ItemName | None = None
    photo: PhotoName | None = None
    rejection: RejectionView | None = None

    @classmethod
    def of(cls, upload: Upload) -> Self:
        """Tell of `upload`; what went wrong on our side stays with us."""
        rejection = None if upload.rejection is None else RejectionView(code=upload.rejection, detail=upload.detail)
        return cls(
            id=upload.id,
            status=upload.status,
            is_final=upload.is_final,
            content_type=upload.content_type,
            requested_at=upload.requested_at,
            updated_at=upload.updated_at,
            item=upload.item,
            photo=upload.photo,
            rejection=rejection,
        )

    def upload(self, catalogue: CatalogueId) -> Upload:
        """The domain's word for it."""
        return Upload(
            id=self.id,
            catalogue=catalogue,
            content_type=self.content_type,
            requested_at=self.requested_at,
            updated_at=self.updated_at,
            item=self.item,
            status=self.status,
            photo=self.photo,
            rejection=self.rejection.code if self.rejection else None,
            detail=self.rejection.detail if self.rejection else "",
        )
