from dataclasses import dataclass
from typing import Final

from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.errors import translated
from lookalike.adapters.opensearch.mapping import IndexLayout


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexAccess:
    """What one kind of caller does with the indexes of a layout, said twice.

    `requests` are HTTP methods and what follows the index in the path, as AWS's IAM tells requests apart; to IAM an
    index stands for all that is below it. `cluster` and `actions` are OpenSearch's own names, which are narrower.
    https://docs.opensearch.org/latest/security/access-control/permissions/
    """

    name: str
    requests: tuple[tuple[str, str], ...]
    cluster: tuple[str, ...]
    actions: tuple[str, ...]


SEARCH: Final = IndexAccess(
    name="search",
    requests=(("GET", ""), ("POST", "/_count"), ("POST", "/_msearch")),
    cluster=("indices:data/read/msearch",),
    actions=("indices:admin/get", "indices:admin/mappings/get", "indices:data/read/search"),
)
WRITE: Final = IndexAccess(
    name="write",
    requests=(*SEARCH.requests, ("PUT", ""), ("POST", "/_bulk"), ("POST", "/_refresh")),
    cluster=(*SEARCH.cluster, "indices:data/write/bulk"),
    actions=(
        *SEARCH.actions,
        *("indices:admin/create", "indices:admin/aliases", "indices:admin/refresh*"),
        *("indices:data/write/bulk*", "indices:data/write/index"),
        *("indices:data/write/update", "indices:data/write/delete"),
    ),
)
KINDS: Final = {access.name: access for access in (SEARCH, WRITE)}


def allow(
    client: OpenSearch, access: IndexAccess, *, role: str, backend_role: str, layout: IndexLayout | None = None
) -> None:
    """Let those who come as `backend_role` (on AWS an IAM role's ARN) do what `access` says, and nobody else by `role`.

    Doing it again changes nothing. Raises `UnavailableError` and `OverloadedError`.
    """
    pattern = f"{(layout or IndexLayout()).prefix}_*"
    allowed = {"index_patterns": [pattern], "allowed_actions": list(access.actions)}
    with translated():
        client.security.create_role(
            role=role, body={"cluster_permissions": list(access.cluster), "index_permissions": [allowed]}
        )
        client.security.create_role_mapping(role=role, body={"backend_roles": [backend_role]})


def audit(client: OpenSearch) -> None:
    """Have those written down who are turned away; without the bodies of requests, which hold what shoppers look for.

    OpenSearch Service publishes nothing until it is told so here as well:
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/audit-logs.html. Raises as `allow` does.
    """
    wanted = {"/config/enabled": True, "/config/audit/log_request_body": False}
    changes = [{"op": "replace", "path": path, "value": value} for path, value in wanted.items()]
    with translated():
        client.security.patch_audit_configuration(body=changes)
