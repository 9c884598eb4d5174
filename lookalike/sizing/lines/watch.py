from collections.abc import Iterator

from lookalike.sizing.demand import DAYS_A_MONTH
from lookalike.sizing.line import Line, Stack

_KB_A_GB = 1e6
_STEPS = 2  # prepare and embed, which no request of the API starts


def watch(stack: Stack) -> Iterator[Line]:
    """CloudWatch, X-Ray, and the key that everything is encrypted with."""
    demand, assumed, shape = stack.demand, stack.assumed, stack.shape
    asked = demand.uploads_a_month * assumed.requests_an_upload
    asked += demand.searches_a_month * (1 + assumed.thumbnails_a_search)
    runs = asked + demand.uploads_a_month * _STEPS
    # A function's own line and, of what came over the API, the access log's.
    logs = (runs + asked) * assumed.log_kb_a_request / _KB_A_GB + shape.zones * assumed.flow_log_gb_a_zone
    kept = logs * shape.log_retention_days / DAYS_A_MONTH
    # With bucket keys and reused data keys KMS is asked for few of them.
    asked_of_kms = 0.05 * runs
    for what, quantity, key in (
        ("logs written", logs, "cloudwatch.logs"),
        (f"logs kept {shape.log_retention_days} days", kept, "cloudwatch.kept"),
        ("metrics of our own", assumed.custom_metrics, "cloudwatch.metrics"),
        ("alarms", assumed.alarms, "cloudwatch.alarms"),
        ("the alarm of alarms", 1.0, "cloudwatch.composites"),
        ("dashboards", assumed.dashboards, "cloudwatch.dashboards"),
        ("traces", runs * assumed.traced_share / 1e6, "xray.traces"),
        ("keys", assumed.keys, "kms.keys"),
        ("uses of keys", asked_of_kms / 1e4, "kms.requests"),
    ):
        yield Line(component="watch", what=what, quantity=quantity, price=stack.prices[key])
