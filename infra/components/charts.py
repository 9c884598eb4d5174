"""What the dashboard shows, from what the functions measure and what AWS measures of its own parts."""

from collections.abc import Mapping
from typing import Final

import pulumi

from infra.components.dashboard import Chart
from infra.components.lambda_function import LambdaFunction
from infra.components.metric import Metric, ours
from infra.components.work_queue import WorkQueue

_STAGES: Final = ("Decode", "Embed", "Search", "Describe", "Total")
_TRITON: Final = "Lookalike/Triton"
_HOUR_S: Final = 3600
_DAY_S: Final = 86_400


def flow_charts(
    functions: Mapping[str, LambdaFunction],
    received: WorkQueue | None,
    to_embed: WorkQueue | None,
    api: pulumi.Input[str],
) -> list[Chart]:
    """From an upload to an entry, where there are queues, and a search."""
    named = {"received": received, "to-embed": to_embed}
    queues = {name: queue for name, queue in named.items() if queue is not None}
    return [
        Chart(title="Uploads", metrics=_uploads()),
        Chart(title="Searches", metrics=[ours(f"Answers{n}xx", "search", label=f"answers {n}xx") for n in (2, 4, 5)]),
        Chart(title="API", metrics=[_of_api(api, name) for name in ("Count", "4xx", "5xx")]),
        Chart(
            title="Stages of a search, p95 in ms",
            metrics=[ours(f"Stage{stage}", "search", "p95", label=stage.lower()) for stage in _STAGES],
        ),
        Chart(
            title="Answers, p95 in ms",
            metrics=[
                _of_api(api, "Latency", "p95"),
                *(_of_function(name, functions[name], "Duration", "p95") for name in functions),
            ],
        ),
        *(_queue_charts(queues) if queues else []),
        Chart(
            title="Runs at once",
            metrics=[_of_function(name, f, "ConcurrentExecutions", "Maximum") for name, f in functions.items()],
        ),
        Chart(
            title="Errors and throttles",
            metrics=[_of_function(name, f, what) for name, f in functions.items() for what in ("Errors", "Throttles")],
        ),
        Chart(title="Cold starts", metrics=[_cold(name, f) for name, f in functions.items()]),
    ]


def _queue_charts(queues: Mapping[str, WorkQueue]) -> list[Chart]:
    workers = ("prepare", "embed")
    return [
        Chart(title="Age of the oldest message, s", metrics=[_oldest(name, queue) for name, queue in queues.items()]),
        Chart(title="Messages that wait, and dead letters", metrics=_waiting(queues)),
        Chart(title="Messages a batch", metrics=[ours("BatchSize", name, "Average") for name in workers]),
        Chart(title="Messages that have to come again", metrics=[ours("MessagesToCome", name) for name in workers]),
    ]


def index_charts(domain: pulumi.Input[str], account: pulumi.Input[str]) -> list[Chart]:
    """The vector index.

    https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-cloudwatchmetrics.html
    """

    def of(name: str, statistic: str) -> Metric:
        dimensions = {"DomainName": domain, "ClientId": account}
        return Metric(namespace="AWS/ES", name=name, dimensions=dimensions, statistic=statistic)

    return [
        Chart(title="k-NN, ms", metrics=[of("SearchLatency", "Average"), of("SearchLatency", "p95")]),
        Chart(title="k-NN searches", metrics=[of("KNNQueryRequests", "Sum")]),
        Chart(
            title="Vector index, %",
            metrics=[
                of(name, "Maximum") for name in ("KNNGraphMemoryUsagePercentage", "CPUUtilization", "JVMMemoryPressure")
            ],
        ),
    ]


