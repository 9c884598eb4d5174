import os
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from functions.aws import Aws
from functions.batch import Consumer
from functions.cache import open_cache
from functions.opensearch import open_index
from functions.settings import Settings, variable
from functions.triton import open_embedder
from lookalike.adapters.aws.work_queue import Reading, parse_pointer
from lookalike.services.claim_photos import ClaimPhotos
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.index_photos import IndexPhotos


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbedSettings(Settings):
    """What `embed` is told."""

    bucket: str = variable("LOOKALIKE_PHOTO_BUCKET")
    uploads: str = variable("LOOKALIKE_UPLOADS_TABLE")
    photos: str = variable("LOOKALIKE_PHOTOS_TABLE")
    items: str = variable("LOOKALIKE_ITEMS_TABLE")
    item_photos: str = variable("LOOKALIKE_ITEM_PHOTOS_TABLE")
    events: str = variable("LOOKALIKE_EVENTS_TABLE")
    received: str = variable("LOOKALIKE_RECEIVED_QUEUE_URL")
    to_embed: str = variable("LOOKALIKE_TO_EMBED_QUEUE_URL")
    opensearch: str = variable("LOOKALIKE_OPENSEARCH_ENDPOINT")
    triton: str = variable("LOOKALIKE_TRITON_ENDPOINT")
    model: str = variable("LOOKALIKE_MODEL_NAME")
    cache_url: str | None = variable("LOOKALIKE_CACHE_URL", default=None)
    cache_name: str | None = variable("LOOKALIKE_CACHE_NAME", default=None)
    cache_user: str | None = variable("LOOKALIKE_CACHE_USER", default=None)
    longest_run_s: int = variable("LOOKALIKE_LONGEST_RUN_S")


@cache
def settings() -> EmbedSettings:
    """This process's."""
    return EmbedSettings.read(os.environ)


@cache
def consumer() -> Consumer:
    """How messages of `to-embed` are worked off."""
    told, aws = settings(), Aws(settings())
    ledger = aws.ledger(told.uploads, told.photos)
    shared = open_cache(told.cache_url, aws, name=told.cache_name, user=told.cache_user)
    step = IndexPhotos(
        ledger=ledger,
        photos=aws.photos(told.bucket),
        items=aws.items(told.items, told.item_photos),
        embed=EmbedPhotos(open_embedder(told.triton, told.model), shared),
        claim=ClaimPhotos(ledger, aws.clock, timedelta(seconds=told.longest_run_s)),
        index=open_index(told.opensearch, aws),
        received=aws.queue(told.received),
        to_embed=aws.queue(told.to_embed),
        events=aws.events(told.events),
        clock=aws.clock,
    )
    return Consumer(
        read=lambda body: Reading.of([body], parse_pointer),
        correlations=lambda messages: {message.pointer: message.correlation for message in messages},
        step=step,
    )
