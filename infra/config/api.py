from typing import Self

from pydantic import Field, model_validator

from infra.config.section import Section
from infra.config.values import CatalogueName, HostName, SecureUrl


class ApiConfig(Section):
    """The HTTP API: whose tokens it takes, and how many requests."""

    issuer: SecureUrl | None = Field(
        default=None, description="The shop's own OpenID Connect issuer; null: a user pool is made."
    )
    audiences: tuple[str, ...] = Field(
        default=(), max_length=20, description="For whom the issuer's tokens must be made out; needs issuer."
    )
    catalogue_claim: str = Field(
        default="catalogue", pattern=r"^[A-Za-z0-9_:/.\-]{1,128}$", description="Claim with the shop."
    )
    throttle_rate: float = Field(gt=0, le=10_000, description="Requests a second, lasting.")
    throttle_burst: int = Field(ge=1, le=5000, description="Requests at once.")
    upload_rate: float = Field(default=300.0, gt=0, le=10_000, description="Upload forms a second, lasting.")
    upload_burst: int = Field(default=600, ge=1, le=5000, description="Upload forms at once.")
    catalogues: tuple[CatalogueName, ...] = Field(
        default=("shop",), min_length=1, max_length=100, description="Catalogues with a client in the user pool."
    )

    @model_validator(mode="after")
    def _knows_whom_it_trusts(self) -> Self:
        if (self.issuer is None) != (not self.audiences):
            raise ValueError("issuer and audiences go together: set both, or neither for a user pool made here")
        return self


class DomainConfig(Section):
    """Names of the shop's own; several regions need them, as one name has to lead to the nearest."""

    zone_id: str = Field(pattern=r"^Z[A-Z0-9]{5,32}$", description="The hosted zone in Route 53 that holds the names.")
    api: HostName = Field(description="Where the API answers, e.g. search.shop.example.")
    website: HostName | None = Field(default=None, description="Where the page answers; null: CloudFront's own name.")
