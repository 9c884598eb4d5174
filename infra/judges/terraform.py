"""A plan of ours as ``terraform show -json`` writes one, for those who read that.

https://developer.hashicorp.com/terraform/internals/json-format
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import pulumi

from infra.judges.names import MAPS, block_name, snake_case, terraform_name, terraform_type
from infra.rehearsal.plan import Plan, Resource

_PROVIDER: Final = "registry.terraform.io/hashicorp/aws"


def terraform_plan(plan: Plan) -> dict[str, Any]:
    """The plan's resources of AWS, each to be created.

    An input that is another resource's attribute is unknown, with a reference, as in Terraform's plan of a stack that
    does not exist yet: by references Checkov sees which resource belongs to which.
    """
    resources = [r for r in plan.resources.values() if r.type.startswith("aws:")]
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.0",
        "planned_values": {"root_module": {"resources": [_planned(resource) for resource in resources]}},
        "resource_changes": [_change(resource) for resource in resources],
        "configuration": {"root_module": {"resources": [_configured(resource, plan) for resource in resources]}},
    }


def address(resource: Resource) -> str:
    """``aws_s3_bucket.photos``."""
    return f"{terraform_type(resource.type)}.{terraform_name(resource.name)}"


def _head(resource: Resource) -> dict[str, Any]:
    kind, name = address(resource).split(".", 1)
    return {"address": address(resource), "mode": "managed", "type": kind, "name": name}


def _planned(resource: Resource) -> dict[str, Any]:
    return {**_head(resource), "provider_name": _PROVIDER, "schema_version": 0, "values": _values(resource)}


def _change(resource: Resource) -> dict[str, Any]:
    after = _values(resource)
    return {**_head(resource), "change": {"actions": ["create"], "before": None, "after": after, "after_unknown": {}}}


def _configured(resource: Resource, plan: Plan) -> dict[str, Any]:
    expressions = {attribute: {"references": found} for attribute, found in _references(resource, plan)}
    return {**_head(resource), "provider_config_key": "aws", "expressions": expressions, "schema_version": 0}


def _values(resource: Resource) -> dict[str, Any]:
    referring = {name for name in resource.declared.uses if _is_reference(resource, name)}
    known = {name: value for name, value in resource.inputs.items() if name not in referring}
    return _attributes(known)


def _is_reference(resource: Resource, name: str) -> bool:
    value = resource.inputs.get(name)
    # A document that names resources is more than a reference to them.
    return isinstance(value, str) and not value.startswith("{")


def _references(resource: Resource, plan: Plan) -> Iterator[tuple[str, list[str]]]:
    for name, urns in resource.declared.uses.items():
        value = resource.inputs.get(name)
        attribute = block_name(snake_case(name)) if _is_block_list(value) else snake_case(name)
        used = [address(plan.resources[urn]) for urn in sorted(urns) if plan.resources[urn].type.startswith("aws:")]
        output = "arn" if attribute.endswith("arn") else "id"
        if used:
            yield attribute, [reference for one in used for reference in (f"{one}.{output}", one)]


def _attributes(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_attribute(name, value) for name, value in inputs.items())


def _attribute(name: str, value: Any) -> tuple[str, Any]:
    attribute = snake_case(name)
    if isinstance(value, Mapping):
        return attribute, dict(value) if name in MAPS else [_attributes(value)]
    if _is_block_list(value):
        return block_name(attribute), [_attributes(one) for one in value]
    if isinstance(value, pulumi.Archive):
        return "filename", getattr(value, "path", "package.zip")
    return attribute, getattr(value, "path", "asset") if isinstance(value, pulumi.Asset) else value


def _is_block_list(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(one, Mapping) for one in value)
