import ast
import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from functions.counted_events import event_metric
from functions.runtime import stage_metric
from infra.components.alarm_topic import AlarmTopic, AlarmTopicArgs
from infra.components.alarms import Alarms, Runbook
from infra.components.budget import Budget, BudgetArgs
from infra.components.metric import OURS
from infra.components.observability import IndexWatched, Observability, ObservabilityArgs
from infra.components.triton import telemetry
from infra.components.triton.names import MEASURED_AS
from infra.components.triton.names import NAME as TRITON
from infra.rehearsal.plan import Plan
from infra.rehearsal.policy import allows
from lookalike.ports.event_log import EventKind
from tests.infra.parts import (
    ACCOUNT,
    REGION,
    TOPIC,
    a_function,
    a_key,
    a_queue,
    alarms_of,
    an_api,
    shown_in_preview,
    sketched,
    the,
)

ROOT: Final = Path(__file__).parents[2]
PAGER: Final = f"arn:aws:sns:{REGION}:{ACCOUNT}:pager"
NAMES: Final = ("uploads", "search", "prepare", "embed")
PUBLISHED: Final = {
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    "AWS/Lambda": {"Errors", "Throttles", "Duration", "Invocations", "ConcurrentExecutions"},
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    "AWS/SQS": {"ApproximateAgeOfOldestMessage", "ApproximateNumberOfMessagesVisible", "NumberOfMessagesSent"},
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-metrics.html
    "AWS/ApiGateway": {"Count", "4xx", "5xx", "Latency", "IntegrationLatency"},
    # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/managedomains-cloudwatchmetrics.html
    "AWS/ES": {
        "ClusterStatus.red",
        "KNNGraphMemoryUsagePercentage",
        "KNNQueryRequests",
        "SearchLatency",
        "CPUUtilization",
        "JVMMemoryPressure",
    },
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/metrics-dimensions.html
    "AWS/DynamoDB": {"ConsumedReadCapacityUnits", "ConsumedWriteCapacityUnits"},
    # https://docs.aws.amazon.com/AmazonS3/latest/userguide/metrics-dimensions.html
    "AWS/S3": {"BucketSizeBytes"},
}
"""What AWS measures of its own services, as far as anything here looks at it."""


def program(*, bare: bool = False) -> None:
    key = a_key()
    functions = {name: a_function(key, name) for name in NAMES}
    args = ObservabilityArgs(
        region=REGION,
        functions=functions,
        received=a_queue(key, "received"),
        to_embed=a_queue(key, "to-embed"),
        api=an_api(key, functions["search"]),
        tables={"items": "catalogue-items"},
        photo_bucket="photos",
        index=None if bare else IndexWatched(domain="vectors", account=ACCOUNT),
        cluster=None if bare else "gpus",
        alarms=Alarms(TOPIC),
        pager=Alarms(PAGER),
    )
    Observability("watch", args)


@cache
def plan(*, bare: bool = False) -> Plan:
    return sketched(lambda: program(bare=bare))


def body(*, bare: bool = False) -> dict[str, Any]:
    (found,) = plan(bare=bare).of("aws:cloudwatch/dashboard:Dashboard")
    written: dict[str, Any] = json.loads(found.inputs["dashboardBody"])
    return written


def charted() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for widget in body()["widgets"]:
        lines = [line for line in widget["properties"].get("metrics", []) if "expression" not in line[0]]
        for namespace, name, *rest in lines:
            yield namespace, name, dict(zip(rest[:-1:2], rest[1:-1:2], strict=True))


def alarmed() -> Iterator[tuple[str, str, Mapping[str, str]]]:
    for alarm in plan().of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        if "metricName" in alarm.inputs:
            yield alarm.inputs["namespace"], alarm.inputs["metricName"], alarm.inputs["dimensions"]
        for query in alarm.inputs.get("metricQueries", []):
            if asked := query.get("metric"):
                yield asked["namespace"], asked["metricName"], asked["dimensions"]


