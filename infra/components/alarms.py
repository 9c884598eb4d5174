from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

_PERIOD_S = 60


@dataclass(frozen=True, slots=True)
class Alarms:
    """Makes alarms that tell `topic` (an SNS topic's ARN), or show in the console only."""

    topic: str | None = None

    def above(
        self,
        name: str,
        *,
        metric: str,
        dimensions: Mapping[str, pulumi.Input[str]],
        threshold: float,
        statistic: str = "Maximum",
        minutes: int = 1,
        parent: pulumi.Resource,
    ) -> aws.cloudwatch.MetricAlarm:
        """Alarm when `metric` (``namespace:name``) stays above `threshold` for `minutes`. No data is good news."""
        namespace, _, metric_name = metric.partition(":")
        told = [self.topic] if self.topic else []
        return aws.cloudwatch.MetricAlarm(
            name,
            namespace=namespace,
            metric_name=metric_name,
            dimensions=dimensions,
            statistic=statistic,
            comparison_operator="GreaterThanThreshold",
            threshold=threshold,
            period=_PERIOD_S,
            evaluation_periods=minutes,
            treat_missing_data="notBreaching",
            alarm_actions=told,
            ok_actions=told,
            opts=pulumi.ResourceOptions(parent=parent),
        )
