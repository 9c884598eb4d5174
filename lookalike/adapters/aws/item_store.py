from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from lookalike.adapters.aws.attributes import from_row, to_row
from lookalike.adapters.aws.backoff import Backoff
from lookalike.adapters.aws.dynamo_table import DynamoTable
from lookalike.adapters.aws.parallel import chunks, in_parallel
from lookalike.adapters.aws.row import Row, to_wire
from lookalike.adapters.aws.tables import BY_PHOTO, BY_SHARD, ITEM_PHOTOS, ITEMS, all_shards, joined, shard_of
from lookalike.adapters.aws.write import deletion, held, update
from lookalike.adapters.readable import Readable, stand_in
from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.item import Item, ItemId, ItemPatch, merged
from lookalike.domain.label import Label
from lookalike.domain.photo import PhotoId
from lookalike.errors import OverloadedError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_TIES: Final = 99  # 100 actions a transaction, one of them the item's


class DynamoItemStore:
    """Items as rows that list their photos, and a row for each tie of a photo to an item, the way back.

    An item's list and its ties only ever change together, in one transaction that holds only if the list still is
    as it was read; so the two never disagree, whoever is killed or races where. A row of DynamoDB holds 400 kB:
    the largest description leaves room for about 1,500 photos.
    """

    def __init__(
        self, client: "DynamoDBClient", *, items: str, item_photos: str, backoff: Backoff | None = None
    ) -> None:
        """`items` and `item_photos` are the tables' names."""
        self._client = client
        self._backoff = backoff or Backoff()
        self._items = DynamoTable(client, ITEMS, items, self._backoff)
        self._ties = DynamoTable(client, ITEM_PHOTOS, item_photos, self._backoff)
        self._readable = Readable(_to_item, itemgetter("id"))

    def put_many(self, catalogue: CatalogueId, items: Sequence[Item]) -> None:
        """Insert or replace descriptions. The photos an item has stay."""
        last = {item.id: item for item in items}
        in_parallel(lambda item: self._put(catalogue, item), last.values())

    def update_many(self, catalogue: CatalogueId, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Apply patches; returns the ids that are not there and were not made.

        A write holds only if the description still is the one that was read, by the revision each write gives it.
        """
        wanted = merged(patches)
        there = {row["id"]: row for row in self._rows(catalogue, list(wanted))}
        done = in_parallel(lambda patch: self._update(catalogue, patch, there.get(patch.id)), wanted.values())
        return [item for item, is_there in zip(wanted, done, strict=True) if not is_there]

    def get_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[ItemId, Item]:
        """The items there are, with their photos; missing and other catalogues' ones are left out."""
        return {item.id: item for item in self._readable.all(self._rows(catalogue, items))}

    def attach_photos(self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]) -> None:
        """Add photos to items, after those there are; pairs that are there, or whose item is not, are ignored."""
        wanted: dict[ItemId, list[PhotoId]] = {}
        for item, photo in pairs:
            wanted.setdefault(item, []).append(photo)
        seen = self._photos(catalogue, list(wanted))
        in_parallel(lambda item: self._relist(self._extend, catalogue, item, wanted[item], seen[item]), seen)

    def detach_photos(
        self, catalogue: CatalogueId, pairs: Sequence[tuple[ItemId, PhotoId]]
    ) -> list[tuple[ItemId, PhotoId]]:
        """Take photos from items; returns the pairs that were there."""
        unwanted: dict[ItemId, list[PhotoId]] = {}
        for item, photo in dict.fromkeys(pairs):
            unwanted.setdefault(item, []).append(photo)
        seen = self._photos(catalogue, list(unwanted))
        in_parallel(lambda item: self._relist(self._shrink, catalogue, item, unwanted[item], seen[item]), seen)
        return [(item, photo) for item in seen for photo in unwanted[item] if photo in seen[item]]

    def items_of_photos(self, catalogue: CatalogueId, photos: Sequence[PhotoId]) -> dict[PhotoId, tuple[ItemId, ...]]:
        """Which items each photo shows, in the order of their ids; photos that show none are left out."""
        different = list(dict.fromkeys(photos))
        ties = in_parallel(lambda photo: list(self._ties.query(joined(catalogue, photo))), different)
        shown = {p: tuple(ItemId.stored(row["item"]) for row in rows) for p, rows in zip(different, ties, strict=True)}
        return {photo: items for photo, items in shown.items() if items}

    def remove_many(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Item]:
        """Delete items and their ties to photos; returns those that were there."""
        removed = in_parallel(lambda row: self._remove(catalogue, row), self._rows(catalogue, items))
        return [self._readable.one(row) or stand_in(row["id"]) for row in removed if row is not None]

    def page(self, catalogue: CatalogueId, after: ItemId | None, limit: int) -> list[Item]:
        """Up to `limit` items in the order of their ids, starting behind `after`."""

        def rows_behind(last: ItemId | None, most: int) -> list[Row]:
            return list(self._items.query(catalogue, after=last, most=most))

        return self._readable.page(rows_behind, after, limit)

    def count(self, catalogue: CatalogueId) -> tuple[int, int]:
        """How many items, and how many different photos they have.

        Read page by page, seconds for millions, from indexes that lag by milliseconds: for operators, not shoppers.
        """
        shards = all_shards(catalogue)
        items = in_parallel(lambda shard: self._items.count(shard, index=BY_SHARD), shards)
        photos = in_parallel(self._count_photos, shards)
        return sum(items), sum(photos)

    def _count_photos(self, shard: str) -> int:
        # The index is in the order of photos, so the ties of one stand together.
        return sum(1 for _ in groupby(self._ties.query(shard, index=BY_PHOTO), key=itemgetter("photo")))

    def _put(self, catalogue: CatalogueId, item: Item) -> None:
        change = update(_from_item(catalogue, item), keeping={"photos": []})
        self._items.change(_key(catalogue, item.id), change)

    def _update(self, catalogue: CatalogueId, patch: ItemPatch, row: Row | None) -> bool:
        for _ in self._backoff.rounds():
            seen = self._readable.one(row) if row else None
            if not patch.applies_to(seen):
                return False
            wanted = patch.apply(seen)
            condition, values = _as_read(row)
            described = _from_item(catalogue, wanted)
            change = update(described, condition=condition, values=values, keeping={"photos": []})
            if wanted == seen or self._items.change(_key(catalogue, patch.id), change):
                return True
            row = next(iter(self._rows(catalogue, [patch.id])), None)
        raise OverloadedError(f"too many writers on item {patch.id}")

    def _rows(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> list[Row]:
        return self._items.get_many([_key(catalogue, item) for item in items])

    def _photos(self, catalogue: CatalogueId, items: Sequence[ItemId]) -> dict[ItemId, tuple[str, ...]]:
        rows = self._items.get_many([_key(catalogue, item) for item in items], "id", "photos")
        return {ItemId.stored(row["id"]): tuple(row["photos"]) for row in rows}

    def _relist(
        self,
        step: Callable[[CatalogueId, ItemId, Sequence[PhotoId], tuple[str, ...]], bool],
        catalogue: CatalogueId,
        item: ItemId,
        photos: Sequence[PhotoId],
        seen: tuple[str, ...],
    ) -> None:
        for _ in self._backoff.rounds():
            if step(catalogue, item, photos, seen):
                return
            there = self._photos(catalogue, [item])
            if item not in there:
                return
            seen = there[item]
        raise OverloadedError(f"too many writers on item {item}")

    def _extend(self, catalogue: CatalogueId, item: ItemId, photos: Sequence[PhotoId], seen: tuple[str, ...]) -> bool:
        fresh = [photo for photo in dict.fromkeys(photos) if photo not in seen]
        for some in chunks(fresh, _MOST_TIES):
            if not self._change_photos(catalogue, item, seen, (*seen, *some)):
                return False
            seen = (*seen, *some)
        return True

    def _shrink(self, catalogue: CatalogueId, item: ItemId, photos: Sequence[PhotoId], seen: tuple[str, ...]) -> bool:
        for some in chunks([photo for photo in photos if photo in seen], _MOST_TIES):
            left = tuple(photo for photo in seen if photo not in some)
            if not self._change_photos(catalogue, item, seen, left):
                return False
            seen = left
        return True

    def _remove(self, catalogue: CatalogueId, row: Row) -> Row | None:
        item = ItemId.stored(row["id"])
        for _ in self._backoff.rounds():
            if self._delete(catalogue, item, row["photos"]):
                return row
            there = self._rows(catalogue, [item])
            if not there:
                return None
            row = there[0]
        raise OverloadedError(f"too many writers on item {item}")

    def _delete(self, catalogue: CatalogueId, item: ItemId, left: Sequence[str]) -> bool:
        while len(left) > _MOST_TIES:
            if not self._change_photos(catalogue, item, left, left[_MOST_TIES:]):
                return False
            left = left[_MOST_TIES:]
        return self._change_photos(catalogue, item, left, None)

    def _change_photos(
        self, catalogue: CatalogueId, item: ItemId, seen: Sequence[str], photos: Sequence[str] | None
    ) -> bool:
        """Have an item list these photos, or be gone where they are None; False where it no longer lists `seen`."""
        key = {"TableName": self._items.name, "Key": to_wire(_key(catalogue, item))}
        condition, values = "#photos = :seen", {"seen": list(seen)}
        if photos is None:
            change: Any = {"Delete": key | deletion(["photos"], condition=condition, values=values)}
        else:
            change = {"Update": key | update({"photos": list(photos)}, condition=condition, values=values)}
        ties = [self._tie(catalogue, photo, item) for photo in photos or () if photo not in seen]
        ties += [self._untie(catalogue, photo, item) for photo in seen if photo not in (photos or ())]
        return held(lambda: self._client.transact_write_items(TransactItems=[change, *ties]), self._backoff)

    def _tie(self, catalogue: CatalogueId, photo: str, item: ItemId) -> Any:
        row = _tie_key(catalogue, photo, item) | {"shard": joined(catalogue, shard_of(photo)), "photo": photo}
        return {"Put": {"TableName": self._ties.name, "Item": to_wire(row)}}

    def _untie(self, catalogue: CatalogueId, photo: str, item: ItemId) -> Any:
        return {"Delete": {"TableName": self._ties.name, "Key": to_wire(_tie_key(catalogue, photo, item))}}


def _key(catalogue: CatalogueId, item: ItemId) -> Row:
    return {"catalogue": catalogue, "id": item}


def _tie_key(catalogue: CatalogueId, photo: str, item: ItemId) -> Row:
    return {"key": joined(catalogue, photo), "item": item}


def _from_item(catalogue: CatalogueId, item: Item) -> Row:
    return {
        "category": item.category,
        "title": item.title,
        "labels": [[label.facet, label.value] for label in sorted(item.labels)],
        "attributes": to_row(item.attributes),
        "url": item.url,
        "shard": joined(catalogue, shard_of(item.id)),
        "revision": uuid4().hex,
    }


def _as_read(row: Row | None) -> tuple[str, Row]:
    """The condition that a description still is as in `row`, and its values."""
    if row is None:
        return "attribute_not_exists(#category)", {}
    if "revision" not in row:  # written before there were any
        return "attribute_exists(#category) AND attribute_not_exists(#revision)", {}
    return "#revision = :seen", {"seen": row["revision"]}


def _to_item(row: Row) -> Item:
    return Item(
        id=ItemId(row["id"]),
        category=row["category"],
        title=row["title"],
        labels=frozenset(Label(facet, value) for facet, value in row["labels"]),
        attributes=from_row(row["attributes"]),
        url=row.get("url"),
        photos=tuple(map(PhotoId, row["photos"])),
    )
