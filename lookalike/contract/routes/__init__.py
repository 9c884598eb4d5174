"""The routes, one noun a file."""

from typing import Final

from lookalike.contract.route import AnyRoute
from lookalike.contract.routes.health import READ_HEALTH
from lookalike.contract.routes.items import DELETE_ITEM, DELETE_PHOTO, LIST_ITEMS, PUT_ITEMS, READ_ITEM, UPDATE_ITEMS
from lookalike.contract.routes.photos import READ_THUMBNAIL
from lookalike.contract.routes.search import SEARCH
from lookalike.contract.routes.status import READ_STATUS
from lookalike.contract.routes.uploads import READ_UPLOAD, REQUEST_UPLOAD

ROUTES: Final[tuple[AnyRoute, ...]] = (
    REQUEST_UPLOAD,
    READ_UPLOAD,
    SEARCH,
    PUT_ITEMS,
    UPDATE_ITEMS,
    LIST_ITEMS,
    READ_ITEM,
    DELETE_ITEM,
    DELETE_PHOTO,
    READ_THUMBNAIL,
    READ_STATUS,
    READ_HEALTH,
)
