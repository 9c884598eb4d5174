from dataclasses import dataclass
from typing import Any, Literal, Protocol

from opensearchpy import OpenSearch, Urllib3AWSV4SignerAuth

from lookalike.adapters.opensearch.errors import translated


class AwsCredentials(Protocol):
    """What signs: botocore's credentials, asked anew for each request, so that those that run out are replaced."""

    def get_frozen_credentials(self) -> Any:
        """Key, secret and token that belong together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsSigning:
    """Sign every request with AWS's Signature Version 4, as a domain asks of those whom IAM lets in.

    `service` is ``es`` for OpenSearch Service and ``aoss`` for its serverless collections.
    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/request-signing.html
    """

    credentials: AwsCredentials
    region: str
    service: Literal["es", "aoss"] = "es"


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to speak to OpenSearch; nothing is left to the client's defaults, which allow 10 s and three more of them.

    `url` is ``http(s)://host:port``. `timeout` is in seconds, for connecting and for each read; a search that takes
    longer is lost, not repeated. `retries` follow where a connection broke or a proxy answered 502, 503 or 504: every
    request of the adapter may be sent again. `connections` stay open between calls. `signing` is None where the server
    asks nobody who they are; one that does not check signatures takes them as well.
    """

    url: str
    timeout: float = 5.0
    retries: int = 2
    connections: int = 16
    signing: AwsSigning | None = None


def opensearch_client(settings: ClientSettings) -> OpenSearch:
    """A client, which any number of threads may share; close it when done."""
    with translated():
        return OpenSearch(
            settings.url,
            http_auth=settings.signing and _signer(settings.signing),
            timeout=settings.timeout,
            max_retries=settings.retries,
            retry_on_timeout=False,
            pool_maxsize=settings.connections,
            http_compress=False,  # vectors do not compress, and within a network it only costs time
        )


def _signer(signing: AwsSigning) -> Urllib3AWSV4SignerAuth:
    return Urllib3AWSV4SignerAuth(signing.credentials, signing.region, signing.service)
