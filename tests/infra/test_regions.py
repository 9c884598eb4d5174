"""Two regions: what each has, what there is once, and how one follows the other."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pytest

from infra.inventory import parts_of
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.preview import preview
from infra.rehearsal.sketch import sketch
from tests.infra.conftest import stack_file

HOME, ELSEWHERE = "eu-central-1", "us-east-1"
TWO: Final[Mapping[str, Any]] = {
    **stack_file("production"),
    "lookalike:regions": [HOME, ELSEWHERE],
    "lookalike:domain": {"zone_id": "Z0123456789", "api": "search.shop.example"},
}
IN_EACH: Final = {
    "AlarmTopic",
    "ApiDomain",
    "DataKey",
    "EmbeddingCache",
    "GpuCluster",
    "LambdaFunction",
    "LogBucket",
    "ModelStore",
    "Network",
    "Observability",
    "PhotoStore",
    "SearchApi",
    "TritonService",
    "VectorIndex",
}
ONCE: Final = {"Budget", "CatalogueTables", "Firewall", "IndexReplication", "LogBucket", "UserPool", "Website"}


@pytest.fixture(scope="module")
def plan() -> Plan:
    return sketch(TWO, stack="two")


def of(plan: Plan, kind: str, region: str) -> list[Resource]:
    return [resource for resource in plan.of(kind) if resource.region == region]


def the(plan: Plan, kind: str, region: str) -> Resource:
    (found,) = of(plan, kind, region)
    return found


def test_what_a_search_needs_is_in_each_region_and_the_rest_there_is_once(plan: Plan) -> None:
    found: dict[str, set[str]] = {}
    for part in parts_of(plan):
        found.setdefault(part.region, set()).add(part.kind)
    assert found == {"once": ONCE, HOME: IN_EACH | {"WorkQueue"}, ELSEWHERE: IN_EACH}


def test_everything_of_a_region_is_made_there(plan: Plan) -> None:
    for resource in plan.resources.values():
        if resource.type.startswith("aws:") and resource.name.endswith(ELSEWHERE):
            follows = resource.type == "aws:opensearch/inboundConnectionAccepter:InboundConnectionAccepter"
            assert resource.region == (HOME if follows else ELSEWHERE), resource.name
    for kind in ("aws:ec2/subnet:Subnet", "aws:lambda/function:Function", "aws:opensearch/domain:Domain"):
        assert {resource.region for resource in plan.of(kind)} == {HOME, ELSEWHERE}


def test_zones_are_those_of_the_region(plan: Plan) -> None:
    for subnet in plan.of("aws:ec2/subnet:Subnet"):
        assert subnet.inputs["availabilityZone"].startswith(subnet.region)


def test_a_first_preview_hides_nothing(plan: Plan) -> None:
    before = preview(TWO, stack="two").resources
    assert {(r.type, r.name) for r in before.values()} == {(r.type, r.name) for r in plan.resources.values()}


def test_one_name_leads_to_the_nearest_region_that_is_healthy(plan: Plan) -> None:
    records = [r.inputs for r in plan.of("aws:route53/record:Record") if r.inputs.get("setIdentifier")]
    assert {record["name"] for record in records} == {"search.shop.example"}
    assert {record["latencyRoutingPolicies"][0]["region"] for record in records} == {HOME, ELSEWHERE}
    assert {record["setIdentifier"] for record in records} == {HOME, ELSEWHERE}
    assert len({record["healthCheckId"] for record in records}) == 2
    names = plan.of("aws:apigatewayv2/domainName:DomainName")
    assert {name.region for name in names} == {HOME, ELSEWHERE}
    assert {name.inputs["domainName"] for name in names} == {"search.shop.example"}


def test_photos_are_copied_both_ways_under_the_key_of_where_they_go(plan: Plan) -> None:
    copied = {}
    for config in plan.of("aws:s3/bucketReplicationConfig:BucketReplicationConfig"):
        (rule,) = config.inputs["rules"]
        assert rule["deleteMarkerReplication"]["status"] == "Enabled"
        copied[config.region] = rule["destination"]
    for source, target in ((HOME, ELSEWHERE), (ELSEWHERE, HOME)):
        bucket = next(b for b in of(plan, "aws:s3/bucket:Bucket", target) if b.name.startswith("photos"))
        key = the(plan, "aws:kms/key:Key", target).attributes["arn"]
        assert copied[source]["bucket"] == bucket.attributes["arn"]
        assert copied[source]["encryptionConfiguration"] == {"replicaKmsKeyId": key}


def test_tables_are_one_catalogue_under_the_key_of_each_region(plan: Plan) -> None:
    tables = plan.of("aws:dynamodb/table:Table")
    assert {table.region for table in tables} == {HOME}
    key = the(plan, "aws:kms/key:Key", ELSEWHERE).attributes["arn"]
    for table in tables:
        (replica,) = table.inputs["replicas"]
        assert (replica["regionName"], replica["kmsKeyArn"]) == (ELSEWHERE, key)
        assert (replica["pointInTimeRecovery"], replica["deletionProtectionEnabled"]) == (True, True)


def test_the_other_index_follows_homes(plan: Plan) -> None:
    asked = the(plan, "aws:opensearch/outboundConnection:OutboundConnection", ELSEWHERE)
    accepted = the(plan, "aws:opensearch/inboundConnectionAccepter:InboundConnectionAccepter", HOME)
    assert accepted.inputs["connectionId"] == asked.id
    ends = {
        side: (asked.inputs[side]["region"], asked.inputs[side]["domainName"])
        for side in ("localDomainInfo", "remoteDomainInfo")
    }
    domains = {r.region: r.attributes["domainName"] for r in plan.of("aws:opensearch/domain:Domain")}
    assert ends == {
        "localDomainInfo": (ELSEWHERE, domains[ELSEWHERE]),
        "remoteDomainInfo": (HOME, domains[HOME]),
    }


def test_only_home_takes_changes_of_the_catalogue(plan: Plan) -> None:
    def routes(region: str) -> set[str]:
        return {r.inputs["operationName"] for r in of(plan, "aws:apigatewayv2/route:Route", region)}

    assert routes(HOME) - routes(ELSEWHERE) == {"putItems", "updateItems", "deleteItem", "deletePhoto"}
    assert "search" in routes(ELSEWHERE)
    assert "requestUpload" in routes(ELSEWHERE)


def test_nobody_elsewhere_may_write_to_the_index_or_change_items(plan: Plan) -> None:
    writing = ("dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:BatchWriteItem", "es:ESHttpPut", "es:ESHttpDelete")
    for grant in of(plan, "aws:iam/rolePolicy:RolePolicy", ELSEWHERE):
        if not grant.name.startswith(("uploads", "search")):
            continue
        actions = [action for s in json.loads(grant.inputs["policy"])["Statement"] for action in s["Action"]]
        assert not set(actions) & set(writing), grant.name
    told = [json.loads(i.inputs["input"])["access"] for i in of(plan, "aws:lambda/invocation:Invocation", ELSEWHERE)]
    assert told == ["search"]


def test_a_role_elsewhere_speaks_of_what_is_there(plan: Plan) -> None:
    for grant in of(plan, "aws:iam/rolePolicy:RolePolicy", ELSEWHERE):
        if "uses-" not in grant.name:
            continue
        for statement in json.loads(grant.inputs["policy"])["Statement"]:
            assert all(f":{ELSEWHERE}:" in resource for resource in statement["Resource"]), grant.name


def test_pages_may_post_into_every_regions_bucket(plan: Plan) -> None:
    cors = plan.of("aws:s3/bucketCorsConfiguration:BucketCorsConfiguration")
    assert {rule.region for rule in cors} == {HOME, ELSEWHERE}
    assert {tuple(rule.inputs["corsRules"][0]["allowedOrigins"]) for rule in cors} == {
        ("https://www.shop.example", plan.outputs["website_url"])
    }


def test_each_alarm_tells_a_topic_of_its_own_region(plan: Plan) -> None:
    for alarm in plan.of("aws:cloudwatch/metricAlarm:MetricAlarm"):
        assert all(f":{alarm.region}:" in topic for topic in alarm.inputs["alarmActions"]), alarm.name


def test_the_stack_tells_what_each_region_has(plan: Plan) -> None:
    told = plan.outputs["regions"]
    assert set(told) == {HOME, ELSEWHERE}
    assert "received_queue_url" in told[HOME]
    assert "received_queue_url" not in told[ELSEWHERE]
    assert plan.outputs["photo_bucket"] == told[HOME]["photo_bucket"] != told[ELSEWHERE]["photo_bucket"]
