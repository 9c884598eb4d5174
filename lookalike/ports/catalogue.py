from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from lookalike.domain.catalogue import CatalogueStatus
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.neighbour import SearchResult
from lookalike.domain.photo import PhotoId
from lookalike.domain.query import Query
from lookalike.domain.upload import Upload
from lookalike.errors import InvalidRequestError

MOST_LISTED: Final = 1000
"""Items of one `list_items`."""


@dataclass(frozen=True, slots=True)
class NewPhoto:
    """A photo to bring in for an item: an image file, or its bytes. `source` names it in reports.

    An `Item` replaces the description that is there, an `ItemPatch` changes the parts that it names. A path may be
    text. Raises `InvalidRequestError` for anything else.
    """

    item: Item | ItemPatch
    content: Path | bytes
    source: str

    def __post_init__(self) -> None:
        if not isinstance(self.item, Item | ItemPatch):
            raise InvalidRequestError("item", f"must be an Item or an ItemPatch, not {type(self.item).__name__}")
        if isinstance(self.content, str):
            object.__setattr__(self, "content", Path(self.content))
        if not isinstance(self.content, bytes | Path):
            raise InvalidRequestError("photo", f"must be a path or bytes, not {type(self.content).__name__}")
        if not isinstance(self.source, str):
            raise InvalidRequestError("source", f"must be text, not {self.source!r:.80}")


def each_new_photo(photos: Iterable[NewPhoto]) -> Iterator[NewPhoto]:
    """The photos one by one; raises `InvalidRequestError` at what is none."""
    if isinstance(photos, str | bytes) or not isinstance(photos, Iterable):
        raise InvalidRequestError("photos", f"must be a list of NewPhoto, not {type(photos).__name__}")
    for photo in photos:
        if not isinstance(photo, NewPhoto):
            raise InvalidRequestError("photos", f"must each be a NewPhoto, not {type(photo).__name__}")
        yield photo


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of one `NewPhoto`: its upload, or `upload` is None and `error` says why it never became one.

    `already_there` tells that the same bytes were indexed for this item before, so nothing was done.
    """

    photo: NewPhoto
    upload: Upload | None
    error: str = ""
    already_there: bool = False


def without_category(photo: NewPhoto) -> Imported:
    """What becomes of a photo whose item is new and whose patch names no category."""
    return Imported(photo, None, f"item {photo.item.id} is new and needs a category")


class Catalogue(Protocol):
    """One shop's catalogue as `lookalike.connect` gives it, wherever it lives.

    Ids may be given as text. Every method raises `InvalidRequestError`, naming the field, for what is no id.
    """

    def put_items(self, items: Sequence[Item]) -> None:
        """Insert or replace descriptions; photos stay, filters see the new labels when this returns."""
        ...

    def update_items(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Change parts of descriptions; photos stay, filters see the new labels when this returns.

        Merges into items that are there and makes those that a patch names a category for. Returns the ids that are
        not there and were not made. Others' changes of other parts at the same time are kept.
        """
        ...

    def get_item(self, item: ItemId) -> Item:
        """One item. Raises `NotFoundError`."""
        ...

    def list_items(self, after: ItemId | None = None, limit: int = 100) -> list[Item]:
        """Up to `limit` (≤ 1,000) items in the order of their ids, starting behind `after`."""
        ...

    def remove_items(self, items: Sequence[ItemId]) -> list[ItemId]:
        """Delete items with their photos; returns the ids of those that were there.

        Also items whose ids an older version let in and today's rules refuse.
        """
        ...

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]:
        """Take single photos out of items, and their bytes where they show no other; returns those that were there."""
        ...

    def import_photos(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """Bring photos in, in batches; what is yielded as `indexed` is durable and findable.

        A photo's fault is reported in its place and never stops the rest. Running it again over the same
        photos does only what was not done.
        """
        ...

    def search(self, query: Query) -> SearchResult:
        """The items most like the subject. Raises `PhotoRejectedError`, `NotFoundError`, `InvalidRequestError`."""
        ...

    def thumbnail(self, photo: PhotoId) -> bytes:
        """A WebP picture, its longest side 256 pixels. Raises `NotFoundError`."""
        ...

    def status(self) -> CatalogueStatus:
        """What there is."""
        ...

    def close(self) -> None:
        """Finish what is under way and let go; closing twice is fine."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
