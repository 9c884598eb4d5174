from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Final

from lookalike.cli.named import Named
from lookalike.cli.run_import import Target, find_item, photo_id_of
from lookalike.cli.tally import Removed, Tally
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch
from lookalike.domain.photo import PhotoId
from lookalike.domain.upload import Upload, UploadId, UploadStatus
from lookalike.ports.catalogue import Catalogue, Imported, NewPhoto

FEW: Final = 10
"""So many items or photos are removed without asking,"""
SHARE: Final = 10
"""and so many per cent of them; but not more than half of the items."""
_PAGE: Final = 1000
_BATCH: Final = 100


def each_item(catalogue: Target) -> Iterator[Item]:
    """All items, in the order of their ids."""
    after: ItemId | None = None
    while page := catalogue.list_items(after, _PAGE):
        yield from page
        after = page[-1].id


def remove_left_over(
    catalogue: Target, named: Named, tally: Tally, scope: str | None, agrees: Callable[[str], bool]
) -> bool:
    """Take out what a source that came in no longer names, of one category or of all; counted on `tally`.

    Asks `agrees` first where that is much; False where it says no, and nothing was removed.
    """
    items = photos = 0
    for item in each_item(catalogue):
        if scope in (None, item.category):
            items, photos = items + 1, photos + len(item.photos)
            named.compare(item)
    gone_items, gone_photos = named.gone
    much = gone_items * 2 > items or _is_much(gone_items, items) or _is_much(gone_photos, photos)
    if much and not agrees(f"remove {gone_items} of {items} items and {gone_photos} photos of others?"):
        return False
    gone = named.each_gone()
    while batch := list(islice(gone, _BATCH)):
        _remove(catalogue, batch)
        for one in batch:
            tally.add(one)
    return True


def _is_much(gone: int, there: int) -> bool:
    return gone > FEW and gone * 100 > there * SHARE


def _remove(catalogue: Target, batch: Sequence[Removed]) -> None:
    catalogue.remove_photos([(one.item, one.photo) for one in batch if one.photo is not None])
    catalogue.remove_items([one.item for one in batch if one.photo is None])


@dataclass(frozen=True, slots=True)
class DryRun:
    """A catalogue as an import meets it, of which nothing is changed. Photos are read and not decoded."""

    catalogue: Catalogue

    def get_item(self, item: ItemId) -> Item:
        """One item. Raises `NotFoundError`."""
        return self.catalogue.get_item(item)

    def list_items(self, after: ItemId | None = None, limit: int = 100) -> list[Item]:
        """Up to `limit` items in the order of their ids, starting behind `after`."""
        return self.catalogue.list_items(after, limit)

    def put_items(self, items: Sequence[Item]) -> None:
        """Nothing."""

    def update_items(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """The ids of those that could not be made."""
        return [patch.id for patch in patches if patch.category is None and find_item(self.catalogue, patch.id) is None]

    def remove_items(self, items: Sequence[ItemId]) -> list[ItemId]:
        """Nothing is; says that all were there."""
        return list(items)

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]:
        """Nothing is; says that all were there."""
        return list(photos)

    def import_photos(self, photos: Iterable[NewPhoto]) -> Iterator[Imported]:
        """What would become of each, were it a photo that can be decoded."""
        for photo in photos:
            there = find_item(self.catalogue, photo.item.id)
            try:
                id_ = photo_id_of(photo)
            except OSError as error:
                yield Imported(photo, None, str(error))
                continue
            yield Imported(photo, _indexed(photo.item.id, id_), already_there=there is not None and id_ in there.photos)


def _indexed(item: ItemId, photo: PhotoId) -> Upload:
    now = datetime.now(UTC)
    return Upload(
        id=UploadId.repeatable(item, photo),
        catalogue=CatalogueId("dry-run"),
        content_type="application/octet-stream",
        requested_at=now,
        updated_at=now,
        item=item,
        status=UploadStatus.INDEXED,
        photo=photo,
    )
