import json
from functools import cache
from typing import Any

import pulumi
import pytest

from infra.components.lambda_function import LambdaFunction
from infra.config import ConsumerConfig, FunctionConfig, PollersConfig
from infra.config.functions import Pace
from infra.rehearsal.plan import Plan
from infra.rehearsal.policy import allows, listed
from tests.infra.parts import (
    ACCOUNT,
    REGION,
    TOPIC,
    a_function,
    a_key,
    a_network,
    a_queue,
    alarms_of,
    shown_in_preview,
    sketched,
    the,
)

FUNCTION = "aws:lambda/function:Function"
ALIAS = "aws:lambda/alias:Alias"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
GROUP = "aws:codedeploy/deploymentGroup:DeploymentGroup"
ENI = f"arn:aws:ec2:{REGION}:{ACCOUNT}:network-interface/eni-1"


@cache
def alone(**changes: Any) -> Plan:
    return sketched(lambda: a_function(a_key(), **changes) and None)


@cache
def fed(**how: Any) -> Plan:
    def program() -> None:
        key = a_key()
        a_function(key).consume(a_queue(key), ConsumerConfig(**how))

    return sketched(program)


def everything() -> None:
    key = a_key()
    a_function(key, network=a_network(key), size=FunctionConfig(rollout=Pace.CANARY)).consume(
        a_queue(key), ConsumerConfig()
    )


@cache
def in_network() -> Plan:
    def program() -> None:
        key = a_key()
        a_function(key, network=a_network(key))

    return sketched(program)


def grants(plan: Plan, role: str) -> list[dict[str, Any]]:
    (made,) = [r for r in plan.of("aws:iam/role:Role") if r.name == role]
    policies = plan.of("aws:iam/rolePolicy:RolePolicy")
    return [json.loads(p.inputs["policy"]) for p in policies if p.inputs["role"] == made.attributes["name"]]


def trust(plan: Plan, role: str) -> dict[str, Any]:
    document = json.loads(plan.one("aws:iam/role:Role", role).inputs["assumeRolePolicy"])
    (statement,) = document["Statement"]
    return dict(statement)


def test_what_it_is_told_and_what_it_writes_is_encrypted_with_our_key() -> None:
    plan = alone()
    key = the(plan, "aws:kms/key:Key").attributes["arn"]
    log = the(plan, "aws:cloudwatch/logGroup:LogGroup")
    function = the(plan, FUNCTION).inputs
    assert function["environment"] == {"variables": {"WHERE": "here"}}
    assert (function["kmsKeyArn"], log.inputs["kmsKeyId"]) == (key, key)
    assert log.inputs["retentionInDays"] == 30
    assert function["loggingConfig"] == {"logFormat": "JSON", "logGroup": log.attributes["name"]}
    assert function["tracingConfig"] == {"mode": "Active"}


