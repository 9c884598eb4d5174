from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.alarms import Alarms, Runbook
from infra.components.charts import cost_charts, flow_charts, index_charts, model_charts
from infra.components.dashboard import dashboard_body
from infra.components.lambda_function import LambdaFunction
from infra.components.metric import Metric, ours
from infra.components.search_api import SearchApi
from infra.components.triton.names import MEASURED_AS
from infra.components.triton.names import NAME as TRITON
from infra.components.work_queue import WorkQueue

_QUARTER_S: Final = 300
_QUARTERS: Final = 3
_ALMOST_FULL: Final = 80
_SLOW_S: Final = 1
_PATIENT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexWatched:
    """A vector index by its `domain`'s name; AWS counts its metrics under the owner's `account`."""

    domain: pulumi.Input[str]
    account: pulumi.Input[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservabilityArgs:
    """What one `region` has: `functions` by the names they measure under, the queues, the API, the stores.

    Queues, `index` and `cluster` (that Triton runs in, by name) are None where there is none. `alarms` tells whoever
    looks at it in the morning, `pager` whoever is woken.
    """

    region: str
    functions: Mapping[str, LambdaFunction]
    received: WorkQueue | None
    to_embed: WorkQueue | None
    api: SearchApi
    tables: Mapping[str, pulumi.Input[str]]
    photo_bucket: pulumi.Input[str]
    index: IndexWatched | None
    cluster: pulumi.Input[str] | None
    alarms: Alarms
    pager: Alarms


class Observability(pulumi.ComponentResource):
    """One look at a region: a dashboard, alarms on what no part sees by itself, and traces of what fails or is slow.

    How many runs are traced is Lambda's own choice, one a second and a twentieth of the rest, so there is no sampling
    rule. https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    """

    alarms: tuple[aws.cloudwatch.MetricAlarm, ...]
    """All of the region's."""

    def __init__(self, name: str, args: ObservabilityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Observability", name, None, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        urgent = [*self._no_vectors(args), *self._index(args)]
        queues = [queue for queue in (args.received, args.to_embed) if queue is not None]
        parts = [*(alarm for queue in queues for alarm in queue.alarms), *args.api.alarms]
        parts += self._model(args)
        self.alarms = (*urgent, *parts, *(alarm for f in args.functions.values() for alarm in f.alarms))
        args.pager.any_of(
            name,
            [*urgent, *(queue.alarms[0] for queue in queues), args.api.alarms[0]],
            why="Shoppers notice: nothing new is found, or searches fail.",
            runbook=Runbook.PAGE,
            parent=self,
        )
        self._show(args)
        self._trace()
        self.register_outputs({})

    def _no_vectors(self, args: ObservabilityArgs) -> list[aws.cloudwatch.MetricAlarm]:
        if args.to_embed is None:
            return []
        # Of what is handed on, not of what is uploaded: photos that shoppers search with are never indexed. Of what
        # was written, not of messages done: one that is sent back is done, too.
        handed_on = Metric(
            namespace="AWS/SQS", name="NumberOfMessagesSent", dimensions={"QueueName": args.to_embed.name}
        )
        silent = args.alarms.when(
            f"{self._name}-no-vectors",
            expression="IF(FILL(photos, 0) > 0 AND FILL(vectors, 0) == 0, 1, 0)",
            of={"photos": handed_on, "vectors": ours("PhotoIndexed", "embed")},
            why="Photos are handed on to be embedded, and for a quarter of an hour not one vector has been written.",
            runbook=Runbook.NO_VECTORS,
            period_s=_QUARTER_S,
            periods=_QUARTERS,
            parent=self,
        )
        return [silent]

    def _index(self, args: ObservabilityArgs) -> list[aws.cloudwatch.MetricAlarm]:
        if args.index is None:
            return []
        dimensions = {"DomainName": args.index.domain, "ClientId": args.index.account}
        red = args.alarms.above(
            f"{self._name}-index-red",
            metric="AWS/ES:ClusterStatus.red",
            dimensions=dimensions,
            threshold=0,
            why="A part of the vector index is nowhere: what was in it is not found.",
            runbook=Runbook.INDEX,
            parent=self,
        )
        full = args.alarms.above(
            f"{self._name}-index-memory",
            metric="AWS/ES:KNNGraphMemoryUsagePercentage",
            dimensions=dimensions,
            threshold=_ALMOST_FULL,
            minutes=15,
            why=f"Vectors take more than {_ALMOST_FULL} % of their memory: beyond all of it, searches read disks.",
            runbook=Runbook.INDEX,
            parent=self,
        )
        return [red, full]

    def _model(self, args: ObservabilityArgs) -> list[aws.cloudwatch.MetricAlarm]:
        if args.cluster is None:
            return []
        # The least of each minute: a queue that empties now and then is one that keeps up.
        waiting = args.alarms.above(
            f"{self._name}-model-waits",
            metric=f"{MEASURED_AS}:nv_inference_pending_request_count",
            dimensions={"service": TRITON},
            statistic="Minimum",
            threshold=0,
            minutes=_PATIENT,
            why=f"Photos have waited for the model for {_PATIENT} minutes on end: more servers should have come.",
            runbook=Runbook.TRITON,
            parent=self,
        )
        return [waiting]

    def _show(self, args: ObservabilityArgs) -> None:
        charts = [*flow_charts(args.functions, args.received, args.to_embed, args.api.id)]
        if args.index is not None:
            charts += index_charts(args.index.domain, args.index.account)
        if args.cluster is not None:
            charts += model_charts()
        charts += cost_charts(args.functions, args.tables, args.photo_bucket)
        text = f"**Lookalike, {args.region}.** What an alarm means and what to do is in its description."
        aws.cloudwatch.Dashboard(
            self._name,
            dashboard_name=self._unique(),
            dashboard_body=dashboard_body(args.region, text, [alarm.arn for alarm in self.alarms], charts),
            opts=self._child,
        )

    def _trace(self) -> None:
        aws.xray.Group(
            self._name,
            group_name=self._unique()[:32],  # the longest that X-Ray takes
            filter_expression=f"error OR fault OR responsetime > {_SLOW_S}",
            insights_configuration={"insights_enabled": True, "notifications_enabled": False},
            opts=self._child,
        )

    def _unique(self) -> str:
        return f"{pulumi.get_project()}-{pulumi.get_stack()}-{self._name}"
