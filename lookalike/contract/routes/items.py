from typing import Final

from pydantic import Field

from lookalike.contract.models.base import ItemName, Model, PhotoName
from lookalike.contract.models.items import MOST_ITEMS, ItemsPage, ItemView, PutItemsBody, UnknownItems, UpdateItemsBody
from lookalike.contract.route import Answer, Call, NoParameters, Route
from lookalike.errors import NotFoundError
from lookalike.ports.item_store import ItemStore
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.remove_items import RemoveItems, RemovePhotos

_PUT_LIMIT: Final = 1024 * 1024


class ItemParameters(Model):
    """Which item."""

    id: ItemName


class StoredItemParameters(Model):
    """Which item; also one whose id was let in by an older version and is refused today."""

    id: str = Field(min_length=1, max_length=2048)


class ItemPhotoParameters(ItemParameters):
    """Which photo of which item."""

    photo: PhotoName


class PageParameters(Model):
    """Which page of items."""

    after: ItemName | None = Field(None, description="The id that the page starts behind.")
    limit: int = Field(MOST_ITEMS, ge=1, le=MOST_ITEMS, strict=False)


def _put_items(service: PutItems, call: Call[NoParameters, PutItemsBody]) -> Answer:
    service(call.catalogue, [body.item() for body in call.body.items])
    return Answer()


def _update_items(service: UpdateItems, call: Call[NoParameters, UpdateItemsBody]) -> Answer:
    return Answer(UnknownItems(unknown=service(call.catalogue, [body.patch() for body in call.body.items])))


def _list_items(items: ItemStore, call: Call[PageParameters, None]) -> Answer:
    wanted = call.parameters
    # One more than asked for tells whether there is a next page.
    found = items.page(call.catalogue, wanted.after, wanted.limit + 1)
    page = found[: wanted.limit]
    return Answer(
        ItemsPage(
            items=[ItemView.of(item) for item in page],
            next=page[-1].id if len(found) > wanted.limit else None,
        )
    )


def _read_item(items: ItemStore, call: Call[ItemParameters, None]) -> Answer:
    item = items.get_many(call.catalogue, [call.parameters.id]).get(call.parameters.id)
    if item is None:
        raise NotFoundError(f"no item {call.parameters.id}")
    return Answer(ItemView.of(item))


def _delete_item(service: RemoveItems, call: Call[StoredItemParameters, None]) -> Answer:
    if not service(call.catalogue, [call.parameters.id]):
        raise NotFoundError(f"no item {call.parameters.id}")
    return Answer()


def _delete_photo(service: RemovePhotos, call: Call[ItemPhotoParameters, None]) -> Answer:
    pair = (call.parameters.id, call.parameters.photo)
    if not service(call.catalogue, [pair]):
        raise NotFoundError(f"item {pair[0]} has no photo {pair[1]}")
    return Answer()


PUT_ITEMS: Final = Route(
    name="putItems",
    method="PUT",
    path="/v1/items",
    summary="Insert or replace the descriptions of items; their photos stay",
    service=lambda services: services.put_items,
    handle=_put_items,
    parameters=NoParameters,
    body=PutItemsBody,
    status=204,
    body_limit=_PUT_LIMIT,
)
UPDATE_ITEMS: Final = Route(
    name="updateItems",
    method="PATCH",
    path="/v1/items",
    summary="Change parts of the descriptions of items; what is not named stays",
    service=lambda services: services.update_items,
    handle=_update_items,
    parameters=NoParameters,
    body=UpdateItemsBody,
    answer=UnknownItems,
    body_limit=_PUT_LIMIT,
)
LIST_ITEMS: Final = Route(
    name="listItems",
    method="GET",
    path="/v1/items",
    summary="Items in the order of their ids",
    service=lambda services: services.items,
    handle=_list_items,
    parameters=PageParameters,
    answer=ItemsPage,
)
READ_ITEM: Final = Route(
    name="readItem",
    method="GET",
    path="/v1/items/{id}",
    summary="One item",
    service=lambda services: services.items,
    handle=_read_item,
    parameters=ItemParameters,
    answer=ItemView,
    problems=(404,),
)
DELETE_ITEM: Final = Route(
    name="deleteItem",
    method="DELETE",
    path="/v1/items/{id}",
    summary="Take an item out, with those of its photos that show no other",
    service=lambda services: services.remove_items,
    handle=_delete_item,
    parameters=StoredItemParameters,
    status=204,
    problems=(404,),
)
DELETE_PHOTO: Final = Route(
    name="deletePhoto",
    method="DELETE",
    path="/v1/items/{id}/photos/{photo}",
    summary="Take one photo out of an item, and its picture where it shows no other",
    service=lambda services: services.remove_photos,
    handle=_delete_photo,
    parameters=ItemPhotoParameters,
    status=204,
    problems=(404,),
)
