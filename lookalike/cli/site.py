from lookalike.contract.asgi import Site
from lookalike.contract.metrics import Metrics, Reading
from lookalike.contract.page import find_page
from lookalike.contract.probes import Readiness
from lookalike.contract.services import Health, Services
from lookalike.contract.upload_endpoint import UploadDoor
from lookalike.embedded import EmbeddedCatalogue


def site_of(catalogue: EmbeddedCatalogue, token: str | None, metrics: Metrics | None = None) -> Site:
    """The HTTP site of one embedded catalogue: every route, the upload endpoint and the shopper's page.

    `metrics` count its requests, and tell of the catalogue and its queues.
    Raises `InvalidRequestError` for a token that is too short.
    """
    stores = catalogue.stores

    def health() -> Health:
        catalogue.check()
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
    if metrics is not None:
        metrics.watch(catalogue.status, _readings(catalogue))
    readiness = Readiness({"index": catalogue.check, "database": lambda: stores.index.generations(catalogue.id)})
    door = UploadDoor(stores.forms, catalogue.receive_uploads, stores.clock)
    return Site(
        services=services,
        catalogue=catalogue.id,
        token=token,
        uploads=door,
        page=find_page(),
        readiness=readiness,
        metrics=metrics,
    )


def _readings(catalogue: EmbeddedCatalogue) -> dict[str, Reading]:
    stores, memory = catalogue.stores, catalogue.memory
    return {
        "lookalike_queue_depth": Reading(
            "Uploads that wait in this process.",
            "queue",
            lambda: {"received": len(stores.received), "to_embed": len(stores.to_embed)},
        ),
        "lookalike_decode_memory_bytes": Reading(
            "Memory of all decodes together: what they hold, and the most that they may.",
            "part",
            lambda: {"taken": memory.taken, "limit": memory.most},
        ),
    }
