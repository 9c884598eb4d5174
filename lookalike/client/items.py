from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import quote

from lookalike.client.transport import Transport
from lookalike.contract.models.items import (
    MOST_ITEMS,
    ItemBody,
    ItemPatchBody,
    ItemsPage,
    ItemView,
    PutItemsBody,
    UnknownItems,
    UpdateItemsBody,
)
from lookalike.domain.item import Item, ItemId, ItemPatch, merged, photo_pairs
from lookalike.domain.photo import PhotoId
from lookalike.domain.plain import all_are, whole
from lookalike.errors import NotFoundError
from lookalike.ports.catalogue import MOST_LISTED

_AT_ONCE: Final = 6
_MOST_BYTES: Final = 900_000  # of one request, below the API's limit

B = TypeVar("B", ItemBody, ItemPatchBody)


@dataclass(frozen=True, slots=True)
class Items:
    """The catalogue's items, by as few requests as the API allows."""

    transport: Transport

    def put(self, items: Sequence[Item]) -> None:
        """Insert or replace descriptions."""
        for chunk in _chunks([_body(item) for item in all_are(Item, "items", items)]):
            self.transport.call("PUT", "v1/items", PutItemsBody(items=chunk))

    def update(self, patches: Sequence[ItemPatch]) -> list[ItemId]:
        """Change parts of descriptions; the ids that are not there and were not made."""
        unknown: list[ItemId] = []
        for chunk in _chunks(
            [ItemPatchBody.of(patch) for patch in merged(all_are(ItemPatch, "items", patches)).values()]
        ):
            body = UpdateItemsBody(items=chunk)
            # Safe to repeat: a merge patch (RFC 7396) names the values that hold afterwards.
            unknown += self.transport.read(UnknownItems, "PATCH", "v1/items", body, safe=True).unknown
        return unknown

    def get(self, item: ItemId) -> Item:
        """One item. Raises `NotFoundError`."""
        return self.transport.read(ItemView, "GET", _path(ItemId(item))).item()

    def find(self, item: ItemId) -> Item | None:
        """One item, or None."""
        try:
            return self.get(item)
        except NotFoundError:
            return None

    def page(self, after: ItemId | None, limit: int) -> list[Item]:
        """Up to `limit` items (1 to 1,000) behind `after`."""
        after = None if after is None else ItemId(after)
        limit = whole("limit", limit, 1, MOST_LISTED)
        found: list[Item] = []
        while len(found) < limit:
            wanted = min(limit - len(found), MOST_ITEMS)
            page = self.transport.read(ItemsPage, "GET", "v1/items", after=after, limit=wanted)
            found += [view.item() for view in page.items]
            if page.next is None:
                break
            if after is not None and page.next <= after:  # which would be asked for ever
                raise self.transport.not_ours("turns pages in a circle")
            after = page.next
        return found

    def remove(self, items: Sequence[ItemId]) -> list[ItemId]:
        """Delete; the ids of those that were there."""
        # Unchecked but for their type: an older version may have stored what is refused today, and the server knows.
        ids = [ItemId.stored(item) if item else ItemId(item) for item in all_are(str, "items", items)]
        with ThreadPoolExecutor(_AT_ONCE, "remove") as pool:
            done = pool.map(self._remove_one, map(_path, ids))
            removed = [item for item, was_there in zip(ids, done, strict=True) if was_there]
        for item in set(ids) - set(removed):
            ItemId(str(item))  # raises: a gateway that has no route for such an id answers 404, as for one not there
        return removed

    def remove_photos(self, photos: Sequence[tuple[ItemId, PhotoId]]) -> list[tuple[ItemId, PhotoId]]:
        """Take photos out of items; those that were there."""
        pairs = photo_pairs(photos)
        with ThreadPoolExecutor(_AT_ONCE, "remove") as pool:
            done = pool.map(lambda pair: self._remove_one(f"{_path(pair[0])}/photos/{pair[1]}"), pairs)
            return [pair for pair, was_there in zip(pairs, done, strict=True) if was_there]

    def _remove_one(self, path: str) -> bool:
        try:
            self.transport.call("DELETE", path)
        except NotFoundError:
            return False
        return True


def _path(item: ItemId) -> str:
    return f"v1/items/{quote(item, safe='')}"


def _body(item: Item) -> ItemBody:
    view = ItemView.of(item)
    return ItemBody(**{name: getattr(view, name) for name in ItemBody.model_fields})


def _chunks(bodies: Sequence[B]) -> Iterator[list[B]]:
    chunk: list[B] = []
    size = 0
    for body in bodies:
        more = len(body.model_dump_json().encode())
        if chunk and (len(chunk) == MOST_ITEMS or size + more > _MOST_BYTES):
            yield chunk
            chunk, size = [], 0
        chunk.append(body)
        size += more
    if chunk:
        yield chunk
