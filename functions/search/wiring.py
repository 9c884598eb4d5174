import os
from dataclasses import dataclass
from functools import cache

from functions.aws import LIMITS, Aws
from functions.cache import open_cache
from functions.opensearch import open_index
from functions.search.tell_status import TellStatus
from functions.settings import Settings, variable
from functions.triton import open_embedder
from lookalike.contract.dispatcher import Dispatcher
from lookalike.contract.services import Health, Services
from lookalike.services.embed_photos import EmbedPhotos
from lookalike.services.find_similar import FindSimilar
from lookalike.services.resolve_subject import ResolveSubject


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchSettings(Settings):
    """What `search` is told."""

    bucket: str = variable("LOOKALIKE_PHOTO_BUCKET")
    uploads: str = variable("LOOKALIKE_UPLOADS_TABLE")
    photos: str = variable("LOOKALIKE_PHOTOS_TABLE")
    items: str = variable("LOOKALIKE_ITEMS_TABLE")
    item_photos: str = variable("LOOKALIKE_ITEM_PHOTOS_TABLE")
    opensearch: str = variable("LOOKALIKE_OPENSEARCH_ENDPOINT")
    triton: str = variable("LOOKALIKE_TRITON_ENDPOINT")
    model: str = variable("LOOKALIKE_MODEL_NAME")
    cache_url: str | None = variable("LOOKALIKE_CACHE_URL", default=None)
    cache_name: str | None = variable("LOOKALIKE_CACHE_NAME", default=None)
    cache_user: str | None = variable("LOOKALIKE_CACHE_USER", default=None)
    claim: str = variable("LOOKALIKE_CATALOGUE_CLAIM")


@cache
def settings() -> SearchSettings:
    """This process's."""
    return SearchSettings.read(os.environ)


@cache
def dispatcher() -> Dispatcher:
    """The routes that `search` answers, over their services."""
    told, aws = settings(), Aws(settings())
    ledger, photos = aws.ledger(told.uploads, told.photos), aws.photos(told.bucket)
    items, index = aws.items(told.items, told.item_photos), open_index(told.opensearch, aws)
    embedder = open_embedder(told.triton, told.model)
    shared = open_cache(told.cache_url, aws, name=told.cache_name, user=told.cache_user)
    embed = EmbedPhotos(embedder, shared)
    resolve = ResolveSubject(ledger, photos, items, index, embed, LIMITS)
    return Dispatcher(
        Services(
            find_similar=FindSimilar(resolve, index, items, ledger),
            items=items,
            photos=photos,
            status=TellStatus(ledger, items, index),
            health=lambda: Health(embedder.facts.version, None),
        )
    )
