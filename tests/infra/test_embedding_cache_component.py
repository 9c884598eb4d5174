import json
import re

import pulumi
import pytest

from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.embedding_cache import EmbeddingCache, EmbeddingCacheArgs
from infra.components.execution_role import ExecutionRole
from infra.components.network import Network, NetworkArgs
from infra.rehearsal.plan import Plan, Resource
from tests.infra.small_programs import ACCOUNT, REGION, drawn, foreseen


def declare(replicas: int) -> None:
    key = DataKey("data", DataKeyArgs(account=ACCOUNT, region=REGION, protect=False))
    network = Network("net", NetworkArgs(cidr="10.0.0.0/16", zones=3, nat=False, key=key, flow_log_retention_days=30))
    args = EmbeddingCacheArgs(network=network, key=key, node_type="cache.t4g.micro", replicas=replicas)
    cache = EmbeddingCache("embeddings", args)
    cache.admit(network.security_group("search", "The search function"))
    cache.allow_use(ExecutionRole("search"))
    for name, value in (("url", cache.url), ("name", cache.name), ("user", cache.user)):
        pulumi.export(name, value)


@pytest.fixture(scope="module")
def small() -> Plan:
    return drawn(lambda: declare(0))


@pytest.fixture(scope="module")
def large() -> Plan:
    return drawn(lambda: declare(2))


@pytest.fixture(params=["small", "large"])
def plan(request: pytest.FixtureRequest) -> Plan:
    drawing: Plan = request.getfixturevalue(request.param)
    return drawing


def group(plan: Plan) -> Resource:
    return plan.one("aws:elasticache/replicationGroup:ReplicationGroup", "embeddings")


def user(plan: Plan) -> Resource:
    return plan.one("aws:elasticache/user:User", "embeddings")


def test_it_is_valkey_encrypted_on_the_way_and_at_rest(plan: Plan) -> None:
    said = group(plan).inputs
    assert (said["engine"], said["nodeType"]) == ("valkey", "cache.t4g.micro")
    assert (said["transitEncryptionEnabled"], said["transitEncryptionMode"]) == (True, "required")
    assert said["atRestEncryptionEnabled"] is True
    assert said["kmsKeyId"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]


def test_its_address_asks_for_tls(plan: Plan) -> None:
    assert plan.outputs["url"] == f"rediss://{group(plan).attributes['primaryEndpointAddress']}:6379"
    assert plan.outputs["name"] == group(plan).attributes["replicationGroupId"]


def test_copies_stand_in_other_zones_and_take_over(small: Plan, large: Plan) -> None:
    for plan, nodes, several in ((small, 1, False), (large, 3, True)):
        said = group(plan).inputs
        assert said["numCacheClusters"] == nodes
        assert (said["automaticFailoverEnabled"], said["multiAzEnabled"]) == (several, several)


def test_it_stands_in_private_subnets(plan: Plan) -> None:
    (subnets,) = plan.of("aws:elasticache/subnetGroup:SubnetGroup")
    assert group(plan).inputs["subnetGroupName"] == subnets.attributes["name"]
    assert subnets.inputs["subnetIds"] == [subnet.id for subnet in plan.of("aws:ec2/subnet:Subnet")]


def test_one_user_is_let_in_by_iam_without_a_password(plan: Plan) -> None:
    said = user(plan).inputs
    assert said["authenticationMode"] == {"type": "iam"}
    assert said.keys().isdisjoint({"passwords", "passwordsWo", "noPasswordRequired"})
    assert said["userId"] == said["userName"] == plan.outputs["user"]
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,39}", said["userId"])
    (users,) = plan.of("aws:elasticache/userGroup:UserGroup")
    assert users.inputs["userIds"] == [said["userId"]]
    assert group(plan).inputs["userGroupIds"] == [users.inputs["userGroupId"]]
    assert "authToken" not in group(plan).inputs


def test_that_user_reads_and_writes_predictions_alone(plan: Plan) -> None:
    assert user(plan).inputs["accessString"] == "on ~lookalike:* -@all +mget +set"


def test_a_role_logs_in_as_that_user_into_that_cache(plan: Plan) -> None:
    (statement,) = json.loads(plan.one("aws:iam/rolePolicy:RolePolicy", "search-uses-embeddings").inputs["policy"])[
        "Statement"
    ]
    assert statement["Action"] == ["elasticache:Connect"]
    assert statement["Resource"] == [group(plan).attributes["arn"], user(plan).attributes["arn"]]


def test_only_admitted_groups_reach_it(plan: Plan) -> None:
    target = plan.one("aws:ec2/securityGroup:SecurityGroup", "embeddings").id
    assert group(plan).inputs["securityGroupIds"] == [target]
    (rule,) = plan.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    assert rule.inputs["securityGroupId"] == target
    assert (rule.inputs["fromPort"], rule.inputs["toPort"]) == (6379, 6379)


def test_the_first_preview_shows_the_same_resources(large: Plan) -> None:
    assert set(foreseen(lambda: declare(2)).resources) == set(large.resources)
