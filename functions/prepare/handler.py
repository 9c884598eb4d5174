from typing import Any

from functions.batch import work_off
from functions.prepare.wiring import consumer
from functions.runtime import Event, observed


@observed
def handler(event: Event, context: Any) -> Any:
    """Work off one batch of messages."""
    return work_off(event, context, consumer())
