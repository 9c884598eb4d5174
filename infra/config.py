"""Every key that a stack can set, with its unit, range and default; a wrong one fails the preview with a sentence."""

import difflib
import json
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

PROJECT: Final = "lookalike"
VISIBILITY_FACTOR: Final = 6
"""Visibility time-out over the consumer's, so that retried batches do not overlap.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
_LONGEST_VISIBILITY: Final = 43_200
_PLAIN_BATCH: Final = 10  # above it, SQS wants a batching window


class ConfigError(Exception):
    """The stack's configuration cannot be used; the message names each key and says what it should be."""


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


SecureUrl = Annotated[str, AfterValidator(_secure_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Endpoint = Annotated[str, Field(pattern=r"^[A-Za-z0-9.\-]+:[0-9]{1,5}$")]
Days = Annotated[int, Field(ge=1, le=3650)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FunctionConfig(_Section):
    """How large one function is."""

    memory_mb: int = Field(
        default=1024, ge=128, le=10_240, description="Memory in MiB; the share of a CPU goes with it."
    )
    timeout_s: int = Field(default=15, ge=1, le=900, description="Longest run in seconds.")
    reserved_concurrency: int | None = Field(
        default=None, ge=1, le=10_000, description="Runs at once; None: the account's."
    )


class ConsumerConfig(FunctionConfig):
    """How one function takes its work from its queue."""

    timeout_s: int = Field(default=120, ge=1, le=900, description="Longest run in seconds.")
    batch_size: int = Field(default=10, ge=1, le=10_000, description="Most messages a run.")
    batch_window_s: int = Field(default=1, ge=0, le=300, description="Longest wait in seconds for a batch to fill.")
    max_concurrency: int = Field(default=50, ge=2, le=1000, description="Most runs at once that the queue starts.")
    max_receives: int = Field(
        default=5, ge=1, le=1000, description="Tries before a message goes to the dead-letter queue."
    )

    @property
    def visibility_s(self) -> int:
        """Seconds a message is hidden while it is worked on."""
        return VISIBILITY_FACTOR * self.timeout_s

    @model_validator(mode="after")
    def _fits_sqs(self) -> Self:
        if self.batch_size > _PLAIN_BATCH and self.batch_window_s < 1:
            raise ValueError(f"batch_size above {_PLAIN_BATCH} needs a batch_window_s of at least 1")
        if self.visibility_s > _LONGEST_VISIBILITY:
            raise ValueError(f"timeout_s x {VISIBILITY_FACTOR} must stay within {_LONGEST_VISIBILITY} s")
        return self


class StackConfig(_Section):
    """All keys of a stack, each `lookalike:<name>`."""

    opensearch_endpoint: SecureUrl = Field(description="Where the vector index answers.")
    triton_endpoint: Endpoint = Field(description="host:port of Triton's gRPC service.")
    jwt_issuer: SecureUrl = Field(description="Whose tokens are accepted (OpenID Connect issuer).")
    jwt_audiences: tuple[str, ...] = Field(min_length=1, max_length=20, description="For whom tokens must be made out.")
    catalogue_claim: str = Field(
        default="catalogue", pattern=r"^[A-Za-z0-9_:/.\-]{1,128}$", description="Claim with the shop."
    )
    web_origins: tuple[Origin, ...] = Field(
        default=(), max_length=20, description="Sites whose pages may call; no wildcard."
    )

    model_name: str = Field(
        default="embedder", pattern=r"^[A-Za-z0-9_\-]{1,64}$", description="The model's name in Triton."
    )
    model_input_size: int = Field(default=224, ge=32, le=1024, description="Side of the model's input in pixels.")

    uploads: FunctionConfig = FunctionConfig()
    search: FunctionConfig = FunctionConfig(memory_mb=1769)
    prepare: ConsumerConfig = ConsumerConfig(memory_mb=1769)
    embed: ConsumerConfig = ConsumerConfig(batch_size=64, max_concurrency=8)
    functions_folder: str = Field(default="build/functions", min_length=1, description="Holds <function>.zip of each.")

    archive_after_days: Days = Field(default=30, description="Age at which originals move to the archive.")
    noncurrent_days: Days = Field(default=30, description="How long replaced and deleted objects can be brought back.")
    log_retention_days: int = Field(default=30, description="How long logs are kept; one of CloudWatch's steps.")
    throttle_rate: float = Field(default=100.0, gt=0, le=10_000, description="API requests a second, lasting.")
    throttle_burst: int = Field(default=200, ge=1, le=5000, description="API requests at once.")
    queue_age_alarm_s: int = Field(default=600, ge=60, le=86_400, description="Age of the oldest message that alarms.")
    alarm_topic_arn: str | None = Field(
        default=None, pattern=r"^arn:aws[a-z\-]*:sns:.+$", description="Who hears of alarms."
    )
    log_level: str = Field(
        default="INFO", pattern="^(DEBUG|INFO|WARNING|ERROR)$", description="Least level that is logged."
    )
    protect: bool = Field(default=True, description="Whether stores refuse to be deleted.")
    tags: dict[str, str] = Field(default_factory=dict, max_length=40, description="Put on every resource.")

    @model_validator(mode="after")
    def _is_log_step(self) -> Self:
        if self.log_retention_days not in LOG_STEPS:
            raise ValueError(f"log_retention_days must be one of {', '.join(map(str, LOG_STEPS))}")
        return self


LOG_STEPS: Final = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288)
"""Retentions that CloudWatch Logs knows, in days.
https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""


def read_config(values: Mapping[str, Any]) -> StackConfig:
    """The configuration in `values`, keyed `<namespace>:<name>` as Pulumi keeps it; lists and sections may be JSON.

    Raises `ConfigError`, which names every wrong key.
    """
    mine = {key.removeprefix(f"{PROJECT}:"): _decoded(v) for key, v in values.items() if key.startswith(f"{PROJECT}:")}
    try:
        return StackConfig.model_validate(mine)
    except ValidationError as error:
        raise ConfigError("; ".join(_sentence(problem) for problem in error.errors())) from error


def _decoded(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(("[", "{")):
        try:
            return json.loads(value)
        except json.JSONDecodeError:
            return value
    return value


def _sentence(problem: ErrorDetails) -> str:
    path = [str(part) for part in problem["loc"]]
    key = f"{PROJECT}:{'.'.join(path)}" if path else PROJECT
    if problem["type"] == "extra_forbidden":
        section = StackConfig.model_fields.get(path[0]) if len(path) > 1 else None
        known = section.annotation.model_fields if section and section.annotation else StackConfig.model_fields
        near = difflib.get_close_matches(path[-1], list(known), n=1)
        return f"there is no key {key}" + (f"; is {'.'.join([*path[:-1], near[0]])} meant?" if near else "")
    if problem["type"] == "missing":
        return f"{key} must be set"
    said = problem["msg"].removeprefix("Value error, ")
    return f"{key}: {said[0].lower()}{said[1:]}, not {problem['input']!r}" if path else f"{key}: {said}"
