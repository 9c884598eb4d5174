from ipaddress import IPv4Network
from typing import Annotated, Literal

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


EndpointService = Annotated[str, Field(pattern=r"^[a-z0-9.\-]{1,64}$")]


class NetworkConfig(Section):
    """The VPC of each region."""

    cidr: Annotated[str, AfterValidator(_is_private_block)] = Field(
        default="10.40.0.0/16", description="Private addresses of the VPC, a block of /16 to /20."
    )
    zones: int = Field(ge=2, le=3, description="Availability zones that have subnets.")
    nat: Literal["none", "one", "per-zone"] = Field(
        description="Gateways by which machines reach the internet; one for all is cheaper, until its zone fails."
    )
    interface_endpoints: tuple[EndpointService, ...] = Field(
        max_length=40, description="AWS services reached without the internet, as in com.amazonaws.<region>.<service>."
    )
    flow_log_retention_days: LogDays = Field(description="How long the flow log is kept; a step of CloudWatch's.")
