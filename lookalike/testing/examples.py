"""Valid values of the domain, differing by a number, for tests that need some and do not care which."""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

import numpy as np

from lookalike.domain.catalogue import CatalogueId
from lookalike.domain.embedding import DIMENSIONS, Embedding, ModelVersion
from lookalike.domain.item import Item, ItemId
from lookalike.domain.label import Label
from lookalike.domain.photo import Photo, PhotoId
from lookalike.domain.upload import Upload, UploadId

SHOP: Final = CatalogueId("shop")
OTHER_SHOP: Final = CatalogueId("other-shop")
MODEL: Final = ModelVersion("embedder-000000000000-p1")
OTHER_MODEL: Final = ModelVersion("embedder-111111111111-p1")
NOON: Final = datetime(2026, 1, 31, 12, tzinfo=UTC)


def photo_id(number: int) -> PhotoId:
    """The id of the number-th photo."""
    return PhotoId(sha256(str(number).encode()).hexdigest())


def a_photo(number: int = 1) -> Photo:
    """The number-th photo."""
    look = int.from_bytes(sha256(b"look%d" % number).digest()[:8], "big")
    return Photo(photo_id(number), "image/jpeg", 1000 + number, 640, 480, look)


def upload_id(number: int) -> UploadId:
    """The id of the number-th upload."""
    return UploadId(f"upload-{number:09d}")


def an_upload(number: int = 1, catalogue: CatalogueId = SHOP, item: ItemId | None = None) -> Upload:
    """The number-th upload, requested `number` seconds after noon."""
    at = NOON + timedelta(seconds=number)
    return Upload(upload_id(number), catalogue, "image/jpeg", at, at, item)


def item_id(number: int) -> ItemId:
    """The id of the number-th item; ids stand in the order of the numbers."""
    return ItemId(f"sku-{number:06d}")


def an_item(number: int = 1, *labels: str, category: str = "dress") -> Item:
    """The number-th item, without photos."""
    return Item(item_id(number), category, f"Item {number}", frozenset(map(Label.parse, labels)))


def an_embedding(number: int = 1, model: ModelVersion = MODEL) -> Embedding:
    """The number-th embedding, in a random direction."""
    return Embedding(np.random.default_rng(number).standard_normal(DIMENSIONS).astype(np.float32), model)