def model_charts() -> list[Chart]:
    """The inference servers, by what `triton.telemetry` reads of them.

    https://github.com/triton-inference-server/server/blob/main/docs/user_guide/metrics.md
    """

    def of(name: str, statistic: str, label: str = "") -> Metric:
        return Metric(namespace=_TRITON, name=name, dimensions={"service": "triton"}, statistic=statistic, label=label)

    return [
        Chart(
            title="GPUs, 1 is busy all the time",
            metrics=[
                of("nv_gpu_utilization", "Average", "on average"),
                of("nv_gpu_utilization", "Maximum", "the busiest"),
            ],
        ),
        Chart(
            title="Photos that wait for the model",
            metrics=[of("nv_inference_pending_request_count", "Maximum", "waiting")],
        ),
        Chart(
            title="Photos a batch of the model",
            ratio=(of("nv_inference_count", "Sum"), of("nv_inference_exec_count", "Sum")),
        ),
        Chart(
            title="Time a photo waits for the model, us",
            ratio=(of("nv_inference_queue_duration_us", "Sum"), of("nv_inference_request_success", "Sum")),
        ),
    ]


def cost_charts(
    functions: Mapping[str, LambdaFunction], tables: Mapping[str, pulumi.Input[str]], bucket: pulumi.Input[str]
) -> list[Chart]:
    """What a month's bill grows with."""
    stored = [
        Metric(
            namespace="AWS/S3",
            name="BucketSizeBytes",
            dimensions={"BucketName": bucket, "StorageType": kind},
            statistic="Average",
            label=kind,
        )
        for kind in ("StandardStorage", "GlacierInstantRetrievalStorage")
    ]
    written = [
        Metric(
            namespace="AWS/DynamoDB",
            name=name,
            dimensions={"TableName": table},
            label=f"{wanted}: {name.removeprefix('Consumed').removesuffix('CapacityUnits').lower()}",
        )
        for wanted, table in tables.items()
        for name in ("ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits")
    ]
    return [
        Chart(
            title="Cost: ms of functions an hour",
            metrics=[_of_function(name, f, "Duration") for name, f in functions.items()],
            period_s=_HOUR_S,
        ),
        Chart(title="Cost: units of tables an hour", metrics=written, period_s=_HOUR_S),
        Chart(title="Cost: bytes of photos", metrics=stored, period_s=_DAY_S),
    ]


def _uploads() -> list[Metric]:
    return [
        ours("Answers2xx", "uploads", label="asked for"),
        ours("PhotoIndexed", "embed", label="indexed"),
        ours("PhotoRejected", "prepare", label="rejected"),
    ]


def _of_api(api: pulumi.Input[str], name: str, statistic: str = "Sum") -> Metric:
    dimensions = {"ApiId": api}
    return Metric(
        namespace="AWS/ApiGateway", name=name, dimensions=dimensions, statistic=statistic, label=f"API {name}"
    )


def _of_function(name: str, function: LambdaFunction, what: str, statistic: str = "Sum") -> Metric:
    dimensions = {"FunctionName": function.name}
    label = f"{name} {what.lower()}" if what in {"Errors", "Throttles"} else name
    return Metric(namespace="AWS/Lambda", name=what, dimensions=dimensions, statistic=statistic, label=label)


def _cold(name: str, function: LambdaFunction) -> Metric:
    # Powertools counts these under the function's name as well.
    metric = ours("ColdStart", name)
    return Metric(
        namespace=metric.namespace,
        name=metric.name,
        dimensions={"function_name": function.name, "service": name},
        label=name,
    )


def _oldest(name: str, queue: WorkQueue) -> Metric:
    dimensions = {"QueueName": queue.name}
    return Metric(
        namespace="AWS/SQS",
        name="ApproximateAgeOfOldestMessage",
        dimensions=dimensions,
        statistic="Maximum",
        label=name,
    )


def _waiting(queues: Mapping[str, WorkQueue]) -> list[Metric]:
    known = {name: queue.name for name, queue in queues.items()}
    known |= {f"{name} (dead)": queue.dead_letter_name for name, queue in queues.items()}
    return [
        Metric(
            namespace="AWS/SQS",
            name="ApproximateNumberOfMessagesVisible",
            dimensions={"QueueName": queue},
            statistic="Maximum",
            label=name,
        )
        for name, queue in known.items()
    ]
