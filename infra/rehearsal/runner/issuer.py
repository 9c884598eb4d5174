import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.wrappers import Request, Response

from infra.rehearsal.runner.listener import listening

_HOUR: Final = 3600
_BITS: Final = 2048


class Issuer:
    """Who vouches for callers: publishes its key, and makes tokens for whoever asks in this process."""

    def __init__(self) -> None:
        self.url = ""
        self.audience = "lookalike"
        self._key = new_key("first")

    def token(self, catalogue: str | None, *, key: RSAKey | None = None, **changes: Any) -> str:
        """A token for this catalogue, for an hour; `changes` replace claims, and None takes one out."""
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": self.audience,
            "sub": "shop",
            "iat": now - 1,
            "nbf": now - 1,
            "exp": now + _HOUR,
            "catalogue": catalogue,
        } | changes
        signer = key or self._key
        header = {"alg": "RS256", "kid": self._key.kid}
        return jwt.encode(header, {name: value for name, value in claims.items() if value is not None}, signer)

    def serve(self, request: Request) -> Response:
        """OpenID Connect's discovery document, and the keys that it names."""
        if request.path == "/.well-known/openid-configuration":
            return _json({"issuer": self.url, "jwks_uri": f"{self.url}keys"})
        if request.path == "/keys":
            return _json(KeySet([self._key]).as_dict(private=False))
        return Response(status=404)


@contextmanager
def issuing() -> Iterator[Issuer]:
    """An issuer that can be asked for its keys, with a key pair of its own, for the length of the block."""
    issuer = Issuer()
    with listening(Request.application(issuer.serve), "issuer") as address:
        issuer.url = f"http://{address}/"
        yield issuer


def new_key(name: str) -> RSAKey:
    """A key pair; `name` becomes its kid."""
    return RSAKey.generate_key(_BITS, {"kid": name, "use": "sig", "alg": "RS256"})


def _json(document: Any) -> Response:
    return Response(json.dumps(document), content_type="application/json")
