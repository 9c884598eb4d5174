"""Both profiles, component by component; what `make plan` prints of them."""

import io
from collections.abc import Mapping
from typing import Final

import pytest
from rich.console import Console

from infra import plan as command
from infra.config import read_config
from infra.config.profiles import LEFT_OUT_OF_STARTER
from infra.inventory import Part, parts_of
from infra.rehearsal.plan import Plan
from tests.infra.conftest import PROFILES, stack_file

DESIGNED: Final = (
    *("Network", "PhotoStore", "WorkQueue", "CatalogueTables", "VectorIndex", "EmbeddingCache"),
    *("LambdaFunction", "SearchApi", "GpuCluster", "TritonService", "Website", "Observability"),
)
"""DESIGN.md, section 6, in its order."""


def kinds(plan: Plan) -> set[str]:
    return {part.kind for part in parts_of(plan)}


def sizes(plan: Plan) -> Mapping[str, str]:
    return {part.kind: part.sizes for part in parts_of(plan)}


def shown(parts: list[Part], profile: str) -> str:
    console = Console(width=160, record=True, file=io.StringIO())
    console.print(command.overview(read_config(stack_file(profile)), parts))
    return console.export_text()


def test_production_has_every_component_of_the_design(production: Plan) -> None:
    assert [kind for kind in DESIGNED if kind not in kinds(production)] == []


def test_starter_leaves_out_what_it_says_and_nothing_else(starter: Plan, production: Plan) -> None:
    left_out = kinds(production) - kinds(starter)
    assert left_out == {"EmbeddingCache", "Firewall"} == left_out & set(LEFT_OUT_OF_STARTER)
    assert kinds(starter) <= kinds(production)


def test_starter_is_small_where_it_says_so(starter: Plan) -> None:
    nodes = starter.of("aws:eks/nodeGroup:NodeGroup")
    assert [group.inputs["instanceTypes"] for group in nodes] == [["c7i.large"]]
    assert len(starter.of("aws:ec2/natGateway:NatGateway")) == 1
    assert sizes(starter)["VectorIndex"] == "1 x t3.medium.search of 20 GiB"
    endpoints = starter.of("aws:ec2/vpcEndpoint:VpcEndpoint")
    assert {endpoint.inputs["vpcEndpointType"] for endpoint in endpoints} == {"Gateway"}


def test_production_spans_three_zones_and_has_gpus(production: Plan) -> None:
    (domain,) = production.of("aws:opensearch/domain:Domain")
    assert domain.inputs["clusterConfig"]["zoneAwarenessConfig"] == {"availabilityZoneCount": 3}
    assert len(production.of("aws:ec2/natGateway:NatGateway")) == 3
    assert "2-4 x g6.xlarge" in sizes(production)["GpuCluster"]
    assert "spot" in sizes(production)["GpuCluster"]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_resource_is_part_of_one_component(profile: str, request: pytest.FixtureRequest) -> None:
    plan: Plan = request.getfixturevalue(profile)
    owned = sum(part.count for part in parts_of(plan))
    made = [r for r in plan.resources.values() if not r.type.startswith(("lookalike:", "pulumi:providers"))]
    alone = {"aws:iam/serviceLinkedRole:ServiceLinkedRole"}
    assert owned == len([resource for resource in made if resource.type not in alone])


@pytest.mark.parametrize("profile", PROFILES)
def test_the_table_shows_each_component_once(profile: str, request: pytest.FixtureRequest) -> None:
    parts = parts_of(request.getfixturevalue(profile))
    lines = shown(parts, profile).splitlines()
    for part in parts:
        assert len([line for line in lines if f" {part.kind} " in line and f" {part.name} " in line]) == 1


def test_the_command_prints_components_and_a_months_cost(starter: Plan, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--profile", "starter"], draw=lambda *_: parts_of(starter)) == 0
    printed = capsys.readouterr().out
    for word in ("VectorIndex", "1 x t3.medium.search", "left out", "EmbeddingCache", "total", "idle"):
        assert word in printed


def test_a_stack_without_a_file_gets_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--profile", "nowhere"]) == 1
    assert "Pulumi.nowhere.yaml" in capsys.readouterr().err
