from collections.abc import Callable
from typing import Final

from lookalike.contract.models.status import HealthView
from lookalike.contract.route import Answer, Call, NoParameters, Route
from lookalike.contract.services import Health


def _read_health(service: Callable[[], Health], call: Call[NoParameters, None]) -> Answer:
    del call
    health = service()
    return Answer(HealthView(model=health.model, generation=health.generation))


READ_HEALTH: Final = Route(
    name="readHealth",
    method="GET",
    path="/v1/health",
    summary="Whether the service answers; anybody may ask",
    service=lambda services: services.health,
    handle=_read_health,
    parameters=NoParameters,
    answer=HealthView,
    public=True,
    always=True,
)
