"""The routes, one noun a file."""

from typing import Final

from lookalike.contract.route import AnyRoute
from lookalike.contract.routes.health import READ_HEALTH
from lookalike.contract.routes.items import DELETE_ITEM, LIST_ITEMS, PUT_ITEMS, READ_ITEM
from lookalike.contract.routes.photos import READ_THUMBNAIL
from lookalike.contract.routes.search import SEARCH
from lookalike.contract.routes.status import READ_STATUS
from lookalike.contract.routes.uploads import READ_UPLOAD, REQUEST_UPLOAD

ROUTES: Final[tuple[AnyRoute, ...]] = (
    REQUEST_UPLOAD,
    READ_UPLOAD,
    SEARCH,
    PUT_ITEMS,
    LIST_ITEMS,
    READ_ITEM,
    DELETE_ITEM,
    READ_THUMBNAIL,
    READ_STATUS,
    READ_HEALTH,
)
