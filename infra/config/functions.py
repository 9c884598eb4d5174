from enum import StrEnum
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from infra.config.section import Section

VISIBILITY_FACTOR: Final = 6
"""Visibility time-out over the consumer's, so that retried batches do not overlap.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html"""
_LONGEST_VISIBILITY: Final = 43_200
_PLAIN_BATCH: Final = 10  # above it, SQS wants a batching window


Architecture = Literal["arm64", "x86_64"]


class Pace(StrEnum):
    """How fast callers move from one published version to the next."""

    AT_ONCE = "at-once"
    CANARY = "canary"
    """A tenth for five minutes, then all."""
    LINEAR = "linear"
    """A tenth more every minute."""


class FunctionConfig(Section):
    """How large one function is."""

    memory_mb: int = Field(
        default=1024, ge=128, le=10_240, description="Memory in MiB; the share of a CPU goes with it."
    )
    timeout_s: int = Field(default=15, ge=1, le=900, description="Longest run in seconds.")
    reserved_concurrency: int | None = Field(
        default=None, ge=1, le=10_000, description="Runs at once; None: the account's."
    )
    ephemeral_mb: int = Field(default=512, ge=512, le=10_240, description="Scratch disk in MiB.")
    architecture: Architecture = Field(default="arm64", description="What it is packed for: arm64 or x86_64.")
    rollout: Pace = Field(
        default=Pace.AT_ONCE, description="at-once with pulumi up; canary or linear with python -m infra.release."
    )


class PollersConfig(Section):
    """Pollers that stay with a queue, for load that rises faster than Lambda's own; they are paid by the hour.

    https://docs.aws.amazon.com/lambda/latest/api/API_ProvisionedPollerConfig.html
    """

    least: int = Field(default=2, ge=2, le=200, description="Pollers that are always there.")
    most: int = Field(default=200, ge=2, le=2000, description="Pollers at the peak.")

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.least > self.most:
            raise ValueError("least must not be above most")
        return self


class ConsumerConfig(FunctionConfig):
    """How one function takes its work from its queue."""

    timeout_s: int = Field(default=120, ge=1, le=900, description="Longest run in seconds.")
    batch_size: int = Field(default=10, ge=1, le=10_000, description="Most messages a run.")
    batch_window_s: int = Field(default=1, ge=0, le=300, description="Longest wait in seconds for a batch to fill.")
    max_concurrency: int | None = Field(
        default=50, ge=2, le=1000, description="Most runs at once that the queue starts; null with pollers."
    )
    pollers: PollersConfig | None = Field(default=None, description="Provisioned pollers, instead of max_concurrency.")
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
        if self.pollers is not None and self.max_concurrency is not None:
            raise ValueError("pollers and max_concurrency exclude each other; set max_concurrency to null")
        return self

    @model_validator(mode="after")
    def _can_start_what_it_takes(self) -> Self:
        held, started = self.reserved_concurrency, self.max_concurrency
        if held is not None and started is not None and held < started:
            # https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
            raise ValueError(f"reserved_concurrency {held} is below max_concurrency {started}: the rest is throttled")
        return self
