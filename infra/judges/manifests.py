from typing import Any, Final

from infra.rehearsal.plan import Plan

_NO_OBJECTS: Final = ("kubernetes:helm", "kubernetes:yaml", "kubernetes:kustomize")
"""Types that stand for objects which others write."""


def manifests(plan: Plan) -> list[dict[str, Any]]:
    """Every Kubernetes object of the plan as the cluster's API takes it; unnamed ones get their logical name."""
    return [
        {**resource.inputs, "metadata": {"name": resource.name, **(resource.inputs.get("metadata") or {})}}
        for resource in plan.resources.values()
        if resource.type.startswith("kubernetes:") and not resource.type.startswith(_NO_OBJECTS)
    ]
