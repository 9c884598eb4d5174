from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.alarms import Alarms, Runbook
from infra.components.data_key import DataKey
from infra.components.execution_role import ExecutionRole
from infra.components.network import Network
from infra.components.rollout import Release, Rollout, RolloutArgs
from infra.components.statement import Statement
from infra.components.work_queue import WorkQueue
from infra.config import ConsumerConfig, FunctionConfig, PollersConfig
from infra.config.functions import Pace

RUNTIME: Final = "python3.12"
ALIAS: Final = "live"
_NEAR_TIMEOUT: Final = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunctionArgs:
    """`handler` is ``module.function`` inside `package`, the path of a zip made for `size.architecture`.

    `environment`, encrypted with `key` as the log is, is all it is told. With a `network` it runs in its private
    subnets, in a security group of its own; without, it reaches AWS's public endpoints alone.
    """

    handler: str
    package: str
    size: FunctionConfig
    environment: Mapping[str, pulumi.Input[str]]
    key: DataKey
    log_retention_days: int
    alarms: Alarms
    network: Network | None = None


class LambdaFunction(pulumi.ComponentResource):
    """A function with a role of its own, its log, traces, alarms, and the alias `live` that everybody calls it by.

    What it may do beyond writing its log and traces is granted to `role` by the components it works with. Nobody
    calls it asynchronously (the API waits for it, queues keep their messages until it is done), so it has no
    dead-letter queue of its own.
    """

    name: pulumi.Output[str]
    role: ExecutionRole
    security_group: aws.ec2.SecurityGroup | None
    """For others to let in; None outside a network."""
    alarms: tuple[aws.cloudwatch.MetricAlarm, ...]
    release: Release
    """How `infra.release` finds what to move."""

    def __init__(self, name: str, args: LambdaFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:LambdaFunction", name, None, opts)
        self._logical_name, self._alarms = name, args.alarms
        self._child = pulumi.ResourceOptions(parent=self)
        self.role = ExecutionRole(name, opts=self._child)
        log = aws.cloudwatch.LogGroup(
            name, retention_in_days=args.log_retention_days, kms_key_id=args.key.arn, opts=self._child
        )
        self._allow_telling(log)
        self.security_group = self._join(args.network, log)
        self._function = self._make(args, log)
        self.name = self._function.name
        if args.network is not None:
            self._keep_from_code(self._function)
        self._alias = self._publish(args.size.rollout)
        self.alarms = tuple(self._watch(args.size))
        self.release = self._release(args.size.rollout)
        self.register_outputs({"name": self.name})

    def consume(self, queue: WorkQueue, how: ConsumerConfig) -> None:
        """Run for batches of `queue`'s messages; those that it reports as failed come again, and only those."""
        queue.allow_consume(self.role)
        aws.lambda_.EventSourceMapping(
            self._logical_name,
            event_source_arn=queue.arn,
            function_name=self._alias.arn,
            batch_size=how.batch_size,
            maximum_batching_window_in_seconds=how.batch_window_s,
            # Never both: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
            scaling_config={"maximum_concurrency": how.max_concurrency} if how.max_concurrency else None,
            provisioned_poller_config=_pollers(how.pollers) if how.pollers else None,
            function_response_types=["ReportBatchItemFailures"],
            # AWS tries the role against the queue when the mapping is made.
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.role.grants)),
        )

    def serve(self, api: aws.apigatewayv2.Api) -> aws.apigatewayv2.Integration:
        """Let `api` call this function, and give what its routes point at."""
        aws.lambda_.Permission(
            self._logical_name,
            action="lambda:InvokeFunction",
            function=self._function.name,
            qualifier=self._alias.name,
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
            opts=self._child,
        )
        return aws.apigatewayv2.Integration(
            self._logical_name,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=self._alias.invoke_arn,
            payload_format_version="2.0",
            opts=self._child,
        )

    def _allow_telling(self, log: aws.cloudwatch.LogGroup) -> None:
        write = Statement(("logs:CreateLogStream", "logs:PutLogEvents"), (pulumi.Output.concat(log.arn, ":*"),))
        # X-Ray knows no resource to name.
        trace = Statement(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",))
        self.role.grant("tells", write, trace)

    def _join(self, network: Network | None, log: aws.cloudwatch.LogGroup) -> aws.ec2.SecurityGroup | None:
        self._network = network
        if network is None:
            return None
        self.role.grant("joins-network", *_joining(log))
        return network.security_group(self._logical_name, f"Function {self._logical_name}", parent=self)

    def _keep_from_code(self, function: aws.lambda_.Function) -> None:
        # The role's network permissions are for Lambda, which acts under it; the code in it has no business there.
        # https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
        by_code = {"ArnEquals": {"lambda:SourceFunctionArn": function.arn}}
        self.role.grant("not-by-code", Statement((*_FIND, *_MANAGE), ("*",), "Deny", conditions=by_code))

    def _make(self, args: LambdaFunctionArgs, log: aws.cloudwatch.LogGroup) -> aws.lambda_.Function:
        return aws.lambda_.Function(
            self._logical_name,
            runtime=RUNTIME,
            architectures=[args.size.architecture],
            handler=args.handler,
            code=pulumi.FileArchive(args.package),
            publish=True,
            role=self.role.arn,
            memory_size=args.size.memory_mb,
            timeout=args.size.timeout_s,
            ephemeral_storage={"size": args.size.ephemeral_mb},
            # -1 is AWS's word for "no more and no less than the account has".
            reserved_concurrent_executions=args.size.reserved_concurrency or -1,
            environment={"variables": {str(name): value for name, value in args.environment.items()}},
            kms_key_arn=args.key.arn,
            vpc_config=self._place(),
            # Lambda lets go of its interfaces only after the better part of an hour, and a group in use stays.
            replace_security_groups_on_destroy=self.security_group is not None or None,
            logging_config={"log_format": "JSON", "log_group": log.name},
            tracing_config={"mode": "Active"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.role.grants)),
        )

    def _place(self) -> aws.lambda_.FunctionVpcConfigArgsDict | None:
        if self._network is None or self.security_group is None:
            return None
        return {
            "subnet_ids": list(self._network.private_subnet_ids),
            "security_group_ids": [self.security_group.id],
        }

    def _publish(self, pace: Pace) -> aws.lambda_.Alias:
        theirs = None if pace is Pace.AT_ONCE else ["functionVersion", "routingConfig"]
        return aws.lambda_.Alias(
            self._logical_name,
            name=ALIAS,
            function_name=self._function.name,
            function_version=self._function.version,
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=theirs),
        )

    def _release(self, pace: Pace) -> Release:
        rollout = None
        if pace is not Pace.AT_ONCE:
            args = RolloutArgs(pace=pace, function=self._function, alarms=self.alarms)
            rollout = Rollout(self._logical_name, args, opts=self._child)
        return {
            "function": self.name,
            "alias": self._alias.name,
            "version": self._function.version,
            "application": rollout.application if rollout else None,
            "group": rollout.group if rollout else None,
        }

    def _watch(self, size: FunctionConfig) -> list[aws.cloudwatch.MetricAlarm]:
        name, dimensions = self._logical_name, {"FunctionName": self._function.name}
        counts = {"Errors": Runbook.FUNCTION_ERRORS, "Throttles": Runbook.THROTTLES}
        counted = [
            self._alarms.above(
                f"{name}-{what.lower()}",
                metric=f"AWS/Lambda:{what}",
                dimensions=dimensions,
                statistic="Sum",
                threshold=0,
                minutes=3,
                why=f"Function {name}: {what.lower()} for three minutes.",
                runbook=runbook,
                parent=self,
            )
            for what, runbook in counts.items()
        ]
        slow = self._alarms.above(
            f"{name}-duration",
            metric="AWS/Lambda:Duration",
            dimensions=dimensions,
            statistic="p99",
            threshold=_NEAR_TIMEOUT * size.timeout_s * 1000,
            minutes=5,
            why=f"Function {name}: one run in a hundred comes near its time-out of {size.timeout_s} s.",
            runbook=Runbook.SLOW,
            parent=self,
        )
        return [*counted, slow]


def _pollers(how: PollersConfig) -> aws.lambda_.EventSourceMappingProvisionedPollerConfigArgsDict:
    return {"minimum_pollers": how.least, "maximum_pollers": how.most}


_FIND: Final = ("ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
_MANAGE: Final = (
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:UnassignPrivateIpAddresses",
)


def _joining(log: aws.cloudwatch.LogGroup) -> tuple[Statement, Statement]:
    """What Lambda does under a function's role to put it into a network.

    Describing knows no resource; of the rest Lambda wants all of the account's in the region, or it reaches no network:
    https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
    """
    here = log.arn.apply(lambda arn: ":".join(arn.split(":")[3:5]))
    return Statement(_FIND, ("*",)), Statement(_MANAGE, (pulumi.Output.concat("arn:aws:ec2:", here, ":*/*"),))
