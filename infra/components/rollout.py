from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypedDict

import pulumi
import pulumi_aws as aws

from infra.components.statement import Conditions, Statement, document
from infra.config.functions import Pace

_STEPS: Final = {
    Pace.CANARY: "CodeDeployDefault.LambdaCanary10Percent5Minutes",
    Pace.LINEAR: "CodeDeployDefault.LambdaLinear10PercentEvery1Minute",
}
"""https://docs.aws.amazon.com/codedeploy/latest/userguide/deployment-configurations.html"""


class Release(TypedDict):
    """What `infra.release` needs to move a function's callers; without a group, they have moved already."""

    function: pulumi.Input[str]
    alias: pulumi.Input[str]
    version: pulumi.Input[str]
    application: pulumi.Input[str] | None
    group: pulumi.Input[str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutArgs:
    """`pace` is not `AT_ONCE`; one of `alarms` ringing takes callers of `function` back to where they were."""

    pace: Pace
    function: aws.lambda_.Function
    alarms: Sequence[aws.cloudwatch.MetricAlarm]


class Rollout(pulumi.ComponentResource):
    """Where CodeDeploy moves one function's callers step by step, and back when an alarm rings.

    Pulumi publishes versions and cannot wait for traffic; CodeDeploy can. So the alias belongs to CodeDeploy once it
    is made, and `python -m infra.release` starts a deployment after `pulumi up` (docs/adr/0008-gradual-rollout.md).
    """

    application: pulumi.Output[str]
    group: pulumi.Output[str]

    def __init__(self, name: str, args: RolloutArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:Rollout", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = self._role(f"{name}-rollout", args)
        application = aws.codedeploy.Application(name, compute_platform="Lambda", opts=child)
        group = aws.codedeploy.DeploymentGroup(
            name,
            app_name=application.name,
            deployment_group_name=name,
            deployment_config_name=_STEPS[args.pace],
            service_role_arn=role.arn,
            deployment_style={"deployment_option": "WITH_TRAFFIC_CONTROL", "deployment_type": "BLUE_GREEN"},
            alarm_configuration={"enabled": True, "alarms": [alarm.name for alarm in args.alarms]},
            auto_rollback_configuration={
                "enabled": True,
                "events": ["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM"],
            },
            opts=child,
        )
        self.application, self.group = application.name, group.deployment_group_name
        self.register_outputs({"application": self.application, "group": self.group})

    def _role(self, name: str, args: RolloutArgs) -> aws.iam.Role:
        child = pulumi.ResourceOptions(parent=self)
        ours: Conditions = {"StringEquals": {"aws:SourceAccount": args.function.arn.apply(_account)}}
        service = {"Service": "codedeploy.amazonaws.com"}
        by_codedeploy = Statement(("sts:AssumeRole",), (), principals=service, conditions=ours)
        role = aws.iam.Role(name, assume_role_policy=document(by_codedeploy), opts=child)
        arn = args.function.arn
        move = ("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias")
        moves = Statement(move, (arn, pulumi.Output.concat(arn, ":*")))
        watches = Statement(("cloudwatch:DescribeAlarms",), tuple(alarm.arn for alarm in args.alarms))
        aws.iam.RolePolicy(name, role=role.name, policy=document(moves, watches), opts=child)
        return role


def _account(arn: str) -> str:
    return arn.split(":")[4]
