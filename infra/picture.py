"""What refers to what, drawn: ``python -m infra.picture`` writes docs/infrastructure.md anew."""

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from infra.plan import ROOT, stack_file
from infra.rehearsal.plan import Plan, Resource

PAGE: Final = ROOT / "docs" / "infrastructure.md"
PROFILES: Final = ("starter", "production")
_COMPONENTS: Final = "lookalike:components:"
_REGION: Final = "lookalike:regions:Region"
_ROOMS: Final = (_REGION, "lookalike:regions:Cloud")
_QUIET: Final = frozenset({"AlarmTopic", "DataKey", "Network", "Observability"})
"""What nearly everything refers to, or that refers to everything: their arrows would hide the others."""
_HEAD: Final = """# What is made, and what refers to what

`pulumi up` makes these components; each is a file in `infra/components`. An arrow goes from what is told something of
another (an address, a name, who may come in) to that other, so that parts of it are made later. Four have
no arrows, as nearly everything has to do with them: the key that all is encrypted with, the network that all is in,
where alarms are told, and what watches.

This page is written by `python -m infra.picture` from the program itself; a test fails when it is not what the program
says.
"""


def page(plans: Mapping[str, Plan]) -> str:
    """The whole page, a picture for each profile."""
    return _HEAD + "".join(f"\n## {profile.capitalize()}\n\n{picture(plan)}" for profile, plan in plans.items())


def picture(plan: Plan) -> str:
    """A plan's components and what refers to what, as a Mermaid diagram (https://mermaid.js.org/syntax/flowchart.html).

    The same plan gives the same text, whatever the order in which its resources were made.
    """
    found = {urn: resource for urn, resource in plan.resources.items() if _is_drawn(plan, resource)}
    lines = ["```mermaid", "flowchart LR", *_rooms(plan, found), *sorted(_arrows(plan, found)), "```", ""]
    return "\n".join(lines)


def _is_drawn(plan: Plan, resource: Resource) -> bool:
    above = plan.resources.get(resource.declared.parent)
    return resource.type.startswith(_COMPONENTS) and _is_room(above)


def _is_room(resource: Resource | None) -> bool:
    return resource is None or resource.type in _ROOMS


def _rooms(plan: Plan, found: Mapping[str, Resource]) -> Iterator[str]:
    rooms = {urn: _room(plan, resource) for urn, resource in found.items()}
    for room in sorted(set(rooms.values())):
        yield f'    subgraph {room}["{room}"]'
        inside = (resource for urn, resource in found.items() if rooms[urn] == room)
        yield from sorted(f'        {_node(one)}["{_kind(one)}<br/>{one.name}"]' for one in inside)
        yield "    end"


def _room(plan: Plan, resource: Resource) -> str:
    above = plan.resources.get(resource.declared.parent)
    return above.name if above is not None and above.type == _REGION else "once"


def _arrows(plan: Plan, found: Mapping[str, Resource]) -> set[str]:
    owners = {urn: owner for urn in plan.resources if (owner := _owner(plan, urn, found)) is not None}
    pairs = {
        (owner, owners[used])
        for urn, owner in owners.items()
        for urns in plan.resources[urn].declared.uses.values()
        for used in urns
        if used in owners and owners[used] != owner
    }
    spoken = [pair for pair in pairs if not any(_kind(found[urn]) in _QUIET for urn in pair)]
    return {f"    {_node(found[one])} --> {_node(found[other])}" for one, other in spoken}


def _owner(plan: Plan, urn: str, found: Mapping[str, Resource]) -> str | None:
    while urn in plan.resources and urn not in found:
        urn = plan.resources[urn].declared.parent
    return urn if urn in found else None


def _node(resource: Resource) -> str:
    return f"{_kind(resource)}_{resource.name}".replace("-", "_")


def _kind(resource: Resource) -> str:
    return resource.type.removeprefix(_COMPONENTS)


def sketched() -> dict[str, Plan]:
    """Both profiles as they are shipped."""
    with warnings.catch_warnings():
        # pulumi_aws, on being imported, tells of the resources that it keeps under their old names.
        warnings.simplefilter("ignore", DeprecationWarning)
        from infra.rehearsal.sketch import sketch  # noqa: PLC0415 - Pulumi takes seconds to load

        return {profile: sketch(stack_file(profile), stack=profile) for profile in PROFILES}


def write(path: Path = PAGE) -> None:
    """Write the page."""
    path.write_text(page(sketched()))


if __name__ == "__main__":
    write()
