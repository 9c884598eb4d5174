from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.statement import Conditions, Statement, document

_KINDS: Final = {
    "slow-searches": "SEARCH_SLOW_LOGS",
    "slow-writes": "INDEX_SLOW_LOGS",
    "application": "ES_APPLICATION_LOGS",
    "audit": "AUDIT_LOGS",
}


class IndexLogs(pulumi.ComponentResource):
    """What an OpenSearch domain tells of: slow requests, its own errors, and who was let in; encrypted."""

    policy: aws.cloudwatch.LogResourcePolicy
    """What lets OpenSearch write; a domain has to wait for it."""
    options: list[aws.opensearch.DomainLogPublishingOptionArgsDict]

    def __init__(
        self,
        name: str,
        *,
        account: pulumi.Input[str],
        key: DataKey,
        retention_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lookalike:components:IndexLogs", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        groups = {
            kind: aws.cloudwatch.LogGroup(
                f"{name}-{what}", retention_in_days=retention_days, kms_key_id=key.arn, opts=child
            )
            for what, kind in _KINDS.items()
        }
        # https://docs.aws.amazon.com/opensearch-service/latest/developerguide/createdomain-configure-slow-logs.html
        ours: Conditions = {"StringEquals": {"aws:SourceAccount": account}}
        written = Statement(
            ("logs:CreateLogStream", "logs:PutLogEvents", "logs:PutLogEventsBatch"),
            tuple(pulumi.Output.concat(group.arn, ":*") for group in groups.values()),
            principals={"Service": "es.amazonaws.com"},
            conditions=ours,
        )
        self.policy = aws.cloudwatch.LogResourcePolicy(
            name, policy_name=groups["AUDIT_LOGS"].name, policy_document=document(written), opts=child
        )
        self.options = [
            {"log_type": kind, "cloudwatch_log_group_arn": group.arn, "enabled": True} for kind, group in groups.items()
        ]
        self.register_outputs({})
