"""Functions that misbehave, for tests of what runs functions. The rehearsal runs them in processes of their own."""

import os
import time
from typing import Any

Event = dict[str, Any]


def echo(event: Event, context: Any) -> Any:
    """What it was given, and where it ran."""
    return {
        "event": event,
        "pid": os.getpid(),
        "environment": dict(os.environ),
        "left_ms": context.get_remaining_time_in_millis(),
        "arn": context.invoked_function_arn,
    }


def sleep(event: Event, context: Any) -> None:
    """Takes as many seconds as it is told."""
    del context
    time.sleep(event["seconds"])


def crash(event: Event, context: Any) -> None:
    """Dies without a word."""
    del event, context
    os._exit(9)


def fail(event: Event, context: Any) -> None:
    """Raises."""
    del context
    raise ValueError(event["why"])


def first_of_batch_fails(event: Event, context: Any) -> Any:
    """Answers for all messages but the first."""
    del context
    return {"batchItemFailures": [{"itemIdentifier": event["Records"][0]["messageId"]}]}
