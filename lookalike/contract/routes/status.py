from collections.abc import Callable
from typing import Final

from lookalike.contract.models.status import StatusView
from lookalike.contract.route import Answer, Call, NoParameters, Route
from lookalike.domain.catalogue import CatalogueId, CatalogueStatus


def _read_status(service: Callable[[CatalogueId], CatalogueStatus], call: Call[NoParameters, None]) -> Answer:
    return Answer(StatusView.of(service(call.catalogue)))


READ_STATUS: Final = Route(
    name="readStatus",
    method="GET",
    path="/v1/status",
    summary="What the catalogue holds",
    service=lambda services: services.status,
    handle=_read_status,
    parameters=NoParameters,
    answer=StatusView,
)
