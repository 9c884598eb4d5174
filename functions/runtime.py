"""What all functions share: their logger, tracer and metrics, made at the first event."""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics, Tracer
from aws_lambda_powertools.logging.utils import copy_config_to_registered_loggers
from aws_lambda_powertools.metrics import MetricUnit

Event = dict[str, Any]
Handler = Callable[[Event, Any], Any]


@cache
def logger() -> Logger:
    """Writes JSON lines with the request's id; what the services log goes the same way, under the same keys."""
    made = Logger()
    logging.getLogger("lookalike")  # so that it is registered
    copy_config_to_registered_loggers(made, include={"lookalike"})
    return made


@cache
def metrics() -> Metrics:
    """Counts, written into the log in CloudWatch's embedded format."""
    return Metrics()


def count(name: str, how_many: int = 1) -> None:
    """Add to one of the function's counts."""
    metrics().add_metric(name=name, unit=MetricUnit.Count, value=how_many)


def measure(name: str, value: float, unit: MetricUnit = MetricUnit.Count) -> None:
    """Note one more value of what is looked at by its average and its percentiles."""
    metrics().add_metric(name=name, unit=unit, value=value)


def stage_metric(stage: str) -> str:
    """The metric of how long a stage of an answer took, in milliseconds: ``embed`` is ``StageEmbed``."""
    return f"Stage{stage.capitalize()}"


def observed(handler: Handler) -> Handler:
    """`handler` with a log line's context, a trace and metrics; nothing of an event or an answer is written."""

    @cache
    def whole() -> Handler:
        # X-Ray follows botocore alone: patching whatever is installed would import it first.
        tracer = Tracer(patch_modules=["botocore"])
        traced = tracer.capture_lambda_handler(handler, capture_response=False, capture_error=True)
        counted = metrics().log_metrics(traced, capture_cold_start_metric=True)
        return logger().inject_lambda_context(counted, clear_state=True)

    @wraps(handler)
    def first(event: Event, context: Any) -> Any:
        return whole()(event, context)

    return first
