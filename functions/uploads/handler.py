from typing import Any

from functions.gateway import answer
from functions.runtime import Event, observed
from functions.uploads.wiring import dispatcher, settings


@observed
def handler(event: Event, context: Any) -> dict[str, Any]:
    """Answer one request of the API."""
    del context
    return answer(dispatcher(), event, settings().claim)
