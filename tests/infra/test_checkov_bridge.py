import pulumi
import pulumi_aws as aws
import pytest

from infra.judges.names import terraform_type
from infra.judges.terraform import terraform_plan
from infra.rehearsal.plan import Plan
from infra.rehearsal.sketch import sketch


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ("aws:s3/bucket:Bucket", "aws_s3_bucket"),
        ("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "aws_s3_bucket_public_access_block"),
        ("aws:lambda/eventSourceMapping:EventSourceMapping", "aws_lambda_event_source_mapping"),
        ("aws:apigatewayv2/stage:Stage", "aws_apigatewayv2_stage"),
        ("aws:ec2/vpcEndpoint:VpcEndpoint", "aws_vpc_endpoint"),
        ("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", "aws_vpc_security_group_ingress_rule"),
        ("aws:lb/loadBalancer:LoadBalancer", "aws_lb"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "aws_iam_role_policy_attachment"),
    ],
)
def test_types_have_terraforms_names(ours: str, theirs: str) -> None:
    assert terraform_type(ours) == theirs


def a_program() -> None:
    bucket = aws.s3.Bucket("photos", tags={"costCentre": "search"})
    aws.s3.BucketLifecycleConfiguration(
        "photos",
        bucket=bucket.id,
        rules=[{"id": "archive", "status": "Enabled", "transitions": [{"days": 30, "storage_class": "GLACIER_IR"}]}],
    )
    aws.s3.BucketPolicy("photos", bucket=bucket.id, policy=pulumi.Output.json_dumps({"Resource": bucket.arn}))


@pytest.fixture(scope="module")
def plan() -> Plan:
    return sketch({"aws:region": "eu-west-1"}, stack="bridge", program=a_program)


def values(plan: Plan, address: str) -> dict[str, object]:
    resources = terraform_plan(plan)["planned_values"]["root_module"]["resources"]
    (found,) = [resource["values"] for resource in resources if resource["address"] == address]
    assert isinstance(found, dict)
    return found


def test_objects_are_blocks_and_lists_are_blocks_of_one_name(plan: Plan) -> None:
    (rule,) = values(plan, "aws_s3_bucket_lifecycle_configuration.photos")["rule"]  # type: ignore[attr-defined]
    assert rule["transition"] == [{"days": 30, "storage_class": "GLACIER_IR"}]


def test_words_of_the_users_own_are_left_alone(plan: Plan) -> None:
    assert values(plan, "aws_s3_bucket.photos")["tags"] == {"costCentre": "search"}


def test_who_refers_to_whom_is_told_by_reference(plan: Plan) -> None:
    assert "bucket" not in values(plan, "aws_s3_bucket_policy.photos")
    configured = terraform_plan(plan)["configuration"]["root_module"]["resources"]
    (policy,) = [resource for resource in configured if resource["address"] == "aws_s3_bucket_policy.photos"]
    assert policy["expressions"]["bucket"] == {"references": ["aws_s3_bucket.photos.id", "aws_s3_bucket.photos"]}


def test_documents_stay_readable(plan: Plan) -> None:
    assert "arn:aws:s3" in str(values(plan, "aws_s3_bucket_policy.photos")["policy"])
