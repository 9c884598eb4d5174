from pydantic import Field

from infra.config.section import Section


class WebsiteConfig(Section):
    """The shopper's page: a private bucket behind CloudFront."""

    enabled: bool = Field(default=True, description="Whether there is one; a shop with pages of its own needs none.")
