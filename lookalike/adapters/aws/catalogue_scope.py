"""How a token of Cognito's names its catalogue: by an OAuth scope, which the shop's client was given and no other.

What Cognito puts into a token for a machine is its client's scopes; claims of one's own would need a function in the
way of every token (docs/adr/0009-a-catalogue-is-a-scope.md).
https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html
"""

from typing import Final

from lookalike.domain.catalogue import CatalogueId
from lookalike.errors import InvalidRequestError

CLAIM: Final = "scope"
"""Where a token holds its scopes, with blanks between."""
RESOURCE_SERVER: Final = "catalogue"
_PREFIX: Final = f"{RESOURCE_SERVER}/"


def catalogue_named(claim: str, value: str) -> CatalogueId:
    """The catalogue that a verified claim names: among scopes by the one that is ``catalogue/<id>``, else by itself.

    Raises `InvalidRequestError` where it names none, or several.
    """
    if claim != CLAIM:
        return CatalogueId(value)
    # Only as a scope of the resource server: else "openid" would be a catalogue.
    named = {scope.removeprefix(_PREFIX) for scope in value.split() if scope.startswith(_PREFIX)}
    if len(named) != 1:
        raise InvalidRequestError(CLAIM, f"names {len(named)} catalogues, not one")
    return CatalogueId(named.pop())
