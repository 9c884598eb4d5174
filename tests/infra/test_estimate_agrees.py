"""What is estimated is what is declared: sizes are those of the configuration, and every resource has its price."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from infra.config import StackConfig, read_config
from infra.rehearsal.plan import Plan, Resource
from lookalike.sizing.assumptions import Assumptions
from lookalike.sizing.demand import Demand
from lookalike.sizing.estimate import estimate
from lookalike.sizing.lines.website import FIREWALL_RULES
from lookalike.sizing.price_table import PriceTable
from lookalike.sizing.priced import free_components, price_of_instance, priced_components
from lookalike.sizing.profile import PROFILES
from lookalike.sizing.shape import Shape

DEMANDS = (
    Demand(photos=50_000, uploads_per_minute=30, searches_per_second=2),
    Demand(photos=2_000_000, uploads_per_minute=1_000, searches_per_second=50),
    Demand(photos=30_000_000, uploads_per_minute=15_000, searches_per_second=2_000),
)
PRICES = PriceTable.of("us-east-1")


def configured(profile: str, demand: Demand) -> StackConfig:
    return read_config(
        {
            "aws:region": "us-east-1",
            "lookalike:profile": profile,
            "lookalike:photos_expected": demand.photos,
            "lookalike:uploads_per_minute": demand.uploads_per_minute,
            "lookalike:searches_per_second": demand.searches_per_second,
        }
    )


def gateways(config: StackConfig) -> int:
    return {"none": 0, "one": 1, "per-zone": config.network.zones}[config.network.nat]


@pytest.mark.parametrize("demand", DEMANDS, ids=str)
@pytest.mark.parametrize("profile", PROFILES)
def test_sizes_are_those_of_the_configuration(profile: str, demand: Demand) -> None:
    config, shape = configured(profile, demand), PROFILES[profile](demand)
    assert (shape.zones, shape.nat_gateways) == (config.network.zones, gateways(config))
    assert shape.interface_endpoints == len(config.network.interface_endpoints)
    assert shape.log_retention_days == config.watch.log_retention_days
    _assert_index(shape, config)
    _assert_cluster(shape, config)
    nodes = 1 + config.cache.replicas if config.cache.enabled else 0
    assert (shape.cache.nodes if shape.cache else 0) == nodes
    assert shape.cache is None or shape.cache.node_type == config.cache.node_type


def _assert_index(shape: Shape, config: StackConfig) -> None:
    told, index = config.index, shape.index
    assert (index.instance_type, index.nodes, index.volume_gb) == (told.instance_type, told.instances, told.volume_gb)
    assert (index.managers, index.manager_type) == (told.managers, told.manager_type)


def _assert_cluster(shape: Shape, config: StackConfig) -> None:
    told, cluster = config.cluster.baseline, shape.cluster
    assert (cluster.instance_type, cluster.baseline) == (told.instance_types[0], told.least)
    assert (cluster.most, cluster.disk_gb) == (config.triton.most_replicas, told.disk_gb)


def always(plan: Plan) -> Counter[str]:
    """The nodes that are always there, by their preferred type."""
    groups = [group.attributes for group in plan.of("aws:eks/nodeGroup:NodeGroup")]
    found: Counter[str] = Counter()
    for group in groups:
        found[group["instanceTypes"][0]] += group["scalingConfig"]["minSize"]
    return found


@pytest.fixture(params=PROFILES)
def plan(request: pytest.FixtureRequest) -> Plan:
    found: Plan = request.getfixturevalue(request.param)
    return found


def of_aws(plan: Plan) -> list[Resource]:
    return [resource for resource in plan.resources.values() if resource.type.startswith("aws:")]


def test_every_resource_is_priced_or_free(plan: Plan) -> None:
    unknown = {r.type for r in of_aws(plan)} - set(priced_components()) - free_components()
    assert not unknown, f"no estimate knows of {sorted(unknown)}"


def test_nothing_is_both_priced_and_free() -> None:
    assert not set(priced_components()) & free_components()


def test_every_instance_has_a_price(plan: Plan) -> None:
    for resource in of_aws(plan):
        for instance in _instances(resource.inputs):
            key = price_of_instance(resource.type, instance)
            assert key is None or PRICES[key].usd > 0


def _instances(attributes: Mapping[str, Any]) -> list[str]:
    """The instance types that a resource names, wherever it does."""
    cluster = attributes.get("clusterConfig") or {}
    found = [attributes.get("nodeType"), cluster.get("instanceType"), cluster.get("dedicatedMasterType")]
    return [instance for instance in (*found, *(attributes.get("instanceTypes") or ())) if instance]


def test_the_plan_has_what_the_estimate_counts(plan: Plan, request: pytest.FixtureRequest) -> None:
    profile = request.node.callspec.params["plan"]
    shape = PROFILES[profile](DEMANDS[1])
    assert len(plan.of("aws:ec2/natGateway:NatGateway")) == shape.nat_gateways
    interfaces = [
        e for e in plan.of("aws:ec2/vpcEndpoint:VpcEndpoint") if e.attributes["vpcEndpointType"] == "Interface"
    ]
    assert len(interfaces) == shape.interface_endpoints
    assert len(plan.of("aws:elasticache/replicationGroup:ReplicationGroup")) == bool(shape.cache)
    walls = plan.of("aws:wafv2/webAcl:WebAcl")
    assert len(walls) == shape.firewall
    assert all(len(wall.inputs["rules"]) == FIREWALL_RULES for wall in walls)
    assert len(plan.of("aws:lb/loadBalancer:LoadBalancer")) == len(plan.of("aws:eks/cluster:Cluster")) == 1
    assert len(plan.of("aws:cloudwatch/metricAlarm:MetricAlarm")) <= Assumptions().alarms
    assert always(plan) == Counter(
        {shape.cluster.instance_type: shape.cluster.baseline} | {shape.cluster.system_type: shape.cluster.system}
    )
    for domain in plan.of("aws:opensearch/domain:Domain"):
        assert domain.attributes["clusterConfig"]["instanceType"] == shape.index.instance_type


def test_a_resource_that_nobody_priced_would_be_seen(production: Plan) -> None:
    kinds = {resource.type for resource in of_aws(production)}
    assert "aws:lambda/function:Function" in kinds
    assert "aws:rds/cluster:Cluster" not in set(priced_components()) | free_components()


def test_the_bill_has_no_component_that_the_profile_lacks(previewed: Callable[[str], Plan]) -> None:
    del previewed
    assert "cache" not in estimate("starter", DEMANDS[0]).usd_by_component
