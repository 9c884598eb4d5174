"""Checkov, which knows nothing of this project, on everything that both profiles declare."""

from concurrent.futures import ThreadPoolExecutor

import pulumi_aws as aws
import pulumi_kubernetes as k8s
import pytest

from infra.judges.checkov import JudgeError, Ruling, Verdict, judge
from infra.judges.manifests import manifests
from infra.judges.waivers import BESIDE_THE_POINT, WAIVERS
from infra.rehearsal.plan import Plan
from infra.rehearsal.sketch import sketch

SPOKEN_OF = (*WAIVERS, *BESIDE_THE_POINT)


def is_whole(verdict: Verdict, plan: Plan) -> bool:
    """Whether Checkov has read every resource; of some objects it counts the pods as well."""
    of_aws = sum(resource.type.startswith("aws:") for resource in plan.resources.values())
    read = verdict.resources
    return read["terraform_plan"] == of_aws > 0 and read["kubernetes"] >= len(manifests(plan)) > 0


def test_every_rule_that_applies_passes_or_is_waived(starter: Plan, production: Plan) -> None:
    plans = {"starter": starter, "production": production}
    with ThreadPoolExecutor(len(plans)) as pool:
        verdicts = dict(zip(plans, pool.map(judge, plans.values()), strict=True))
    for profile, verdict in verdicts.items():
        # A judge that has read nothing finds nothing.
        assert is_whole(verdict, plans[profile])
        assert len(verdict.checks) >= 200
        assert len(verdict.passed) > 1000
    failed = {(profile, ruling) for profile, verdict in verdicts.items() for ruling in verdict.failed}
    assert sorted(one for one in failed if not any(waiver.covers(*one) for waiver in SPOKEN_OF)) == []
    left_over = {
        (waiver.reason, check)
        for waiver in SPOKEN_OF
        for check in waiver.checks
        if not any(ruling.check == check and waiver.covers(profile, ruling) for profile, ruling in failed)
    }
    assert left_over == set()


def test_waivers_are_few_and_have_reasons() -> None:
    assert len({check for waiver in WAIVERS for check in waiver.checks}) <= 5
    assert all(waiver.reason.endswith((".", ".html")) for waiver in SPOKEN_OF)


def half_right() -> None:
    """Everything twice: as it should be, and as it should not."""
    group = aws.ec2.SecurityGroup("group", description="a group", vpc_id="vpc-1")
    for name, right in (("right", True), ("wrong", False)):
        bucket = aws.s3.Bucket(name)
        if right:
            aws.s3.BucketPublicAccessBlock(
                name,
                bucket=bucket.id,
                block_public_acls=True,
                block_public_policy=True,
                ignore_public_acls=True,
                restrict_public_buckets=True,
            )
        key = aws.kms.Key(name, enable_key_rotation=right)
        aws.sqs.Queue(name, kms_master_key_id=key.arn if right else None)
        aws.dynamodb.Table(name, hash_key="a", point_in_time_recovery={"enabled": right})
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            ip_protocol="tcp",
            from_port=22,
            to_port=22,
            cidr_ipv4="10.0.0.0/8" if right else "0.0.0.0/0",
        )
        container = {"name": "a", "image": "busybox:1", "security_context": {"privileged": not right}}
        k8s.core.v1.Pod(name, metadata={"name": name}, spec={"containers": [container]})


FINDS = (
    ("CKV2_AWS_6", "aws_s3_bucket.{}"),  # by the reference from the block to its bucket
    ("CKV_AWS_7", "aws_kms_key.{}"),
    ("CKV_AWS_27", "aws_sqs_queue.{}"),  # by the reference from the queue to its key
    ("CKV_AWS_28", "aws_dynamodb_table.{}"),  # in a block
    ("CKV_AWS_24", "aws_vpc_security_group_ingress_rule.{}"),
    ("CKV_K8S_16", "Pod.default.{}"),
)
"""Checks, and what they judge."""


def test_what_is_wrong_is_found_and_what_is_right_is_not() -> None:
    plan = sketch({"aws:region": "eu-west-1"}, stack="half-right", program=half_right)
    verdict = judge(plan)
    assert verdict.resources == {"terraform_plan": 12, "kubernetes": 2}
    assert is_whole(verdict, plan)
    passed, failed = (set(map(_short, rulings)) for rulings in (verdict.passed, verdict.failed))
    for check, resource in FINDS:
        assert (check, resource.format("right")) in passed - failed
        assert (check, resource.format("wrong")) in failed - passed


def _short(ruling: Ruling) -> tuple[str, str]:
    return ruling.check, ruling.resource


def test_a_judge_that_has_nothing_to_judge_says_so() -> None:
    with pytest.raises(JudgeError, match="nothing to judge"):
        judge(Plan())
