import pulumi
import pulumi_aws as aws

from infra.components.data_key import DataKey
from infra.components.statement import Conditions, Statement, document

_AGGREGATION_S = 60


class FlowLog(pulumi.ComponentResource):
    """Who spoke with whom in a network, minute by minute, accepted or refused; encrypted, and kept for a while."""

    def __init__(
        self,
        name: str,
        *,
        vpc_id: pulumi.Input[str],
        key: DataKey,
        retention_days: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("lookalike:components:FlowLog", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        log = aws.cloudwatch.LogGroup(name, retention_in_days=retention_days, kms_key_id=key.arn, opts=child)
        role = aws.iam.Role(name, assume_role_policy=document(_assumed_by_flow_logs(self)), opts=child)
        writing = aws.iam.RolePolicy(name, role=role.name, policy=document(*_writing(log)), opts=child)
        aws.ec2.FlowLog(
            name,
            vpc_id=vpc_id,
            traffic_type="ALL",
            max_aggregation_interval=_AGGREGATION_S,
            log_destination=log.arn,
            iam_role_arn=role.arn,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[writing]),
        )
        self.register_outputs({})


def _assumed_by_flow_logs(parent: pulumi.Resource) -> Statement:
    # Held to this account, so that nobody else's flow logs are written under our role.
    account = aws.get_caller_identity_output(opts=pulumi.InvokeOptions(parent=parent)).account_id
    ours: Conditions = {"StringEquals": {"aws:SourceAccount": account}}
    service = {"Service": "vpc-flow-logs.amazonaws.com"}
    return Statement(("sts:AssumeRole",), (), principals=service, conditions=ours)


def _writing(log: aws.cloudwatch.LogGroup) -> tuple[Statement, Statement]:
    # https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html, held to this one group; but a list of
    # groups is of all or of none.
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return Statement(actions, (pulumi.Output.concat(log.arn, ":*"),)), Statement(("logs:DescribeLogGroups",), ("*",))