def test_the_key_lets_the_log_be_encrypted_and_alarms_be_told_of() -> None:
    policy = json.loads(the(alone(), "aws:kms/key:Key").inputs["policy"])
    group = {"kms:EncryptionContext:aws:logs:arn": f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:f-1"}
    ours, theirs = {"aws:SourceAccount": ACCOUNT}, {"aws:SourceAccount": "999999999999"}
    assert allows([policy], "kms:GenerateDataKey", "*", service=f"logs.{REGION}.amazonaws.com", context=group)
    for service in ("cloudwatch.amazonaws.com", "budgets.amazonaws.com", "s3.amazonaws.com"):
        for action in ("kms:GenerateDataKey", "kms:Decrypt"):
            assert allows([policy], action, "*", service=service, context=ours)
            assert not allows([policy], action, "*", service=service, context=theirs)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_it_is_as_large_as_asked_for(architecture: str) -> None:
    size = FunctionConfig.model_validate(
        {
            "memory_mb": 2048,
            "timeout_s": 30,
            "ephemeral_mb": 1024,
            "reserved_concurrency": 7,
            "architecture": architecture,
        }
    )
    function = the(alone(size=size), FUNCTION).inputs
    assert function["architectures"] == [architecture]
    assert (function["memorySize"], function["timeout"]) == (2048, 30)
    assert function["ephemeralStorage"] == {"size": 1024}
    assert function["reservedConcurrentExecutions"] == 7
    assert function["runtime"] == "python3.12"
    assert "snapStart" not in function


def test_its_role_is_lambdas_and_may_only_tell() -> None:
    plan = alone()
    assert trust(plan, "f")["Principal"] == {"Service": "lambda.amazonaws.com"}
    log = the(plan, "aws:cloudwatch/logGroup:LogGroup").attributes["arn"]
    (policy,) = grants(plan, "f")
    assert {(tuple(s["Action"]), tuple(s["Resource"])) for s in policy["Statement"]} == {
        (("logs:CreateLogStream", "logs:PutLogEvents"), (f"{log}:*",)),
        (("xray:PutTelemetryRecords", "xray:PutTraceSegments"), ("*",)),
    }


def test_outside_a_network_it_may_do_nothing_to_networks() -> None:
    plan = alone()
    assert the(plan, FUNCTION).inputs.get("vpcConfig") is None
    assert not allows(grants(plan, "f"), "ec2:CreateNetworkInterface", ENI)


def test_in_a_network_it_has_a_group_of_its_own_in_every_private_subnet() -> None:
    plan = in_network()
    placed = the(plan, FUNCTION).inputs["vpcConfig"]
    (group,) = [g for g in plan.of("aws:ec2/securityGroup:SecurityGroup") if g.name == "f"]
    private = {subnet.id for subnet in plan.of("aws:ec2/subnet:Subnet") if "private" in subnet.name}
    assert placed["securityGroupIds"] == [group.id]
    assert set(placed["subnetIds"]) == private
    assert len(private) == 2
    assert the(plan, FUNCTION).inputs["replaceSecurityGroupsOnDestroy"] is True


@pytest.mark.parametrize("action", ["CreateNetworkInterface", "DeleteNetworkInterface", "AssignPrivateIpAddresses"])
def test_lambda_manages_its_interfaces_in_this_account_and_the_code_does_not(action: str) -> None:
    plan = in_network()
    arn = the(plan, FUNCTION).attributes["arn"]
    held = grants(plan, "f")
    assert allows(held, f"ec2:{action}", ENI)
    assert not allows(held, f"ec2:{action}", ENI.replace(ACCOUNT, "999999999999"))
    assert not allows(held, f"ec2:{action}", ENI, context={"lambda:SourceFunctionArn": arn})


def test_only_what_knows_no_resource_is_allowed_on_all() -> None:
    for policy in grants(in_network(), "f"):
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow" and "*" in listed(statement["Resource"]):
                assert set(statement["Action"]) <= {
                    "ec2:DescribeNetworkInterfaces",
                    "ec2:DescribeSubnets",
                    "xray:PutTelemetryRecords",
                    "xray:PutTraceSegments",
                }


def test_everybody_calls_a_published_version_by_the_alias() -> None:
    plan = fed()
    alias, function = the(plan, ALIAS), the(plan, FUNCTION)
    assert function.inputs["publish"] is True
    assert (alias.inputs["name"], alias.inputs["functionVersion"]) == ("live", "1")
    assert the(plan, MAPPING).inputs["functionName"] == f"{function.attributes['arn']}:live"


def test_a_queue_is_worked_off_by_so_many_runs_at_most() -> None:
    mapping = the(fed(max_concurrency=40, batch_size=20, batch_window_s=2), MAPPING).inputs
    assert mapping["scalingConfig"] == {"maximumConcurrency": 40}
    assert "provisionedPollerConfig" not in mapping
    assert (mapping["batchSize"], mapping["maximumBatchingWindowInSeconds"]) == (20, 2)
    assert mapping["functionResponseTypes"] == ["ReportBatchItemFailures"]


def test_for_a_flash_sale_pollers_wait_instead() -> None:
    mapping = the(fed(max_concurrency=None, pollers=PollersConfig(least=10, most=300)), MAPPING).inputs
    assert mapping["provisionedPollerConfig"] == {"minimumPollers": 10, "maximumPollers": 300}
    assert "scalingConfig" not in mapping


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"max_concurrency": 50, "pollers": {"least": 2, "most": 5}}, "exclude each other"),
        ({"max_concurrency": 1}, "greater than or equal to 2"),
        ({"max_concurrency": 1001}, "less than or equal to 1000"),
        ({"max_concurrency": None, "pollers": {"least": 9, "most": 5}}, "least must not be above most"),
        ({"max_concurrency": None, "pollers": {"least": 1, "most": 5}}, "greater than or equal to 2"),
        ({"max_concurrency": 50, "reserved_concurrency": 20}, "is below max_concurrency 50"),
        ({"ephemeral_mb": 100}, "greater than or equal to 512"),
    ],
)
def test_what_aws_refuses_or_throttles_is_refused(wrong: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        ConsumerConfig.model_validate(wrong)


def test_alarms_ring_on_errors_throttles_and_runs_near_their_end() -> None:
    plan = alone(size=FunctionConfig(timeout_s=20))
    rung = {alarm.inputs["metricName"]: alarm.inputs for alarm in alarms_of(plan)}
    assert set(rung) == {"Errors", "Throttles", "Duration"}
    for alarm in rung.values():
        assert alarm["namespace"] == "AWS/Lambda"
        assert alarm["dimensions"] == {"FunctionName": the(plan, FUNCTION).attributes["name"]}
        assert alarm["comparisonOperator"] == "GreaterThanThreshold"
        assert alarm["alarmActions"] == alarm["okActions"] == [TOPIC]
        assert alarm["treatMissingData"] == "notBreaching"
    assert (rung["Errors"]["threshold"], rung["Throttles"]["threshold"]) == (0, 0)
    assert (rung["Duration"]["threshold"], rung["Duration"]["extendedStatistic"]) == (16_000, "p99")


def test_at_once_pulumi_moves_the_alias() -> None:
    assert alone().of(GROUP) == []
    made: list[LambdaFunction] = []
    sketched(lambda: made.append(a_function(a_key())))
    assert (made[0].release["application"], made[0].release["group"]) == (None, None)


@pytest.mark.parametrize(
    ("pace", "steps"), [(Pace.CANARY, "Canary10Percent5Minutes"), (Pace.LINEAR, "Linear10Percent")]
)
def test_step_by_step_codedeploy_moves_it_and_takes_it_back_when_an_alarm_rings(pace: Pace, steps: str) -> None:
    plan = alone(size=FunctionConfig(rollout=pace))
    group = the(plan, GROUP).inputs
    assert steps in group["deploymentConfigName"]
    assert group["deploymentStyle"] == {"deploymentOption": "WITH_TRAFFIC_CONTROL", "deploymentType": "BLUE_GREEN"}
    assert group["alarmConfiguration"]["enabled"] is True
    assert set(group["alarmConfiguration"]["alarms"]) == {alarm.attributes["name"] for alarm in alarms_of(plan)}
    assert group["autoRollbackConfiguration"]["enabled"] is True
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["autoRollbackConfiguration"]["events"]
    assert the(plan, "aws:codedeploy/application:Application").inputs["computePlatform"] == "Lambda"


@pytest.mark.parametrize(("pace", "left"), [(Pace.AT_ONCE, None), (Pace.CANARY, ["functionVersion", "routingConfig"])])
def test_what_codedeploy_moves_pulumi_leaves_alone(pace: Pace, left: list[str] | None) -> None:
    seen: list[Any] = []

    def look(args: pulumi.ResourceTransformationArgs) -> None:
        if args.type_ == ALIAS:
            seen.append(args.opts.ignore_changes)

    def program() -> None:
        pulumi.runtime.register_stack_transformation(look)
        a_function(a_key(), size=FunctionConfig(rollout=pace))

    sketched(program)
    assert seen == [left]


def test_codedeploy_may_move_this_alias_and_no_other() -> None:
    plan = alone(size=FunctionConfig(rollout=Pace.CANARY))
    arn = the(plan, FUNCTION).attributes["arn"]
    role = grants(plan, "f-rollout")
    assert allows(role, "lambda:UpdateAlias", arn)
    assert not allows(role, "lambda:UpdateAlias", f"{arn}2")
    assert not allows(role, "lambda:UpdateFunctionCode", arn)
    trusted = trust(plan, "f-rollout")
    assert trusted["Principal"] == {"Service": "codedeploy.amazonaws.com"}
    assert trusted["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}


def test_a_first_preview_shows_all_of_it() -> None:
    assert shown_in_preview(everything)
