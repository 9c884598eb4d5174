"""Who may do what: nothing by wildcard, nobody unnamed, services for this account only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from infra.policy.documents import Statement, documents, statements, unreadable
from infra.policy.rule import AnyRule, Rule
from infra.policy.subject import Inputs, listed, look

KEY: Final = ("aws:kms/key:Key", "aws:kms/replicaKey:ReplicaKey")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wildcard:
    """Actions for which AWS knows nothing narrower than ``*``, in policies of these types, and the `reason`."""

    actions: frozenset[str]
    within: tuple[str, ...] = ("aws:iam/rolePolicy:RolePolicy", "aws:iam/policy:Policy")
    reason: str


EXCEPTIONS: Final[tuple[Wildcard, ...]] = (
    Wildcard(
        actions=frozenset({"kms:*"}),
        within=KEY,
        reason="a key's own policy: * is that key, and the account must be able to change the policy again",
    ),
    Wildcard(
        actions=frozenset(
            {
                "kms:Decrypt",
                "kms:Encrypt",
                "kms:GenerateDataKey",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            }
        ),
        within=KEY,
        reason="a key's own policy: * is that key",
    ),
    Wildcard(
        actions=frozenset({"xray:PutTelemetryRecords", "xray:PutTraceSegments"}),
        reason="X-Ray knows no resource for what is written",
    ),
    Wildcard(
        actions=frozenset({"ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets"}),
        reason="EC2 describes all or none",
    ),
    Wildcard(
        actions=frozenset(
            {
                "ec2:AssignPrivateIpAddresses",
                "ec2:CreateNetworkInterface",
                "ec2:DeleteNetworkInterface",
                "ec2:UnassignPrivateIpAddresses",
            }
        ),
        reason="Lambda tries a role against every resource of the account's network before it puts a function there",
    ),
    Wildcard(
        actions=frozenset(
            {
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            }
        ),
        reason="Auto Scaling and EC2 describe all or none; the cluster autoscaler changes its own groups only",
    ),
    Wildcard(
        actions=frozenset({"logs:DescribeLogGroups"}),
        reason="CloudWatch lists all groups or none",
    ),
)
"""https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
says of every action which resources it can be held to."""

_EKS: Final = "EKS refuses to make a cluster or a node group whose role lacks it"
MANAGED: Final[Mapping[str, str]] = {
    "AmazonEKSClusterPolicy": _EKS,
    "AmazonEKSWorkerNodePolicy": _EKS,
    "AmazonEKS_CNI_Policy": "what gives pods addresses is AWS's program, and asks for what AWS says; no node may",
    "AmazonEC2ContainerRegistryPullOnly": "nodes fetch EKS' own images from accounts of AWS that change by region",
}
"""AWS's own policies that roles carry, by the name at their ARN's end, and why no narrower one does."""


def excuse(kind: str, statement: Statement) -> Wildcard | None:
    """The exception that covers every action of a statement in a policy of this type."""
    actions = set(listed(statement.get("Action")))
    return next((e for e in EXCEPTIONS if kind in e.within and actions <= e.actions), None)


def has_wildcard(statement: Statement) -> bool:
    """Whether an action is a pattern, or a resource is everything."""
    actions, resources = listed(statement.get("Action")), listed(statement.get("Resource"))
    return any("*" in action or "?" in action for action in actions) or any(map(_is_everything, resources))


def _is_everything(resource: Any) -> bool:
    # arn:partition:service:region:account:resource. What a resource's own name begins with has to be said.
    written = str(resource)
    return written == "*" or (written.startswith("arn:") and written.split(":", 5)[-1].startswith(("*", "?")))


def _wildcards(kind: str, inputs: Inputs) -> Iterator[str]:
    for statement in statements(inputs, "Allow"):
        if has_wildcard(statement) and excuse(kind, statement) is None:
            yield f"allows {statement.get('Action')} on {statement.get('Resource')}"
        for odd in ("NotAction", "NotResource", "NotPrincipal"):
            if odd in statement:
                yield f"allows by {odd}, which is everything but"


def _principals(kind: str, inputs: Inputs) -> Iterator[str]:
    del kind
    for statement in statements(inputs, "Allow"):
        principal = statement.get("Principal")
        if principal == "*" or "*" in listed(look(principal, "AWS")):
            yield "lets everybody in"


_HELD_TO: Final = ("aws:SourceAccount", "aws:SourceArn", "aws:SourceOrgID", "kms:EncryptionContext", "kms:ViaService")


def _deputies(kind: str, inputs: Inputs) -> Iterator[str]:
    # A service that acts for anybody's account would act for a stranger's as well.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/confused-deputy.html
    if kind == "aws:iam/role:Role":
        return
    for statement in statements(inputs, "Allow"):
        keys = [key for tests in (statement.get("Condition") or {}).values() for key in tests]
        if look(statement, "Principal.Service") and not any(key.startswith(_HELD_TO) for key in keys):
            yield f"{statement['Principal']['Service']} may come for any customer of AWS"


def _managed(kind: str, inputs: Inputs) -> Iterator[str]:
    if kind == "aws:iam/rolePolicyAttachment:RolePolicyAttachment":
        arn = str(inputs.get("policyArn"))
        if arn.startswith("arn:aws:iam::aws:policy/") and arn.rsplit("/", 1)[1] not in MANAGED:
            yield f"carries AWS's {arn.rsplit('/', 1)[1]}, which nobody has given a reason for"
    elif kind == "aws:iam/role:Role" and inputs.get("managedPolicyArns"):
        yield "carries policies that no attachment shows"


def _readable(kind: str, inputs: Inputs) -> Iterator[str]:
    del kind
    yield from (f"its {name} is no JSON" for name in unreadable(inputs))
    if any(document.get("Version") != "2012-10-17" for document in documents(inputs)):
        yield "its policy is in the old language, whose conditions mean less"


RULES: Final[tuple[AnyRule, ...]] = (
    Rule(name="policies-are-readable", says="Policies are JSON in IAM's current language.", check=_readable),
    Rule(name="no-wildcards", says="Policies name actions and resources.", check=_wildcards),
    Rule(name="nobody-unnamed", says="Policies name whom they let in.", check=_principals),
    Rule(name="services-for-this-account", says="Services come in for this account only.", check=_deputies),
    Rule(name="managed-policies-have-a-reason", says="AWS's own policies are carried for a reason.", check=_managed),
)
