from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

import boto3
from botocore.config import Config

from lookalike.adapters.aws.errors import translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient

CONNECTIONS: Final = 32
"""Connections a client keeps; twice `lookalike.adapters.aws.parallel.WORKERS`: two calls fit beside each other."""


@dataclass(frozen=True, slots=True)
class ClientSettings:
    """How to speak to AWS. Nothing is left to botocore's defaults, which wait for minutes; times are in seconds.

    `endpoint_url` is set where an emulator answers. `retries` come after the first attempt, in botocore's standard
    mode: exponential back-off with jitter, and a quota that stops them when nearly all calls fail.
    """

    region: str
    endpoint_url: str | None = None
    connect_timeout: float = 1.0
    read_timeout: float = 5.0
    retries: int = 3
    connections: int = CONNECTIONS


def s3_client(settings: ClientSettings, session: boto3.Session | None = None) -> "S3Client":
    """A client of S3; forms are signed with version 4."""
    with translated():
        return _session(session).client(
            "s3", region_name=settings.region, endpoint_url=settings.endpoint_url, config=_s3_config(settings)
        )


def dynamodb_client(settings: ClientSettings, session: boto3.Session | None = None) -> "DynamoDBClient":
    """A client of DynamoDB."""
    with translated():
        return _session(session).client(
            "dynamodb", region_name=settings.region, endpoint_url=settings.endpoint_url, config=_config(settings)
        )


def sqs_client(settings: ClientSettings, session: boto3.Session | None = None) -> "SQSClient":
    """A client of SQS."""
    with translated():
        return _session(session).client(
            "sqs", region_name=settings.region, endpoint_url=settings.endpoint_url, config=_config(settings)
        )


def _session(session: boto3.Session | None) -> boto3.Session:
    # Not boto3's global one, whose making is not safe in threads.
    return session or boto3.Session()


def _config(settings: ClientSettings) -> Config:
    return Config(
        retries={"mode": "standard", "total_max_attempts": settings.retries + 1},
        connect_timeout=settings.connect_timeout,
        read_timeout=settings.read_timeout,
        max_pool_connections=settings.connections,
        tcp_keepalive=True,
    )


def _s3_config(settings: ClientSettings) -> Config:
    # Virtual-hosted on AWS: with botocore's "auto", forms name the global endpoint, which redirects those of young
    # buckets to their region, and browsers do not follow that with a form. Emulators have no host a bucket.
    style: Literal["virtual", "path"] = "virtual" if settings.endpoint_url is None else "path"
    return _config(settings).merge(Config(signature_version="s3v4", s3={"addressing_style": style}))
