import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pytest

from infra.components.alarms import Alarms
from infra.components.data_key import DataKey, DataKeyArgs
from infra.components.execution_role import ExecutionRole
from infra.components.index_size import IndexSize
from infra.components.lambda_function import LambdaFunction, LambdaFunctionArgs
from infra.components.network import Network, NetworkArgs
from infra.components.vector_index import VectorIndex, VectorIndexArgs
from infra.config import FunctionConfig
from infra.rehearsal.plan import Plan, Resource
from infra.rehearsal.policy import allows
from tests.infra.small_programs import ACCOUNT, REGION, drawn, foreseen

DOMAIN: Final = "aws:opensearch/domain:Domain"
SMALL: Final = IndexSize(instance_type="t3.small.search", instances=2, zones=2, volume_gb=20)
LARGE: Final = IndexSize(
    instance_type="r7g.large.search",
    instances=3,
    zones=3,
    volume_gb=100,
    managers=3,
    manager_type="m7g.medium.search",
)


def declare(size: IndexSize, photos: int, *, protect: bool = True) -> None:
    key = DataKey("data", DataKeyArgs(account=ACCOUNT, region=REGION, protect=protect))
    network = Network("net", NetworkArgs(cidr="10.0.0.0/16", zones=3, nat=False, key=key, flow_log_retention_days=30))
    told = LambdaFunctionArgs(
        handler="functions.index_access.handler.handler",
        package="index_access.zip",
        size=FunctionConfig(),
        environment={},
        key=key,
        log_retention_days=30,
        alarms=Alarms(),
        network=network,
    )
    keeper = LambdaFunction("index-access", told)
    args = VectorIndexArgs(
        network=network,
        key=key,
        size=size,
        photos_expected=photos,
        keeper=keeper,
        account=ACCOUNT,
        protect=protect,
        log_retention_days=30,
    )
    index = VectorIndex("index", args)
    index.allow_search(ExecutionRole("search"))
    index.allow_write(ExecutionRole("embed"))
    index.admit(network.security_group("search", "The search function"))
    pulumi.export("endpoint", index.endpoint)


@pytest.fixture(scope="module")
def small() -> Plan:
    return drawn(lambda: declare(SMALL, 50_000))


@pytest.fixture(scope="module")
def large() -> Plan:
    return drawn(lambda: declare(LARGE, 1_000_000))


@pytest.fixture(params=["small", "large"])
def plan(request: pytest.FixtureRequest) -> Plan:
    drawing: Plan = request.getfixturevalue(request.param)
    return drawing


def domain(plan: Plan) -> Resource:
    return plan.one(DOMAIN, "index")


def granted(plan: Plan, name: str) -> Mapping[str, Any]:
    document: Mapping[str, Any] = json.loads(plan.one("aws:iam/rolePolicy:RolePolicy", name).inputs["policy"])
    return document


def test_it_is_a_version_with_k_nn_and_vectors_that_the_adapter_knows(plan: Plan) -> None:
    assert domain(plan).inputs["engineVersion"] == "OpenSearch_2.19"


def test_what_is_stored_and_what_is_sent_is_encrypted(plan: Plan) -> None:
    said = domain(plan).inputs
    key = plan.one("aws:kms/key:Key", "data").attributes["arn"]
    assert said["encryptAtRest"] == {"enabled": True, "kmsKeyId": key}
    assert said["nodeToNodeEncryption"] == {"enabled": True}
    endpoint = said["domainEndpointOptions"]
    assert endpoint == {"enforceHttps": True, "tlsSecurityPolicy": "Policy-Min-TLS-1-2-PFS-2023-10"}
    assert plan.outputs["endpoint"] == f"https://{domain(plan).attributes['endpoint']}"


def test_it_stands_in_private_subnets_one_a_zone(small: Plan, large: Plan) -> None:
    for plan, zones in ((small, 2), (large, 3)):
        private = [s.id for s in plan.of("aws:ec2/subnet:Subnet") if "-private-" in s.name]
        placed = domain(plan).inputs["vpcOptions"]
        assert placed["subnetIds"] == private[:zones]
        (group,) = placed["securityGroupIds"]
        assert group == plan.one("aws:ec2/securityGroup:SecurityGroup", "index").id
        cluster = domain(plan).inputs["clusterConfig"]
        assert cluster["zoneAwarenessEnabled"] is True
        assert cluster["zoneAwarenessConfig"] == {"availabilityZoneCount": zones}


def test_the_large_one_has_managers_of_its_own(small: Plan, large: Plan) -> None:
    cluster = domain(large).inputs["clusterConfig"]
    assert (cluster["dedicatedMasterEnabled"], cluster["dedicatedMasterCount"]) == (True, 3)
    assert cluster["dedicatedMasterType"] == "m7g.medium.search"
    assert domain(small).inputs["clusterConfig"]["dedicatedMasterEnabled"] is False


