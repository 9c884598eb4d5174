from dataclasses import dataclass
from typing import Any

from opensearchpy import OpenSearch

from lookalike.adapters.opensearch.errors import translated


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to speak to OpenSearch; nothing is left to the client's defaults, which allow 10 s and three more of them.

    `url` is ``http(s)://host:port``. `timeout` is in seconds, for connecting and for each read; a search that takes
    longer is lost, not repeated. `retries` follow where a connection broke or a proxy answered 502, 503 or 504: every
    request of the adapter may be sent again. `connections` stay open between calls.
    """

    url: str
    timeout: float = 5.0
    retries: int = 2
    connections: int = 16


def opensearch_client(settings: ClientSettings, http_auth: Any = None) -> OpenSearch:
    """A client, which any number of threads may share; close it when done.

    `http_auth` is what opensearch-py takes: a pair of name and password, or on AWS its `Urllib3AWSV4SignerAuth`.
    """
    with translated():
        return OpenSearch(
            settings.url,
            http_auth=http_auth,
            timeout=settings.timeout,
            max_retries=settings.retries,
            retry_on_timeout=False,
            pool_maxsize=settings.connections,
            http_compress=False,  # vectors do not compress, and within a network it only costs time
        )
