"""Called by the deployment, once for each role that asks the index: OpenSearch's own access control knows no other way.

An event says ``{"endpoint": "https://…", "role": "search", "access": "search", "backend_role": "arn:aws:iam::…"}``.
"""

from typing import Any

from functions.index_access.wiring import open_domain
from functions.runtime import Event, observed
from lookalike.adapters.opensearch.access import KINDS, allow, audit


@observed
def handler(event: Event, context: Any) -> dict[str, Any]:
    """Allow one role what the event says; a deployment that is repeated changes nothing."""
    del context
    client, access = open_domain(event["endpoint"]), KINDS[event["access"]]
    allow(client, access, role=event["role"], backend_role=event["backend_role"])
    audit(client)
    return {"role": event["role"]}
