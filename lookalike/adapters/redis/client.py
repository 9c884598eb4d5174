from collections.abc import Callable
from dataclasses import dataclass

from redis import Redis
from redis.backoff import NoBackoff
from redis.credentials import CredentialProvider
from redis.exceptions import ConnectionError as BrokenError
from redis.retry import Retry

from lookalike.errors import InvalidRequestError

Credentials = Callable[[], tuple[str, str]]
"""Gives user and password anew for each connection, so that a password may be a token that soon expires."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to speak to the cache; what it saves is an inference, so that it is not worth waiting for.

    `url` is ``rediss://host:port``, over TLS with the host's certificate checked, or ``redis://…`` without. Seconds:
    `connect_timeout` for a connection and each step of logging in, `timeout` for each read. A connection that turns
    out to be broken, as after a function slept, is replaced once.
    """

    url: str
    connect_timeout: float = 0.5
    timeout: float = 0.2
    connections: int = 16
    credentials: Credentials | None = None


def redis_client(settings: ClientSettings) -> Redis:
    """A client, which any number of threads may share; close it when done. Connects when it is first asked.

    Raises `InvalidRequestError` for an address that is none.
    """
    given = settings.credentials
    try:
        return Redis.from_url(
            settings.url,
            credential_provider=None if given is None else _Asking(given),
            socket_connect_timeout=settings.connect_timeout,
            socket_timeout=settings.timeout,
            max_connections=settings.connections,
            retry=Retry(NoBackoff(), 1, supported_errors=(BrokenError,)),
            protocol=2,  # plain answers, and nothing that servers of 2021 do not know
            driver_info=None,  # what the client calls itself is one more round trip, and one more thing to permit
        )
    except ValueError as error:
        raise InvalidRequestError("url", f"{settings.url!r:.80} is no address of a cache") from error


class _Asking(CredentialProvider):
    def __init__(self, ask: Credentials) -> None:
        self._ask = ask

    def get_credentials(self) -> tuple[str, str]:
        return self._ask()
