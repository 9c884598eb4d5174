import ipaddress
import re
from typing import Final

import httpx

from lookalike.errors import InvalidRequestError

_LAST_PORT: Final = 65_535
_TOKEN: Final = re.compile(r"[\x21-\x7e]+")


def address_of(base_url: str) -> httpx.URL:
    """The address that an API's paths count from. Raises `InvalidRequestError` for what is none."""
    return url_of(base_url.strip().rstrip("/") + "/")


def url_of(text: str, base: httpx.URL | None = None) -> httpx.URL:
    """What `text` names, seen from `base`. Raises `InvalidRequestError` for what no HTTP request can go to."""
    try:
        url = base.join(text) if base else httpx.URL(text)
    except httpx.InvalidURL as error:
        raise InvalidRequestError("catalogue", f"{text!r:.200} is no address: {error}") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise InvalidRequestError("catalogue", f"{text!r:.200} must start with http:// or https://")
    if url.port is not None and not 0 < url.port <= _LAST_PORT:
        raise InvalidRequestError("catalogue", f"{text!r:.200} is no address: there is no such port")
    return url


def shown(url: httpx.URL) -> str:
    """An address as messages may show it: without a password."""
    return str(url.copy_with(userinfo=b""))


def authorization(url: httpx.URL, token: str | None, *, allow_insecure: bool) -> dict[str, str]:
    """The header that carries `token`, a bearer token (RFC 6750).

    Raises `InvalidRequestError` for a token that no header can carry, and where it or a password in the address would
    cross a network in the clear (RFC 6750 §5.3), unless `allow_insecure`.
    """
    secret = bool(token or url.userinfo)
    if secret and url.scheme == "http" and not allow_insecure and not _is_this_machine(url.host):
        raise InvalidRequestError(
            "catalogue",
            f"{shown(url)} is plain http, over which anybody on the way can read the token: use https, or allow it "
            "by allow_insecure=True or LOOKALIKE_ALLOW_INSECURE=1",
        )
    if not token:
        return {}
    if url.userinfo:
        raise InvalidRequestError("token", "the address has a password in it already: give one of the two")
    if not _TOKEN.fullmatch(token):
        raise InvalidRequestError("token", "must be printable ASCII without spaces")
    return {"Authorization": f"Bearer {token}"}


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")  # RFC 6761 §6.3
