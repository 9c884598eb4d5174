"""What Triton's own tests ask of a plan."""

import json
from typing import Any, Final

from infra.rehearsal.plan import Plan

DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
GRANT: Final = "aws:iam/rolePolicy:RolePolicy"
SCALED: Final = "kubernetes:keda.sh/v1alpha1:ScaledObject"


def pod(plan: Plan) -> Any:
    return plan.one(DEPLOYMENT, "triton").inputs["spec"]["template"]["spec"]


def server(plan: Plan) -> Any:
    (container,) = pod(plan)["containers"]
    return container


def granted(plan: Plan, role: str) -> list[dict[str, Any]]:
    name = plan.one("aws:iam/role:Role", role).attributes["name"]
    documents = [json.loads(g.inputs["policy"]) for g in plan.of(GRANT) if g.inputs["role"] == name]
    return [statement for document in documents for statement in document["Statement"]]


def scaled(plan: Plan) -> Any:
    (found,) = plan.of(SCALED)
    return found.inputs["spec"]
