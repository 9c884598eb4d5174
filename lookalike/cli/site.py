from lookalike.contract.asgi import Site
from lookalike.contract.page import find_page
from lookalike.contract.services import Health, Services
from lookalike.contract.upload_endpoint import UploadDoor
from lookalike.embedded import EmbeddedCatalogue


def site_of(catalogue: EmbeddedCatalogue, token: str | None) -> Site:
    """The HTTP site of one embedded catalogue: every route, the upload door and the shopper's page.

    Raises `InvalidRequestError` for a token that is too short.
    """
    stores = catalogue.stores

    def health() -> Health:
        live = (one.number for one in stores.index.generations(catalogue.id) if one.live)
        return Health(catalogue.embed.embedder.facts.version, next(live, None))

    services = Services(
        request_upload=catalogue.request_upload,
        find_similar=catalogue.find_similar,
        put_items=catalogue.put_items_service,
        update_items=catalogue.update_items_service,
        remove_items=catalogue.remove_items_service,
        remove_photos=catalogue.remove_photos_service,
        ledger=stores.ledger,
        items=stores.items,
        photos=stores.photos,
        status=lambda _: catalogue.status(),
        health=health,
    )
    door = UploadDoor(stores.forms, catalogue.receive_uploads, stores.clock)
    return Site(services=services, catalogue=catalogue.id, token=token, uploads=door, page=find_page())