def test_one_zone_is_not_said_to_be_several() -> None:
    one = IndexSize(instance_type="t3.small.search", instances=1, zones=1, volume_gb=20)
    cluster = domain(drawn(lambda: declare(one, 1000))).inputs["clusterConfig"]
    assert cluster["zoneAwarenessEnabled"] is False
    assert "zoneAwarenessConfig" not in cluster


def test_nobody_has_a_password_and_the_keeper_is_master(plan: Plan) -> None:
    said = domain(plan).inputs["advancedSecurityOptions"]
    keeper = plan.one("aws:iam/role:Role", "index-access").attributes["arn"]
    assert said == {
        "enabled": True,
        "internalUserDatabaseEnabled": False,
        "masterUserOptions": {"masterUserArn": keeper},
    }


def test_disks_are_gp3_of_the_size_asked_for(small: Plan, large: Plan) -> None:
    for plan, size in ((small, 20), (large, 100)):
        assert domain(plan).inputs["ebsOptions"] == {"ebsEnabled": True, "volumeType": "gp3", "volumeSize": size}


def test_it_is_tuned_where_aws_can_and_kept_up_to_date_off_peak(small: Plan, large: Plan) -> None:
    assert "autoTuneOptions" not in domain(small).inputs
    assert domain(large).inputs["autoTuneOptions"]["desiredState"] == "ENABLED"
    for plan in (small, large):
        assert domain(plan).inputs["softwareUpdateOptions"] == {"autoSoftwareUpdateEnabled": True}
        assert domain(plan).inputs["offPeakWindowOptions"] == {"enabled": True}


def test_slow_requests_errors_and_who_was_let_in_are_logged_encrypted(plan: Plan) -> None:
    groups = {group.attributes["arn"]: group for group in plan.of("aws:cloudwatch/logGroup:LogGroup")}
    options = domain(plan).inputs["logPublishingOptions"]
    assert {option["logType"] for option in options} == {
        "SEARCH_SLOW_LOGS",
        "INDEX_SLOW_LOGS",
        "ES_APPLICATION_LOGS",
        "AUDIT_LOGS",
    }
    (policy,) = plan.of("aws:cloudwatch/logResourcePolicy:LogResourcePolicy")
    assert policy in plan.before(domain(plan).declared, policy.type)
    (statement,) = json.loads(policy.inputs["policyDocument"])["Statement"]
    assert statement["Principal"] == {"Service": "es.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": ACCOUNT}}
    assert set(statement["Resource"]) == {f"{option['cloudwatchLogGroupArn']}:*" for option in options}
    for option in options:
        group = groups[option["cloudwatchLogGroupArn"]]
        assert group.inputs["kmsKeyId"] == plan.one("aws:kms/key:Key", "data").attributes["arn"]
        assert group.inputs["retentionInDays"] == 30


def test_it_refuses_to_be_deleted_where_it_is_protected(small: Plan) -> None:
    assert domain(small).declared.protect is True
    assert domain(drawn(lambda: declare(SMALL, 1000, protect=False))).declared.protect is False


MAY_ALL: Final = [
    ("es:ESHttpGet", "lookalike_shop/_mapping"),
    ("es:ESHttpGet", "lookalike_shop_*"),
    ("es:ESHttpPost", "lookalike_shop/_msearch"),
    ("es:ESHttpPost", "lookalike_shop_1/_count"),
]
MAY_WRITE: Final = [
    ("es:ESHttpPut", "lookalike_shop_1"),
    ("es:ESHttpPost", "lookalike_shop/_bulk"),
    ("es:ESHttpPost", "lookalike_shop/_refresh"),
]
MAY_NOBODY: Final = [
    ("es:ESHttpDelete", "lookalike_shop_1"),
    ("es:ESHttpPost", "_bulk"),
    ("es:ESHttpPost", "_msearch"),
    ("es:ESHttpPost", "_reindex"),
    ("es:ESHttpPost", "lookalike_shop/_delete_by_query"),
    ("es:ESHttpGet", "_cluster/settings"),
    ("es:ESHttpGet", "_all/_search"),
    ("es:ESHttpPut", "_plugins/_security/api/rolesmapping/index-search"),
    ("es:ESHttpPost", "other_shop/_bulk"),
]


def test_a_role_may_make_the_requests_of_its_adapter_and_no_others(plan: Plan) -> None:
    arn = domain(plan).attributes["arn"]
    reader, writer = granted(plan, "search-asks-index"), granted(plan, "embed-asks-index")
    for action, path in MAY_ALL:
        assert allows([reader], action, f"{arn}/{path}"), path
        assert allows([writer], action, f"{arn}/{path}"), path
    for action, path in MAY_WRITE:
        assert not allows([reader], action, f"{arn}/{path}"), path
        assert allows([writer], action, f"{arn}/{path}"), path
    for action, path in MAY_NOBODY:
        assert not allows([reader], action, f"{arn}/{path}"), path
        assert not allows([writer], action, f"{arn}/{path}"), path


