"""What a plan is made of, by region and component."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.rehearsal.plan import Plan, Resource

_COMPONENTS: Final = "lookalike:components:"
_REGION: Final = "lookalike:regions:Region"
_PARTS_OF_OTHERS: Final = frozenset({"ExecutionRole", "FlowLog", "IndexLogs", "Rollout", "Certificate"})
"""Components that only others are made of."""

Inputs = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One component: where it is (``everywhere`` for what there is once), and how large what costs money in it is."""

    region: str
    kind: str
    name: str
    count: int
    sizes: str


def parts_of(plan: Plan) -> list[Part]:
    """Every component that is not a part of another one; at first what there is once, then region by region."""
    found = {urn: r for urn, r in plan.resources.items() if r.type.startswith(_COMPONENTS) and not _inner(plan, r)}
    members: dict[str, list[Resource]] = {urn: [] for urn in found}
    for resource in plan.resources.values():
        owner = next((urn for urn in _lineage(plan, resource) if urn in found), None)
        if owner is not None and resource.type.count("/"):
            members[owner].append(resource)
    parts = [_part(plan, component, members[urn]) for urn, component in found.items()]
    return sorted(parts, key=lambda part: (part.region != "once", part.region, part.kind, part.name))


def _part(plan: Plan, component: Resource, members: list[Resource]) -> Part:
    region = next((plan.resources[u].name for u in _lineage(plan, component) if plan.resources[u].type == _REGION), "")
    sizes = Counter(size for member in members if (size := _size(member)))
    return Part(
        region=region or "once",
        kind=component.type.removeprefix(_COMPONENTS),
        name=component.name,
        count=len(members),
        sizes=", ".join(f"{number} x {size}" if number > 1 else size for size, number in sizes.items()),
    )


def _inner(plan: Plan, component: Resource) -> bool:
    if component.type.removeprefix(_COMPONENTS) in _PARTS_OF_OTHERS:
        return True
    above = [plan.resources[urn] for urn in _lineage(plan, component) if urn != component.declared.urn]
    return any(resource.type.startswith(_COMPONENTS) for resource in above)


def _lineage(plan: Plan, resource: Resource) -> Iterator[str]:
    """The URNs of a resource and of those above it, from the inside out."""
    urn = resource.declared.urn
    while urn in plan.resources:
        yield urn
        urn = plan.resources[urn].declared.parent


def _size(resource: Resource) -> str:
    say = _SIZES.get(resource.type)
    return say(resource.inputs) if say else ""


def _domain(said: Inputs) -> str:
    nodes, disk = said["clusterConfig"], said["ebsOptions"]["volumeSize"]
    managers = nodes.get("dedicatedMasterCount", 0)
    data = f"{nodes['instanceCount']} x {nodes['instanceType']} of {disk} GiB"
    return f"{data}, {managers} x {nodes['dedicatedMasterType']}" if managers else data


def _nodes(said: Inputs) -> str:
    scaling = said["scalingConfig"]
    spot = " spot" if said.get("capacityType") == "SPOT" else ""
    return f"{scaling['minSize']}-{scaling['maxSize']} x {said['instanceTypes'][0]}{spot}"


def _cache(said: Inputs) -> str:
    return f"{said['numCacheClusters']} x {said['nodeType']}"


def _endpoint(said: Inputs) -> str:
    return "interface endpoint" if said["vpcEndpointType"] == "Interface" else ""


_SIZES: Final[Mapping[str, Callable[[Inputs], str]]] = {
    "aws:opensearch/domain:Domain": _domain,
    "aws:eks/nodeGroup:NodeGroup": _nodes,
    "aws:elasticache/replicationGroup:ReplicationGroup": lambda said: (
        f"{said['numCacheClusters']} x {said['nodeType']}"
    ),
    "aws:lambda/function:Function": lambda said: f"{said['memorySize']} MiB",
    "aws:ec2/natGateway:NatGateway": lambda _: "NAT gateway",
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:dynamodb/table:Table": lambda _: "table by request",
    "aws:budgets/budget:Budget": lambda said: f"{said['limitAmount']} USD a month",
}
"""What is said of the size of a resource that costs money."""
