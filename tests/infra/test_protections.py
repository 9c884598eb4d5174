"""What must be true of every resource, in the rehearsal's stack and in a shop's; each rule fails for one taken away."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

import pytest

from infra.rehearsal import Rehearsed
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.policy import listed
from infra.rehearsal.program import run_program
from infra.rehearsal.rehearse import stage_in
from tests.infra.conftest import PRODUCTION

OF_A_BUCKET: Final = (
    "bucketPublicAccessBlock:BucketPublicAccessBlock",
    "bucketOwnershipControls:BucketOwnershipControls",
    "bucketPolicy:BucketPolicy",
    "bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
    "bucketVersioning:BucketVersioning",
    "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
    "bucketCorsConfiguration:BucketCorsConfiguration",
)
WILDCARD_RESOURCES: Final = {
    ("xray:PutTelemetryRecords", "xray:PutTraceSegments"): "X-Ray knows no resource",
    ("kms:*",): "in a key's own policy, * is the key; the statement lets IAM policies speak about it",
    ("kms:Decrypt", "kms:GenerateDataKey"): "in a key's own policy, * is the key; held to S3 in this account",
    (
        *("kms:Encrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
        *("kms:Decrypt", "kms:DescribeKey", "kms:ReEncryptFrom", "kms:ReEncryptTo"),
    ): "in a key's own policy, * is the key; held to this account's log groups",
}
WILDCARD_ACTIONS: Final = {
    "kms:*": "the account itself, over its key: without it, nobody could ever change the key's policy",
}


@pytest.fixture(scope="session", params=["rehearsal", "production"])
def plan(request: pytest.FixtureRequest, rehearsed: Rehearsed) -> Plan:
    if request.param == "rehearsal":
        return rehearsed.plan
    config = {**PRODUCTION, "aws:region": rehearsed.region}
    return run_program(stage_in(rehearsed.clients), config, stack="protected")


def of_bucket(plan: Plan, kind: str, bucket: Resource) -> Resource:
    (found,) = [resource for resource in plan.of(f"aws:s3/{kind}") if resource.inputs["bucket"] == bucket.id]
    return found


def policies(plan: Plan) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for resource in plan.resources.values():
        for key in ("policy", "assumeRolePolicy"):
            if key in resource.inputs:
                yield resource, json.loads(resource.inputs[key])


def allowing(plan: Plan) -> Iterator[tuple[Resource, Mapping[str, Any]]]:
    for resource, policy in policies(plan):
        for statement in policy["Statement"]:
            if statement["Effect"] == "Allow":
                yield resource, statement


def test_a_bucket_is_private_encrypted_versioned_and_kept(plan: Plan) -> None:
    for bucket in plan.of("aws:s3/bucket:Bucket"):
        block, owned, _, encrypted, versioned, _, _ = (of_bucket(plan, kind, bucket).inputs for kind in OF_A_BUCKET)
        for what in ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"):
            assert block[what] is True
        assert owned["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
        (rule,) = encrypted["rules"]
        assert rule["bucketKeyEnabled"] is True
        assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
        assert (
            rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
            == plan.one("aws:kms/key:Key", "data").attributes["arn"]
        )
        assert versioned["versioningConfiguration"] == {"status": "Enabled"}


def test_stores_are_reached_over_tls_only(plan: Plan) -> None:
    guarded = {resource.name: policy for resource, policy in policies(plan) if "olicy" in resource.type}
    insecure = {"Bool": {"aws:SecureTransport": "false"}}
    names = [queue.name for queue in plan.of("aws:sqs/queue:Queue")] + [b.name for b in plan.of("aws:s3/bucket:Bucket")]
    for name in names:
        (denied,) = [s for s in guarded[name]["Statement"] if s.get("Condition") == insecure]
        assert (denied["Effect"], denied["Principal"]) == ("Deny", "*")
        assert denied["Action"] in (["s3:*"], ["sqs:*"])
    bucket = plan.one("aws:s3/bucket:Bucket", "photos").attributes["arn"]
    denied = guarded["photos"]["Statement"][0]
    assert denied["Resource"] == [bucket, f"{bucket}/*"]


def test_originals_are_archived_and_remains_go(plan: Plan) -> None:
    (lifecycle,) = plan.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    rules = {rule["id"]: rule for rule in lifecycle.inputs["rules"]}
    archive, forget = rules["archive-originals"], rules["forget"]
    assert archive["filter"] == {"prefix": "uploads/"}
    assert archive["transitions"] == [{"days": 30, "storageClass": "GLACIER_IR"}]
    assert forget["abortIncompleteMultipartUpload"] == {"daysAfterInitiation": 1}
    assert forget["noncurrentVersionExpiration"] == {"noncurrentDays": 30}
    assert {rule["status"] for rule in rules.values()} == {"Enabled"}


def test_shoppers_photos_go_after_a_day_and_their_versions_after_another(plan: Plan) -> None:
    (lifecycle,) = plan.of("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    (rule,) = [rule for rule in lifecycle.inputs["rules"] if rule["id"] == "forget-queries"]
    assert rule["filter"] == {"tag": {"key": "purpose", "value": "query"}}
    assert rule["expiration"] == {"days": 1}
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 1}


def test_only_configured_sites_may_post_and_call(production: Plan) -> None:
    (cors,) = production.of("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration")
    (rule,) = cors.inputs["corsRules"]
    assert (rule["allowedOrigins"], rule["allowedMethods"]) == (["https://www.shop.example"], ["POST"])
    (api,) = production.of("aws:apigatewayv2/api:Api")
    assert api.inputs["corsConfiguration"]["allowOrigins"] == ["https://www.shop.example"]


def test_without_sites_there_is_no_cors(rehearsed: Rehearsed) -> None:
    config = {**PRODUCTION, "aws:region": rehearsed.region, "lookalike:web_origins": "[]"}
    plan = run_program(stage_in(rehearsed.clients), config, stack="siteless")
    assert plan.of("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration") == []
    assert "corsConfiguration" not in plan.one("aws:apigatewayv2/api:Api", "api").inputs


def test_a_queue_is_encrypted_and_has_a_dead_letter_queue_of_its_own(plan: Plan) -> None:
    queues = plan.of("aws:sqs/queue:Queue")
    sources = [queue for queue in queues if "redrivePolicy" in queue.inputs]
    dead = {json.loads(queue.inputs["redrivePolicy"])["deadLetterTargetArn"]: queue for queue in sources}
    assert len(dead) == len(sources) == 2
    assert {queue.attributes["arn"] for queue in queues if queue not in sources} == set(dead)
    for queue in queues:
        assert queue.inputs["kmsMasterKeyId"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]
        assert queue.inputs["messageRetentionSeconds"] == 14 * 86_400
    allowing_redrive = plan.of("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    assert len(allowing_redrive) == len(dead)
    for allow in allowing_redrive:
        (target,) = [queue for queue in queues if queue.attributes["url"] == allow.inputs["queueUrl"]]
        said = json.loads(allow.inputs["redriveAllowPolicy"])
        assert said == {
            "redrivePermission": "byQueue",
            "sourceQueueArns": [dead[target.attributes["arn"]].attributes["arn"]],
        }


def test_somebody_hears_of_old_messages_dead_letters_errors_and_throttles(production: Plan) -> None:
    alarms = {alarm.name: alarm.inputs for alarm in production.of("aws:cloudwatch/metricAlarm:MetricAlarm")}
    assert set(alarms) == {
        *(f"{queue}-{what}" for queue in ("received", "to-embed") for what in ("age", "dead-letters")),
        *(f"{f}-{what}" for f in ("uploads", "search", "prepare", "embed") for what in ("errors", "throttles")),
    }
    for alarm in alarms.values():
        assert alarm["alarmActions"] == ["arn:aws:sns:eu-west-1:111122223333:alarms"]
    assert alarms["received-age"]["threshold"] == 600
    assert alarms["received-dead-letters"]["threshold"] == 0


def test_tables_can_be_brought_back_and_are_encrypted(plan: Plan) -> None:
    tables = plan.of("aws:dynamodb/table:Table")
    assert len(tables) == 5
    for table in tables:
        assert table.inputs["pointInTimeRecovery"] == {"enabled": True}
        assert table.inputs["serverSideEncryption"]["enabled"] is True
        assert (
            table.inputs["serverSideEncryption"]["kmsKeyArn"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]
        )


def test_a_shops_stores_refuse_to_be_deleted(production: Plan, rehearsed: Rehearsed) -> None:
    stores = {"aws:s3/bucket:Bucket", "aws:dynamodb/table:Table", "aws:sqs/queue:Queue", "aws:kms/key:Key"}
    for resource in production.resources.values():
        assert resource.declared.protect is (resource.type in stores), resource.name
    assert all(table.inputs["deletionProtectionEnabled"] for table in production.of("aws:dynamodb/table:Table"))
    assert production.one("aws:s3/bucket:Bucket", "photos").inputs["forceDestroy"] is False
    assert not any(resource.declared.protect for resource in rehearsed.plan.resources.values())


def test_the_key_is_rotated(plan: Plan) -> None:
    assert all(key.inputs["enableKeyRotation"] for key in plan.of("aws:kms/key:Key"))


def test_functions_write_logs_that_end_and_traces(plan: Plan) -> None:
    groups = {group.attributes["name"]: group for group in plan.of("aws:cloudwatch/logGroup:LogGroup")}
    functions = plan.of("aws:lambda/function:Function")
    assert len(functions) == 4
    for function in functions:
        assert groups[function.inputs["loggingConfig"]["logGroup"]].inputs["retentionInDays"] == 30
        assert function.inputs["tracingConfig"] == {"mode": "Active"}
    assert len({function.inputs["role"] for function in functions}) == 4


def test_the_api_is_throttled_and_logs_who_came(plan: Plan) -> None:
    (stage,) = plan.of("aws:apigatewayv2/stage:Stage")
    assert stage.inputs["defaultRouteSettings"]["throttlingRateLimit"] == 100
    assert stage.inputs["defaultRouteSettings"]["throttlingBurstLimit"] == 200
    logged = json.loads(stage.inputs["accessLogSettings"]["format"])
    assert logged["status"] == "$context.status"
    assert not any("claim" in field.lower() or "header" in field.lower() for field in logged.values())


def test_only_the_gateway_calls_the_http_functions(plan: Plan) -> None:
    permissions = plan.of("aws:lambda/permission:Permission")
    assert {permission.name for permission in permissions} == {"uploads", "search"}
    (api,) = plan.of("aws:apigatewayv2/api:Api")
    for permission in permissions:
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["sourceArn"] == f"{api.attributes['executionArn']}/*/*"


def test_what_can_be_tagged_is(plan: Plan, production: Plan) -> None:
    untaggable = (
        ":BucketNotification",
        "olicy",
        ":Bucket",
        ":Permission",
        ":Alias",
        ":Authorizer",
        ":Integration",
        ":Route",
    )
    taggable = [
        resource
        for resource in plan.resources.values()
        if resource.type.startswith("aws:")
        and (resource.type == "aws:s3/bucket:Bucket" or not any(part in resource.type for part in untaggable))
    ]
    assert len(taggable) > 30
    for resource in taggable:
        assert resource.inputs["tags"]["project"] == "lookalike", resource.type
        assert "stack" in resource.inputs["tags"]
    assert production.one("aws:s3/bucket:Bucket", "photos").inputs["tags"]["cost-centre"] == "search"


def test_no_wildcards_but_those_with_a_reason(plan: Plan) -> None:
    for resource, statement in allowing(plan):
        for action in listed(statement["Action"]):
            assert "*" not in action or action in WILDCARD_ACTIONS, resource.name
        if "*" in listed(statement.get("Resource", [])):
            assert tuple(statement["Action"]) in WILDCARD_RESOURCES, resource.name
            own = resource.type == "aws:kms/key:Key"
            assert own or statement["Action"][0].startswith("xray:"), resource.name


def test_nobody_is_allowed_in_by_everybody(plan: Plan) -> None:
    for resource, statement in allowing(plan):
        assert statement.get("Principal") != "*", resource.name


def test_services_are_allowed_in_for_this_account_only(plan: Plan) -> None:
    for resource, statement in allowing(plan):
        if statement.get("Principal") == {"Service": "s3.amazonaws.com"}:
            assert "aws:SourceAccount" in statement["Condition"]["StringEquals"], resource.name


def test_keys_are_used_through_one_service(plan: Plan) -> None:
    for resource, statement in allowing(plan):
        if resource.type == "aws:iam/rolePolicy:RolePolicy" and statement["Action"][0].startswith("kms:"):
            assert statement["Condition"]["StringEquals"]["kms:ViaService"].endswith(".amazonaws.com")


def test_inline_policies_of_a_role_stay_within_awss_limit(rehearsed: Rehearsed) -> None:
    # 10,240 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    for function in rehearsed.functions.values():
        assert sum(len(json.dumps(policy)) for policy in function.role.policies.values()) < 10_240