def test_bodies_cannot_name_indexes_that_their_path_does_not(plan: Plan) -> None:
    assert domain(plan).inputs["advancedOptions"] == {"rest.action.multi.allow_explicit_index": "false"}


def test_the_keeper_may_say_who_may_what_and_nothing_else(plan: Plan) -> None:
    arn, keeper = domain(plan).attributes["arn"], granted(plan, "index-access-keeps-index")
    for kind in ("roles", "rolesmapping"):
        assert allows([keeper], "es:ESHttpPut", f"{arn}/_plugins/_security/api/{kind}/index-search")
        assert not allows([keeper], "es:ESHttpPut", f"{arn}/_plugins/_security/api/{kind}/all_access")
    assert allows([keeper], "es:ESHttpPatch", f"{arn}/_plugins/_security/api/audit")
    assert not allows([keeper], "es:ESHttpPatch", f"{arn}/_plugins/_security/api/roles/all_access")
    assert not allows([keeper], "es:ESHttpPut", f"{arn}/_plugins/_security/api/internalusers/me")
    assert not allows([keeper], "es:ESHttpPost", f"{arn}/lookalike_shop/_bulk")


def test_opensearch_is_told_of_each_role_once_it_can_be_reached(plan: Plan) -> None:
    calls = plan.of("aws:lambda/invocation:Invocation")
    assert [call.name for call in calls] == ["index-embed", "index-search"]
    for call, access, role in zip(calls, ("write", "search"), ("embed", "search"), strict=True):
        assert json.loads(call.inputs["input"]) == {
            "endpoint": plan.outputs["endpoint"],
            "role": call.name,
            "access": access,
            "backend_role": plan.one("aws:iam/role:Role", role).attributes["arn"],
        }
        waits = {grant.name for grant in plan.before(call.declared, "aws:iam/rolePolicy:RolePolicy")}
        assert {"index-access-keeps-index", f"{role}-asks-index"} <= waits
        rules = plan.before(call.declared, "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
        assert "index-access-to-index-443" in {rule.name for rule in rules}


def test_only_admitted_groups_reach_it(plan: Plan) -> None:
    target = plan.one("aws:ec2/securityGroup:SecurityGroup", "index").id
    rules = plan.of("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    reach = {rule.name: rule.inputs for rule in rules if rule.inputs["securityGroupId"] == target}
    assert set(reach) == {"index-access-to-index-443", "search-to-index-443"}
    assert {(rule["fromPort"], rule["toPort"]) for rule in reach.values()} == {(443, 443)}


def test_the_first_preview_shows_the_same_resources(small: Plan) -> None:
    assert set(foreseen(lambda: declare(SMALL, 50_000)).resources) == set(small.resources)


def test_photos_that_do_not_fit_are_refused_in_preview() -> None:
    said = r"1,000,000 photos in 2 copies need 2\.4 GiB of memory for their graphs, and 2 x t3\.small\.search have 1\.0"
    with pytest.raises(pulumi.RunError, match=said):
        foreseen(lambda: declare(SMALL, 1_000_000))


def test_photos_that_fit_in_memory_and_not_on_disk_are_refused() -> None:
    size = IndexSize(instance_type="r7g.large.search", instances=2, zones=2, volume_gb=10)
    with pytest.raises(ValueError, match=r"need 27 GiB of disk, and 2 x r7g\.large\.search have 20 GiB.* at least 14"):
        size.refuse_unless_holds(2_000_000)


@pytest.mark.parametrize(
    ("instance_type", "gib"),
    # A quarter of the memory up to 64 GiB; above, half of what 32 GiB of heap leave.
    [("t3.small.search", 0.5), ("m7g.large.search", 2), ("r7g.large.search", 4), ("r7g.4xlarge.search", 48)],
)
def test_graphs_have_half_of_what_the_heap_leaves(instance_type: str, gib: float) -> None:
    size = IndexSize(instance_type=instance_type, instances=1, zones=1, volume_gb=1000)
    assert size.graph_bytes == gib * 2**30


def test_what_fits_is_what_is_not_refused() -> None:
    for size in (SMALL, LARGE):
        size.refuse_unless_holds(size.photos)
        with pytest.raises(ValueError, match="need"):
            size.refuse_unless_holds(size.photos + 2)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"instance_type": "x9.huge.search"}, "no memory is known of x9.huge.search; known: t3.small.search"),
        ({"instance_type": "r7g.large"}, "no memory is known of r7g.large;"),
        ({"zones": 4}, "1 to 3 zones, not 4"),
        ({"instances": 3}, "3 nodes do not spread evenly over 2 zones"),
        ({"managers": 2}, "3 or 5, or there are none; not 2"),
        ({"managers": 3}, "need a manager_type"),
    ],
)
def test_sizes_that_aws_would_refuse_are_refused(changed: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        IndexSize(**{"instance_type": "t3.small.search", "instances": 2, "zones": 2, "volume_gb": 20, **changed})
