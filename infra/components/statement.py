from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi

Conditions = Mapping[str, Mapping[str, pulumi.Input[Any]]]


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement of an IAM policy. `principals` are given in resource policies only."""

    actions: tuple[str, ...]
    resources: tuple[pulumi.Input[str], ...]
    effect: Literal["Allow", "Deny"] = "Allow"
    principals: Mapping[str, pulumi.Input[str]] | Literal["*"] | None = None
    conditions: Conditions = field(default_factory=dict)


def document(*statements: Statement) -> pulumi.Output[str]:
    """The JSON of a policy with these statements."""
    policy = {"Version": "2012-10-17", "Statement": [_written(statement) for statement in statements]}
    return pulumi.Output.json_dumps(policy)


def only_over_tls(*resources: pulumi.Input[str], action: str) -> Statement:
    """Refuse whoever comes without TLS."""
    insecure: Conditions = {"Bool": {"aws:SecureTransport": "false"}}
    return Statement((action,), resources, "Deny", principals="*", conditions=insecure)


def _written(statement: Statement) -> dict[str, Any]:
    written: dict[str, Any] = {"Effect": statement.effect, "Action": list(statement.actions)}
    if statement.resources:  # a role's trust has none, and AWS refuses the word there
        written["Resource"] = list(statement.resources)
    if statement.principals is not None:
        written["Principal"] = statement.principals
    if statement.conditions:
        written["Condition"] = statement.conditions
    return written
