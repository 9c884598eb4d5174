from collections.abc import Mapping
from typing import Any

from infra.rehearsal.making.names import physical_name, tag_list
from infra.rehearsal.plan import Declared, Plan
from infra.rehearsal.stage import Create, Created


def creators(iam: Any) -> Mapping[str, Create]:
    """Of roles and their policies, whose documents moto checks."""
    makers = _Roles(iam)
    return {"aws:iam/role:Role": makers.role, "aws:iam/rolePolicy:RolePolicy": makers.policy}


class _Roles:
    def __init__(self, iam: Any) -> None:
        self._iam = iam

    def role(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name = physical_name(declared)
        trust = declared.inputs["assumeRolePolicy"]
        made = self._iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, Tags=tag_list(declared))["Role"]
        return Created(name, {"name": name, "arn": made["Arn"], "uniqueId": made["RoleId"]})

    def policy(self, declared: Declared, plan: Plan) -> Created:
        del plan
        name, role = physical_name(declared), declared.inputs["role"]
        self._iam.put_role_policy(RoleName=role, PolicyName=name, PolicyDocument=declared.inputs["policy"])
        return Created(f"{role}:{name}", {"name": name})
