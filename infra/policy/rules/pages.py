"""Browsers are told to let nobody else into the shop's pages."""

from collections.abc import Iterator, Mapping
from typing import Final

from infra.policy.rule import AnyRule, Rule
from infra.policy.subject import Inputs, look

_POLICY: Final = "aws:cloudfront/responseHeadersPolicy:ResponseHeadersPolicy"
_YEAR_S: Final = 31_536_000
_SAID: Final[Mapping[str, str]] = {
    "contentSecurityPolicy": "contentSecurityPolicy",
    "contentTypeOptions": "override",
    "frameOptions": "frameOption",
    "referrerPolicy": "referrerPolicy",
    "strictTransportSecurity": "accessControlMaxAgeSec",
}
"""Headers, and which input has what each says.
https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html"""


def _headers(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind != _POLICY:
        return
    headers = inputs.get("securityHeadersConfig") or {}
    for header, what in _SAID.items():
        if not look(headers, f"{header}.{what}"):
            yield f"does not say {header}"
        if look(headers, f"{header}.override") is not True:
            yield f"lets an origin say another {header}"
    if "*" in str(look(headers, "contentSecurityPolicy.contentSecurityPolicy")):
        yield "lets pages load from anywhere"
    secure = headers.get("strictTransportSecurity") or {}
    if (secure.get("accessControlMaxAgeSec") or 0) < _YEAR_S or secure.get("includeSubdomains") is not True:
        yield "does not hold browsers to TLS for a year"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="pages-are-guarded", says="Browsers are told whom pages may speak with.", check=_headers),
)
