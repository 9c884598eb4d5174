from collections.abc import Iterator

from lookalike.sizing.demand import HOURS_A_MONTH
from lookalike.sizing.line import Line, Stack

_QUEUES = 2
_LONG_POLLS_AN_HOUR = 180  # twenty seconds each


def queues(stack: Stack) -> Iterator[Line]:
    """SQS: what an upload costs, and the polls of queues that are empty."""
    polls = _QUEUES * stack.assumed.pollers * _LONG_POLLS_AN_HOUR * HOURS_A_MONTH
    messages = stack.demand.uploads_a_month * stack.assumed.queue_requests_an_upload
    for what, quantity in (("messages", messages), ("polls of empty queues", polls)):
        yield Line(component="queues", what=what, quantity=quantity / 1e6, price=stack.prices["sqs.requests"])
