from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.alarms import Alarms
from infra.components.execution_role import ExecutionRole
from infra.components.statement import Statement
from infra.components.work_queue import WorkQueue
from infra.config import ConsumerConfig, FunctionConfig

RUNTIME: Final = "python3.12"
ARCHITECTURE: Final = "arm64"


@dataclass(frozen=True, slots=True, kw_only=True)
class LambdaFunctionArgs:
    """`handler` is ``module.function`` inside `package`, the path of a zip; `environment` is all it is told."""

    handler: str
    package: str
    size: FunctionConfig
    environment: Mapping[str, pulumi.Input[str]]
    log_retention_days: int
    alarms: Alarms


class LambdaFunction(pulumi.ComponentResource):
    """A function with a role of its own, its log group, tracing, and alarms on errors and throttles.

    What it may do beyond writing its log and traces is granted to `role` by the components it works with.
    """

    name: pulumi.Output[str]
    role: ExecutionRole

    def __init__(self, name: str, args: LambdaFunctionArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lookalike:components:LambdaFunction", name, None, opts)
        self._logical_name, self._alarms = name, args.alarms
        self.role = ExecutionRole(name, opts=pulumi.ResourceOptions(parent=self))
        log = aws.cloudwatch.LogGroup(
            name, retention_in_days=args.log_retention_days, opts=pulumi.ResourceOptions(parent=self)
        )
        self._allow_telling(log)
        self._function = self._make(args, log)
        self.name = self._function.name
        self._watch()
        self.register_outputs({"name": self.name})

    def consume(self, queue: WorkQueue, how: ConsumerConfig) -> None:
        """Run for batches of `queue`'s messages; those that it reports as failed come again, and only those."""
        queue.allow_consume(self.role)
        aws.lambda_.EventSourceMapping(
            self._logical_name,
            event_source_arn=queue.arn,
            function_name=self._function.arn,
            batch_size=how.batch_size,
            maximum_batching_window_in_seconds=how.batch_window_s,
            scaling_config={"maximum_concurrency": how.max_concurrency},
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
            principal="apigateway.amazonaws.com",
            source_arn=pulumi.Output.concat(api.execution_arn, "/*/*"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return aws.apigatewayv2.Integration(
            self._logical_name,
            api_id=api.id,
            integration_type="AWS_PROXY",
            integration_uri=self._function.invoke_arn,
            payload_format_version="2.0",
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _allow_telling(self, log: aws.cloudwatch.LogGroup) -> None:
        write = Statement(("logs:CreateLogStream", "logs:PutLogEvents"), (pulumi.Output.concat(log.arn, ":*"),))
        # X-Ray knows no resource to name.
        trace = Statement(("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",))
        self.role.grant("tells", write, trace)

    def _make(self, args: LambdaFunctionArgs, log: aws.cloudwatch.LogGroup) -> aws.lambda_.Function:
        return aws.lambda_.Function(
            self._logical_name,
            runtime=RUNTIME,
            architectures=[ARCHITECTURE],
            handler=args.handler,
            code=pulumi.FileArchive(args.package),
            role=self.role.arn,
            memory_size=args.size.memory_mb,
            timeout=args.size.timeout_s,
            # -1 is AWS's word for "no more and no less than the account has".
            reserved_concurrent_executions=args.size.reserved_concurrency or -1,
            environment={"variables": {str(name): value for name, value in args.environment.items()}},
            logging_config={"log_format": "JSON", "log_group": log.name},
            tracing_config={"mode": "Active"},
            opts=pulumi.ResourceOptions(parent=self, depends_on=list(self.role.grants)),
        )

    def _watch(self) -> None:
        for what in ("Errors", "Throttles"):
            self._alarms.above(
                f"{self._logical_name}-{what.lower()}",
                metric=f"AWS/Lambda:{what}",
                dimensions={"FunctionName": self._function.name},
                statistic="Sum",
                threshold=0,
                minutes=3,
                parent=self,
            )
