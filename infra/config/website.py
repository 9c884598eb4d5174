from pydantic import Field

from infra.config.section import Section


class WebsiteConfig(Section):
    """The shopper's page: a private bucket behind CloudFront."""

    enabled: bool = Field(default=True, description="Whether there is one; a shop with pages of its own needs none.")
    firewall: bool = Field(description="Whether floods and known attacks are turned away before they reach the API.")
    requests_per_5_minutes: int = Field(
        default=2000, ge=10, le=2_000_000_000, description="Requests from one address above which it is turned away."
    )
