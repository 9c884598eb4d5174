from typing import Final

import pulumi
import pulumi_aws as aws

from infra.components.statement import Statement, document

BY_LAMBDA: Final = Statement(("sts:AssumeRole",), (), principals={"Service": "lambda.amazonaws.com"})


class ExecutionRole(pulumi.ComponentResource):
    """The role that one function, or one kind of pod, runs under. It may do nothing until somebody grants it something.

    `assumed_by` says who runs under it.
    """

    name: pulumi.Output[str]
    arn: pulumi.Output[str]
    grants: list[pulumi.Resource]
    """What has to be there before somebody runs under it."""

    def __init__(
        self, name: str, opts: pulumi.ResourceOptions | None = None, *, assumed_by: Statement = BY_LAMBDA
    ) -> None:
        super().__init__("lookalike:components:ExecutionRole", name, None, opts)
        self._logical_name = name
        self._role = aws.iam.Role(
            name, assume_role_policy=document(assumed_by), opts=pulumi.ResourceOptions(parent=self)
        )
        self.name, self.arn = self._role.name, self._role.arn
        self.grants = []
        self.register_outputs({"name": self.name, "arn": self.arn})

    def grant(self, what: str, *statements: Statement) -> aws.iam.RolePolicy:
        """Allow these; `what` names the grant, e.g. ``reads-photos``."""
        grant = aws.iam.RolePolicy(
            f"{self._logical_name}-{what}",
            role=self._role.name,
            policy=document(*statements),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.grants.append(grant)
        return grant
