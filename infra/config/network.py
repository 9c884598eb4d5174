from ipaddress import IPv4Network
from typing import Annotated

from pydantic import AfterValidator, Field

from infra.config.section import Section
from infra.config.values import LogDays


def _is_private_block(value: str) -> str:
    try:
        block = IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"must be a block such as 10.40.0.0/16 ({error})") from error
    if not block.is_private or not 16 <= block.prefixlen <= 20:  # noqa: PLR2004 - the range is the sentence's
        raise ValueError("must be a private block of /16 to /20")
    return value


class NetworkConfig(Section):
    """The VPC of each region."""

    cidr: Annotated[str, AfterValidator(_is_private_block)] = Field(
        default="10.40.0.0/16", description="Private addresses of the VPC, a block of /16 to /20."
    )
    zones: int = Field(ge=2, le=3, description="Availability zones that have subnets.")
    nat: bool = Field(description="Whether private subnets reach the internet, to pull images.")
    flow_log_retention_days: LogDays = Field(description="How long the flow log is kept; a step of CloudWatch's.")
