from collections.abc import Sequence
from dataclasses import dataclass

import pulumi


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """Whose tokens are accepted, for whom they must be made out, and the claim that names the catalogue."""

    url: pulumi.Input[str]
    audiences: Sequence[pulumi.Input[str]]
    claim: str
