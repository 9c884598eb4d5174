import json
import time
import urllib.request
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from infra.rehearsal.registry import Authoriser

_ALGORITHMS: Final = ["RS256"]  # API Gateway takes the RSA family; tokens of "none" or of a shared secret, never


class NotAuthorisedError(Exception):
    """The token does not do; the message says why, and is for the log alone."""


@dataclass(slots=True)
class JwtAuthoriser:
    """Checks tokens as an HTTP API's JWT authoriser does.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html: signed by a key that the
    issuer publishes, `iss` and `aud` (or `client_id`) as configured, `exp` to come, `nbf` and `iat` past.
    """

    spec: Authoriser
    _keys: KeySet | None = None
    _lock: Lock = field(default_factory=Lock)

    def __call__(self, authorization: str) -> dict[str, Any]:
        """The claims of the token in this header. Raises `NotAuthorisedError`."""
        token = authorization.removeprefix("Bearer ").strip()
        if not token:
            raise NotAuthorisedError("no token")
        try:
            claims = jwt.decode(token, self._published(), algorithms=_ALGORITHMS).claims
        except (JoseError, ValueError) as error:
            raise NotAuthorisedError(f"not a token of the issuer's: {error}") from error
        for wrong, why in self._faults(claims):
            if wrong:
                raise NotAuthorisedError(why)
        return dict(claims)

    def _faults(self, claims: dict[str, Any]) -> list[tuple[bool, str]]:
        now = time.time()
        audience = claims.get("aud", claims.get("client_id"))
        audiences = audience if isinstance(audience, list) else [audience]
        return [
            (claims.get("iss") != self.spec.issuer, "another issuer"),
            (not set(audiences) & set(self.spec.audiences), "made out for another audience"),
            (not _number(claims.get("exp"), 0) > now, "expired"),
            (_number(claims.get("nbf"), now) > now, "not valid yet"),
            (_number(claims.get("iat"), now) > now, "issued in the future"),
        ]

    def _published(self) -> KeySet:
        with self._lock:
            if self._keys is None:
                found = _fetch(f"{self.spec.issuer.rstrip('/')}/.well-known/openid-configuration")
                self._keys = KeySet.import_key_set(_fetch(found["jwks_uri"]))
            return self._keys


def _fetch(url: str) -> Any:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - the configured issuer's
        return json.load(answer)


def _number(value: Any, otherwise: float) -> float:
    return float(value) if isinstance(value, int | float) else otherwise
