"""Kinds of values that several sections take."""

from ipaddress import IPv4Network, ip_address
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

LOG_STEPS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288)
"""Retentions that CloudWatch Logs knows, in days.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def _secure_url(value: str) -> str:
    parts = urlsplit(value)
    secure = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(parts.hostname))
    if not secure or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("must be an https:// address (http:// is for loopback only)")
    return value


def _origin(value: str) -> str:
    if urlsplit(_secure_url(value)).path:
        raise ValueError("must be an origin: scheme and host, no path and no slash at the end")
    return value


def _is_loopback(host: str | None) -> bool:
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def _log_step(days: int) -> int:
    if days not in LOG_STEPS:
        raise ValueError(f"must be one of {', '.join(map(str, LOG_STEPS))}")
    return days


_WIDEST_ADMIN: Final = 16


def admin_cidr(value: str) -> str:
    """`value`, a block of addresses that administrators come from. Raises `ValueError` for one that is too wide."""
    try:
        block = IPv4Network(value)
    except ValueError as error:
        raise ValueError(f"must be a block such as 203.0.113.7/32 ({error})") from error
    if block.prefixlen < _WIDEST_ADMIN:
        raise ValueError(f"must be the addresses of an office or a VPN, /{_WIDEST_ADMIN} or smaller, not the internet")
    return value


SecureUrl = Annotated[str, AfterValidator(_secure_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Endpoint = Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-]+:[0-9]{1,5}$")]
Days = Annotated[int, Field(ge=1, le=3650)]
LogDays = Annotated[int, AfterValidator(_log_step)]
RegionName = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$")]
HostName = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9\-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$")]
ImageDigest = Annotated[str, Field(pattern=r"^[a-z0-9.\-/:_]+@sha256:[0-9a-f]{64}$")]
InstanceType = Annotated[str, Field(pattern=r"^[a-z0-9\-]+\.[a-z0-9\-]+$")]
CatalogueName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9\-]{0,62}$")]
AdminCidr = Annotated[str, AfterValidator(admin_cidr)]
PrincipalArn = Annotated[str, Field(pattern=r"^arn:aws[a-z\-]*:iam::[0-9]{12}:(role|user)/.+$")]
