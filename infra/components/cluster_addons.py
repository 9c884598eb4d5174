"""The parts of a cluster that AWS keeps: which, in which version, and what is set otherwise than by default."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pulumi_aws as aws

from infra.components.execution_role import ExecutionRole

VERSIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "1.36": {
        "vpc-cni": "v1.22.4-eksbuild.3",
        "kube-proxy": "v1.36.0-eksbuild.21",
        "coredns": "v1.14.3-eksbuild.16",
        "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    },
}
"""By the version of Kubernetes, what EKS itself chose for it. To upgrade, add a version with what
``aws eks describe-addon-versions --kubernetes-version`` lists for it; AWS says until when it supports which at
https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"""

BEFORE_NODES: Final = ("kube-proxy", "eks-pod-identity-agent")
"""What, with vpc-cni, runs on every node and has to be there for one to become ready."""

CNI_ACCOUNT: Final = "aws-node"
"""The service account of vpc-cni, which gives pods addresses of the network."""

_SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = {
    # Without it, Kubernetes takes network policies and nothing keeps them.
    # https://docs.aws.amazon.com/eks/latest/userguide/cni-network-policy-configure.html
    "vpc-cni": {"enableNetworkPolicy": "true"},
}


def check_version(kubernetes: str) -> None:
    """Raise `ValueError` for a version of Kubernetes whose add-ons nobody has chosen."""
    if kubernetes not in VERSIONS:
        known = ", ".join(VERSIONS)
        raise ValueError(f"the cluster's add-ons are chosen for Kubernetes {known}, not for {kubernetes}")


def install(
    name: str,
    addon: str,
    *,
    cluster: aws.eks.Cluster,
    kubernetes: str,
    identity: tuple[str, ExecutionRole] | None = None,
    opts: pulumi.ResourceOptions,
) -> aws.eks.Addon:
    """Put `addon` into the cluster. `identity` is a service account of its, and the role that its pods run under."""
    settings = _SETTINGS.get(addon)
    roles: list[aws.eks.AddonPodIdentityAssociationArgsDict] = []
    if identity is not None:
        roles.append({"service_account": identity[0], "role_arn": identity[1].arn})
    return aws.eks.Addon(
        name,
        cluster_name=cluster.name,
        addon_name=addon,
        addon_version=VERSIONS[kubernetes][addon],
        configuration_values=json.dumps(settings) if settings else None,
        pod_identity_associations=roles or None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        opts=opts,
    )
