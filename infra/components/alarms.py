from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import pulumi
import pulumi_aws as aws

from infra.components.metric import Metric

_PERIOD_S = 60
_WHERE = "docs/runbooks"


class Runbook(StrEnum):
    """What to do when an alarm rings: a page of ``docs/runbooks`` each."""

    QUEUE_AGE = "queue-age"
    DEAD_LETTERS = "dead-letters"
    FUNCTION_ERRORS = "function-errors"
    THROTTLES = "throttles"
    SLOW = "slow"
    NO_VECTORS = "no-vectors"
    API_ERRORS = "api-errors"
    INDEX = "index"
    TRITON = "triton"
    PAGE = "page"

    def under(self, where: str) -> str:
        """The page's address."""
        return f"{where}/{self}.md"


@dataclass(frozen=True, slots=True)
class Alarms:
    """Makes alarms that tell `topic` (an SNS topic's ARN), or show in the console only.

    Each names what to do: a runbook under `runbooks`, a folder or an address.
    """

    topic: pulumi.Input[str] | None = None
    runbooks: str = _WHERE

    def above(
        self,
        name: str,
        *,
        metric: str,
        dimensions: Mapping[str, pulumi.Input[str]],
        threshold: float,
        why: str,
        runbook: Runbook,
        statistic: str = "Maximum",
        minutes: int = 1,
        parent: pulumi.Resource,
    ) -> aws.cloudwatch.MetricAlarm:
        """Alarm when `metric` (``namespace:name``) stays above `threshold` for `minutes`. No data is good news."""
        namespace, _, metric_name = metric.partition(":")
        # CloudWatch takes percentiles under another key than the five plain statistics.
        percentile = statistic if statistic.startswith("p") else None
        return aws.cloudwatch.MetricAlarm(
            name,
            namespace=namespace,
            metric_name=metric_name,
            dimensions=dimensions,
            statistic=None if percentile else statistic,
            extended_statistic=percentile,
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            period=_PERIOD_S,
            evaluation_periods=minutes,
            treat_missing_data="notBreaching",
            alarm_description=self._said(why, runbook),
            alarm_actions=self._told,
            ok_actions=self._told,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    def when(
        self,
        name: str,
        *,
        expression: str,
        of: Mapping[str, Metric],
        why: str,
        runbook: Runbook,
        period_s: int,
        periods: int,
        parent: pulumi.Resource,
    ) -> aws.cloudwatch.MetricAlarm:
        """Alarm when `expression`, over the metrics `of` these names, is above 0 in each of `periods`.

        https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
        """
        queries = [_query(short, metric, period_s) for short, metric in of.items()]
        return aws.cloudwatch.MetricAlarm(
            name,
            metric_queries=[{"id": "whole", "expression": expression, "label": name, "return_data": True}, *queries],
            comparison_operator="GreaterThanThreshold",
            threshold=0,
            evaluation_periods=periods,
            treat_missing_data="notBreaching",
            alarm_description=self._said(why, runbook),
            alarm_actions=self._told,
            ok_actions=self._told,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    def any_of(
        self,
        name: str,
        alarms: Sequence[aws.cloudwatch.MetricAlarm],
        why: str,
        runbook: Runbook,
        parent: pulumi.Resource,
    ) -> aws.cloudwatch.CompositeAlarm:
        """Alarm once while any of `alarms` does."""
        names = [pulumi.Output.concat('ALARM("', alarm.name, '")') for alarm in alarms]
        return aws.cloudwatch.CompositeAlarm(
            name,
            alarm_name=f"{pulumi.get_project()}-{pulumi.get_stack()}-{name}",
            alarm_rule=pulumi.Output.all(*names).apply(" OR ".join),
            alarm_description=self._said(why, runbook),
            alarm_actions=self._told,
            ok_actions=self._told,
            opts=pulumi.ResourceOptions(parent=parent),
        )

    @property
    def _told(self) -> list[pulumi.Input[str]]:
        return [] if self.topic is None else [self.topic]

    def _said(self, why: str, runbook: Runbook) -> str:
        return f"{why} What to do: {runbook.under(self.runbooks)}"


def _query(short: str, metric: Metric, period_s: int) -> aws.cloudwatch.MetricAlarmMetricQueryArgsDict:
    return {
        "id": short,
        "metric": {
            "namespace": metric.namespace,
            "metric_name": metric.name,
            "dimensions": metric.dimensions,
            "stat": metric.statistic,
            "period": period_s,
        },
        "return_data": False,
    }
