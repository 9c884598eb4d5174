import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from functions.aws import LIMITS, Aws
from functions.batch import Consumer
from functions.settings import Settings, variable
from lookalike.adapters.aws.received import read_received
from lookalike.adapters.aws.work_queue import Message
from lookalike.ports.work_queue import Pointer
from lookalike.services.prepare_photos import PreparePhotos


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareSettings(Settings):
    """What `prepare` is told."""

    bucket: str = variable("LOOKALIKE_PHOTO_BUCKET")
    uploads: str = variable("LOOKALIKE_UPLOADS_TABLE")
    photos: str = variable("LOOKALIKE_PHOTOS_TABLE")
    items: str = variable("LOOKALIKE_ITEMS_TABLE")
    item_photos: str = variable("LOOKALIKE_ITEM_PHOTOS_TABLE")
    events: str = variable("LOOKALIKE_EVENTS_TABLE")
    to_embed: str = variable("LOOKALIKE_TO_EMBED_QUEUE_URL")
    input_size: int = variable("LOOKALIKE_MODEL_INPUT_SIZE")


@cache
def settings() -> PrepareSettings:
    """This process's."""
    return PrepareSettings.read(os.environ)


@cache
def consumer() -> Consumer:
    """How messages of `received` are worked off."""
    told, aws = settings(), Aws(settings())
    ledger, photos, events = aws.ledger(told.uploads, told.photos), aws.photos(told.bucket), aws.events(told.events)
    items, to_embed = aws.items(told.items, told.item_photos), aws.queue(told.to_embed)

    def correlations(messages: Sequence[Message]) -> Mapping[Pointer, str]:
        # S3's notices carry no number of ours; the ledger has that of the request which opened the upload.
        return ledger.find_correlations([message.pointer for message in messages])

    step = PreparePhotos(ledger, photos, items, to_embed, events, aws.clock, LIMITS, told.input_size)
    return Consumer(read_received, correlations, step)