def calls(folder: str, *names: str) -> Iterator[ast.expr]:
    """The first arguments of calls of these functions or methods."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = getattr(node, "func", None)
            if isinstance(node, ast.Call) and node.args and getattr(called, "attr", getattr(called, "id", "")) in names:
                yield node.args[0]


def emitted() -> set[str]:
    """What the functions' code measures: named outright, by an answer's class, by kind of event, by stage."""
    counted = list(calls("functions", "count", "measure"))
    plain = {argument.value for argument in counted if isinstance(argument, ast.Constant)}
    assert any(ast.unparse(a) == "f'Answers{response.status // 100}xx'" for a in counted)
    stages = {a.value for a in calls("lookalike", "stage") if isinstance(a, ast.Constant)} | {"total"}
    classes = {f"Answers{n}xx" for n in (2, 3, 4, 5)}
    kinds = {event_metric(kind) for kind in EventKind}
    cold = {"ColdStart"} if "capture_cold_start_metric=True" in (ROOT / "functions/runtime.py").read_text() else set()
    return plain | classes | kinds | {stage_metric(stage) for stage in stages} | cold


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(program)


def test_every_metric_is_one_that_something_emits() -> None:
    looked_at = [*charted(), *alarmed()]
    assert len(looked_at) > 60
    known = PUBLISHED | {OURS: emitted(), MEASURED_AS: set(telemetry.MEASURED)}
    assert {(space, name) for space, name, _ in looked_at if name not in known[space]} == set()


def test_what_no_code_measures_would_be_found() -> None:
    assert {"BatchSize", "MessagesDone", "PhotoIndexed", "StageEmbed", "StageTotal", "ColdStart"} <= emitted()
    assert not {"PhotoEmbedded", "StageKnn", "Answers1xx"} & emitted()


def test_the_functions_metrics_are_looked_for_where_powertools_puts_them() -> None:
    seen = [dimensions for space, _, dimensions in [*charted(), *alarmed()] if space == OURS]
    assert seen
    for dimensions in seen:
        assert dimensions["service"] in NAMES
        assert set(dimensions) <= {"service", "function_name"}


def test_the_models_metrics_are_looked_for_where_its_telemetry_puts_them() -> None:
    seen = [dimensions for space, _, dimensions in charted() if space == MEASURED_AS]
    assert len(seen) > 5
    assert all(dimensions == {"service": TRITON} for dimensions in seen)
    (batch,) = [w for w in body()["widgets"] if w["properties"].get("title") == "Photos a batch of the model"]
    above, below, shown = batch["properties"]["metrics"]
    assert shown[0]["expression"] == "above / below"
    assert [(line[1], line[-1]["id"]) for line in (above, below)] == [
        ("nv_inference_count", "above"),
        ("nv_inference_exec_count", "below"),
    ]


def test_the_dashboard_shows_what_there_is_to_see() -> None:
    titles = {widget["properties"].get("title") for widget in body()["widgets"]}
    wanted = ("Uploads", "Stages of a search", "Age of the oldest", "Messages a batch", "GPUs", "k-NN", "Cost")
    for what in wanted:
        assert any(title and title.startswith(what) for title in titles), what
    bare = {widget["properties"].get("title") for widget in body(bare=True)["widgets"]}
    assert not any(title and title.startswith(("GPUs", "k-NN")) for title in bare)
    assert len({str(w["properties"].get("title")) for w in body()["widgets"]}) == len(body()["widgets"])


def test_the_dashboard_shows_every_alarm() -> None:
    (shown,) = [widget for widget in body()["widgets"] if widget["type"] == "alarm"]
    arns = {alarm.attributes["arn"] for alarm in plan().of("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert set(shown["properties"]["alarms"]) == arns


def test_an_alarm_rings_when_photos_come_and_no_vectors() -> None:
    alarm = plan().one("aws:cloudwatch/metricAlarm:MetricAlarm", "watch-no-vectors").inputs
    whole, photos, vectors = alarm["metricQueries"]
    assert whole["expression"] == "IF(FILL(photos, 0) > 0 AND FILL(vectors, 0) == 0, 1, 0)"
    assert [query["returnData"] for query in alarm["metricQueries"]] == [True, False, False]
    queue = plan().one("aws:sqs/queue:Queue", "to-embed").attributes["name"]
    assert (photos["id"], photos["metric"]["metricName"]) == ("photos", "NumberOfMessagesSent")
    assert photos["metric"]["dimensions"] == {"QueueName": queue}
    assert (vectors["id"], vectors["metric"]["metricName"]) == ("vectors", event_metric(EventKind.PHOTO_INDEXED))
    assert vectors["metric"]["dimensions"] == {"service": "embed"}
    assert (alarm["threshold"], alarm["comparisonOperator"]) == (0, "GreaterThanThreshold")
    assert (alarm["evaluationPeriods"], photos["metric"]["period"], photos["metric"]["stat"]) == (3, 300, "Sum")
    assert alarm["alarmActions"] == [TOPIC]


def test_an_alarm_rings_when_photos_wait_for_the_model_without_a_pause() -> None:
    alarm = plan().one("aws:cloudwatch/metricAlarm:MetricAlarm", "watch-model-waits").inputs
    assert (alarm["namespace"], alarm["metricName"]) == (MEASURED_AS, "nv_inference_pending_request_count")
    assert (alarm["statistic"], alarm["threshold"], alarm["evaluationPeriods"]) == ("Minimum", 0, 10)
    assert alarm["alarmActions"] == [TOPIC]
    names = {alarm.name for alarm in plan(bare=True).of("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert "watch-model-waits" not in names


def test_every_alarm_says_what_to_do() -> None:
    pages = {f"docs/runbooks/{runbook}.md" for runbook in Runbook}
    found = list(alarms_of(plan()))
    assert len(found) > 15
    for alarm in found:
        assert re.findall(r"docs/runbooks/\S+", alarm.inputs["alarmDescription"])[0] in pages, alarm.name


@pytest.mark.parametrize("runbook", Runbook)
def test_what_to_do_is_written_down(runbook: Runbook) -> None:
    assert (ROOT / runbook.under("docs/runbooks")).is_file()


def test_runbooks_can_live_elsewhere() -> None:
    assert Runbook.PAGE.under("https://wiki.shop.example/on-call") == "https://wiki.shop.example/on-call/page.md"


def test_somebody_is_woken_for_what_shoppers_notice() -> None:
    page = the(plan(), "aws:cloudwatch/compositeAlarm:CompositeAlarm").inputs
    names = {alarm.attributes["name"]: alarm.name for alarm in plan().of("aws:cloudwatch/metricAlarm:MetricAlarm")}
    rings_for = {names[name] for name in re.findall(r'ALARM\("([^"]+)"\)', page["alarmRule"])}
    assert rings_for == {
        "watch-no-vectors",
        "watch-index-red",
        "watch-index-memory",
        "received-age",
        "to-embed-age",
        "api-5xx",
    }
    assert page["alarmRule"].count(" OR ") == len(rings_for) - 1
    assert page["alarmActions"] == [PAGER]


def test_traces_of_what_fails_or_is_slow_are_grouped() -> None:
    group = the(plan(), "aws:xray/group:Group").inputs
    assert group["filterExpression"] == "error OR fault OR responsetime > 1"
    assert len(group["groupName"]) <= 32
    assert group["insightsConfiguration"]["insightsEnabled"] is True


def a_topic() -> None:
    AlarmTopic("alarms", AlarmTopicArgs(key=a_key(), account=ACCOUNT, emails=("ops@shop.example",)))


def test_alarms_and_budgets_of_this_account_may_tell_and_nobody_else() -> None:
    told = sketched(a_topic)
    topic = the(told, "aws:sns/topic:Topic")
    assert topic.inputs["kmsMasterKeyId"] == the(told, "aws:kms/key:Key").attributes["arn"]
    policy = json.loads(the(told, "aws:sns/topicPolicy:TopicPolicy").inputs["policy"])
    ours = {"aws:SourceAccount": ACCOUNT, "aws:SecureTransport": "true"}
    for service in ("cloudwatch.amazonaws.com", "budgets.amazonaws.com"):
        arn = topic.attributes["arn"]
        assert allows([policy], "sns:Publish", arn, service=service, context=ours)
        assert not allows([policy], "sns:Publish", arn, service=service, context=ours | {"aws:SourceAccount": "9"})
        assert not allows(
            [policy], "sns:Publish", arn, service=service, context=ours | {"aws:SecureTransport": "false"}
        )
    email = the(told, "aws:sns/topicSubscription:TopicSubscription").inputs
    assert (email["protocol"], email["endpoint"]) == ("email", "ops@shop.example")


def test_a_budget_tells_before_it_is_spent() -> None:
    made = sketched(
        lambda: Budget("month", BudgetArgs(monthly_usd=500, topic=TOPIC, email="cfo@shop.example")) and None
    )
    budget = the(made, "aws:budgets/budget:Budget").inputs
    assert (budget["limitAmount"], budget["limitUnit"], budget["timeUnit"]) == ("500", "USD", "MONTHLY")
    told = [(n["notificationType"], n["threshold"]) for n in budget["notifications"]]
    assert told == [("ACTUAL", 80), ("ACTUAL", 100), ("FORECASTED", 100)]
    for notification in budget["notifications"]:
        assert notification["subscriberSnsTopicArns"] == [TOPIC]
        assert notification["subscriberEmailAddresses"] == ["cfo@shop.example"]
    assert "costFilters" not in budget


def test_a_budget_that_nobody_hears_of_is_none() -> None:
    with pytest.raises(ValueError, match="needs a topic or an e-mail address"):
        Budget("month", BudgetArgs(monthly_usd=500))
