from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest

from lookalike.adapters.aws.errors import translated

if TYPE_CHECKING:
    from botocore.credentials import Credentials

_VALID_S: Final = 900
_SCHEME: Final = "https://"  # what signs asks for one, and ElastiCache for none


def cache_token(credentials: "Credentials", *, region: str, cache: str, user: str) -> str:
    """What stands in a password's place when `user` logs into ElastiCache's `cache`: a signed request, made offline.

    Valid for 15 minutes, for logging in; the connection may stay for 12 hours.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth-iam.html. Raises `UnavailableError`.
    """
    request = AWSRequest("GET", f"{_SCHEME}{cache}/?{urlencode({'Action': 'connect', 'User': user})}")
    with translated():
        SigV4QueryAuth(credentials.get_frozen_credentials(), "elasticache", region, expires=_VALID_S).add_auth(request)
    return str(request.url).removeprefix(_SCHEME)
