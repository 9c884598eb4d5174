import os
from dataclasses import dataclass
from functools import cache

from functions.aws import LIMITS, Aws
from functions.deferred import Deferred
from functions.settings import Settings, variable
from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.services import Services
from lookalike.ports.vector_index import VectorIndex
from lookalike.services.put_items import PutItems, UpdateItems
from lookalike.services.remove_items import RemoveItems, RemovePhotos
from lookalike.services.request_upload import RequestUpload


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadsSettings(Settings):
    """What `uploads` is told."""

    bucket: str = variable("LOOKALIKE_PHOTO_BUCKET")
    uploads: str = variable("LOOKALIKE_UPLOADS_TABLE")
    photos: str = variable("LOOKALIKE_PHOTOS_TABLE")
    items: str = variable("LOOKALIKE_ITEMS_TABLE")
    item_photos: str = variable("LOOKALIKE_ITEM_PHOTOS_TABLE")
    events: str = variable("LOOKALIKE_EVENTS_TABLE")
    opensearch: str = variable("LOOKALIKE_OPENSEARCH_ENDPOINT")
    claim: str = variable("LOOKALIKE_CATALOGUE_CLAIM")


@cache
def settings() -> UploadsSettings:
    """This process's."""
    return UploadsSettings.read(os.environ)


@cache
def dispatcher() -> Dispatcher:
    """The routes that `uploads` answers, over their services."""
    told, aws = settings(), Aws(settings())
    ledger, photos = aws.ledger(told.uploads, told.photos), aws.photos(told.bucket)
    items, events = aws.items(told.items, told.item_photos), aws.events(told.events)
    index: VectorIndex = Deferred(lambda: _index(told.opensearch, aws))
    return Dispatcher(
        Services(
            request_upload=RequestUpload(ledger, photos, items, aws.clock, LIMITS),
            put_items=PutItems(items, index),
            update_items=UpdateItems(items, index),
            remove_items=RemoveItems(ledger, photos, items, index, events, aws.clock),
            remove_photos=RemovePhotos(ledger, photos, items, index, events, aws.clock),
            ledger=ledger,
        )
    )


def _index(url: str, aws: Aws) -> VectorIndex:
    # Photos are asked for a thousand times as often as items change: opensearch-py is imported for those alone.
    from functions.opensearch import open_index  # noqa: PLC0415

    return open_index(url, aws)
