"""What the composition adds to what the policy pack asks of every resource, and the components' tests of each part."""

import json
from collections.abc import Iterator

import pytest

from infra.rehearsal import Rehearsed
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.sketch import sketch
from tests.infra.conftest import PROFILES, stack_file

CORS = "aws:s3/bucketCorsConfiguration:BucketCorsConfiguration"
STORES = {
    "aws:cognito/userPool:UserPool",
    "aws:dynamodb/table:Table",
    "aws:kms/key:Key",
    "aws:opensearch/domain:Domain",
    "aws:sqs/queue:Queue",
}
REACHED_BY = {
    "index": {"embed", "index-access", "search", "uploads"},
    "triton-balancer": {"embed", "search"},
    "cache": {"embed", "search"},
}


@pytest.fixture(params=PROFILES)
def plan(request: pytest.FixtureRequest) -> Plan:
    found: Plan = request.getfixturevalue(request.param)
    return found


def roles_of_functions(plan: Plan) -> Iterator[tuple[str, list[Resource]]]:
    """Each function's role, and what was granted to it."""
    for function in plan.of("aws:lambda/function:Function"):
        role = next(r for r in plan.of("aws:iam/role:Role") if r.attributes["arn"] == function.inputs["role"])
        grants = plan.of("aws:iam/rolePolicy:RolePolicy")
        yield role.name, [grant for grant in grants if grant.inputs["role"] == role.attributes["name"]]


def test_only_the_shops_sites_may_post_photos_and_call(plan: Plan) -> None:
    (cors,) = plan.of(CORS)
    (rule,) = cors.inputs["corsRules"]
    site = plan.outputs["website_url"]
    assert (rule["allowedOrigins"], rule["allowedMethods"]) == (["https://www.shop.example", site], ["POST"])
    (api,) = plan.of("aws:apigatewayv2/api:Api")
    assert api.inputs["corsConfiguration"]["allowOrigins"] == ["https://www.shop.example"]


def test_without_sites_no_page_may_post_or_call() -> None:
    plan = sketch({"aws:region": "eu-west-1", "lookalike:website": '{"enabled": false}'}, stack="siteless")
    assert plan.of(CORS) == []
    assert "corsConfiguration" not in plan.one("aws:apigatewayv2/api:Api", "api").inputs
    assert "website_url" not in plan.outputs


def test_whoever_was_named_hears_of_every_alarm(plan: Plan) -> None:
    topic = plan.one("aws:sns/topic:Topic", "alarms").attributes["arn"]
    alarms = plan.of("aws:cloudwatch/metricAlarm:MetricAlarm") + plan.of("aws:cloudwatch/compositeAlarm:CompositeAlarm")
    assert len(alarms) > 20
    assert {tuple(alarm.inputs["alarmActions"]) for alarm in alarms} == {(topic,)}
    (budget,) = plan.of("aws:budgets/budget:Budget")
    assert {tuple(told["subscriberSnsTopicArns"]) for told in budget.inputs["notifications"]} == {(topic,)}


def test_a_shops_stores_refuse_to_be_deleted(plan: Plan) -> None:
    protected = {resource.type for resource in plan.resources.values() if resource.declared.protect}
    assert protected >= STORES
    for kind in STORES:
        assert all(store.declared.protect for store in plan.of(kind)), kind
    assert plan.one("aws:s3/bucket:Bucket", "photos").inputs["forceDestroy"] is False
    assert plan.one("aws:s3/bucket:Bucket", "photos").declared.protect


def test_a_rehearsal_can_be_thrown_away(rehearsed: Rehearsed) -> None:
    assert not any(resource.declared.protect for resource in rehearsed.plan.resources.values())
    assert rehearsed.plan.one("aws:s3/bucket:Bucket", "photos").inputs["forceDestroy"] is True


def test_who_reaches_what_is_in_the_network(production: Plan) -> None:
    groups = {group.id: group.name for group in production.of("aws:ec2/securityGroup:SecurityGroup")}
    reached: dict[str, set[str]] = {}
    for rule in production.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"):
        source, target = rule.inputs["referencedSecurityGroupId"], rule.inputs["securityGroupId"]
        reached.setdefault(groups[target], set()).add(groups[source])
    assert {target: reached[target] for target in REACHED_BY} == REACHED_BY


def test_only_who_sends_to_queues_reaches_the_internet_and_only_without_an_endpoint(
    starter: Plan, production: Plan
) -> None:
    def out(plan: Plan) -> set[str]:
        rules = plan.of("aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule")
        return {rule.name.partition("-to-")[0] for rule in rules if rule.inputs.get("cidrIpv4") == "0.0.0.0/0"}

    functions = {"embed", "index-access", "prepare", "search", "uploads"}
    assert out(starter) & functions == {"embed", "prepare"}
    assert out(production) & functions == set()


def test_every_function_stands_in_the_network(plan: Plan) -> None:
    outside = {f.name for f in plan.of("aws:lambda/function:Function") if not f.inputs.get("vpcConfig")}
    assert outside == set()


def test_only_the_gateway_calls_the_http_functions(plan: Plan) -> None:
    permissions = plan.of("aws:lambda/permission:Permission")
    assert {permission.name for permission in permissions} == {"uploads", "search"}
    (api,) = plan.of("aws:apigatewayv2/api:Api")
    for permission in permissions:
        assert permission.inputs["principal"] == "apigateway.amazonaws.com"
        assert permission.inputs["sourceArn"] == f"{api.attributes['executionArn']}/*/*"


def test_inline_policies_of_a_role_stay_within_awss_limit(plan: Plan) -> None:
    # 10,240 characters: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    roles = dict(roles_of_functions(plan))
    assert len(roles) == 5
    for name, grants in roles.items():
        assert sum(len(json.dumps(json.loads(grant.inputs["policy"]))) for grant in grants) < 10_240, name


def test_keys_are_used_through_one_service(plan: Plan) -> None:
    for _, grants in roles_of_functions(plan):
        for grant in grants:
            for statement in json.loads(grant.inputs["policy"])["Statement"]:
                if statement["Action"][0].startswith("kms:"):
                    assert statement["Condition"]["StringEquals"]["kms:ViaService"].endswith(".amazonaws.com")


def test_tags_of_the_shops_own_are_on_everything() -> None:
    config = {**stack_file("starter"), "lookalike:tags": '{"cost-centre": "search"}'}
    plan = sketch(config, stack="tagged")
    for kind in ("aws:s3/bucket:Bucket", "aws:lambda/function:Function", "aws:eks/cluster:Cluster"):
        for resource in plan.of(kind):
            assert resource.inputs["tags"].items() >= {"cost-centre": "search", "stack": "tagged"}.items()
